using System.Collections.Immutable;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>Checkpoints of a series that follow each other and have one structure.</summary>
/// <param name="First">Index of the first.</param>
/// <param name="Length">How many.</param>
public readonly record struct Segment(int First, int Length)
{
    /// <summary>The segments of a series, in order.</summary>
    public static ImmutableArray<Segment> Of(ImmutableArray<CheckpointResult> checkpoints)
    {
        var segments = ImmutableArray.CreateBuilder<Segment>();
        for (int first = 0, i = 1; i <= checkpoints.Length; i++)
        {
            if (i < checkpoints.Length && HaveOneStructure(checkpoints[i - 1], checkpoints[i]))
                continue;
            segments.Add(new Segment(first, i - first));
            first = i;
        }
        return segments.ToImmutable();
    }

    /// <summary>Whether two checkpoints have the same layers and edges.</summary>
    public static bool HaveOneStructure(CheckpointResult one, CheckpointResult other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        return one.Edges.SequenceEqual(other.Edges) &&
            one.Measurements[0].Layers.Select(Shape).SequenceEqual(other.Measurements[0].Layers.Select(Shape));
    }

    private static (string, string, int, int) Shape(LayerResult layer) => (layer.Name, layer.Op, layer.Nodes, layer.Multiplicity);
}
