using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Inference;

/// <summary>Which layers hand their activations out of the runtime whole, so that they all fit beside each other.</summary>
internal static class ActivationBudget
{
    // Small beside the runtime itself; in the graph, an activation is freed before the next is made.
    private const long Bytes = 16 << 20;

    /// <summary>Indices of the first layers whose activations in one run take no more than the budget.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="plan">How many samples a run has.</param>
    public static ImmutableHashSet<int> LayersWithin(ImmutableArray<TracedLayer> layers, BatchPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var samples = plan.FixedBatch ?? plan.Segments.Max(segment => Math.Min(segment.RunSize, segment.End - segment.Start));
        var left = (Int128)Bytes;
        var within = ImmutableHashSet.CreateBuilder<int>();
        foreach (var layer in layers)
        {
            var taken = layer.Reading.Axes.Where(axis => axis.Role != AxisRole.Batch)
                .Aggregate((Int128)sizeof(float) * samples, (bytes, axis) => bytes * axis.Size);
            if (taken > left)
                continue;
            left -= taken;
            within.Add(layer.Index);
        }
        return within.ToImmutable();
    }
}
