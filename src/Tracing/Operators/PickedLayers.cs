using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>What a tensor carries of each layer where known elements of another are picked, however that is spelled.</summary>
internal static class PickedLayers
{
    /// <summary>What is carried where indices are picked along one axis: of a concatenation, layers of which none is picked are
    /// gone, and those of which all channels are, each once, are as whole as before.</summary>
    /// <param name="carries">What the input carries.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="index">Its index.</param>
    /// <param name="picked">For each index along the axis of the output, that of the input; -1 where it is another value.</param>
    public static ImmutableArray<Carry> Along(ImmutableArray<Carry> carries, Axis axis, int index, int[] picked) =>
        [.. carries.Select(carry => Keep(carry, axis, index, picked)).OfType<Carry>()];

    /// <summary>What is carried of those of which an element is among the sources.</summary>
    /// <param name="carries">What the input carries.</param>
    /// <param name="shape">Shape of the input.</param>
    /// <param name="sources">Where each element of the output comes from.</param>
    public static ImmutableArray<Carry> Among(ImmutableArray<Carry> carries, int[] shape, ElementMap sources)
    {
        return [.. carries.Where(carry => carry.Range is not { } range || IsPicked(range))];

        bool IsPicked(AxisRange range)
        {
            var stride = Shapes.Count(shape.AsSpan(range.Axis + 1));
            for (var element = 0; element < sources.From; element++)
            {
                foreach (var source in sources[element])
                {
                    if (source / stride % shape[range.Axis] is var at && at >= range.Start && at < range.End)
                        return true;
                }
            }
            return false;
        }
    }

    /// <summary>What computed indices pick along axes that count samples: the layers as they were, and those that the indices
    /// carry, mixed.</summary>
    /// <param name="node">The node.</param>
    /// <param name="data">What is picked from.</param>
    /// <param name="indices">Which samples.</param>
    /// <param name="result">Shape and type of the output.</param>
    /// <param name="range">As for <see cref="Trace.Pass"/>.</param>
    public static TracedTensor BySamples(NodeContext node, TracedTensor data, TracedTensor indices, TracedTensor result,
        Func<AxisRange, AxisRange?> range)
    {
        var output = node.Trace.Pass(data, result with { Name = node.OutputName(0) }, range);
        var deciding = Trace.Mix([indices]);
        return output with
        {
            Carries = [.. output.Carries.Where(carry => deciding.All(other => other.Layer != carry.Layer)), .. deciding],
        };
    }

    private static Carry? Keep(Carry carry, Axis axis, int index, int[] picked)
    {
        if (carry.Range is not { } range || range.Axis != index)
            return !axis.Has(AxisRole.Channel) || IsPermutation(picked, 0, axis.Size) ? carry : carry with { IsWhole = false };
        bool IsOurs(int at) => at >= range.Start && at < range.End;
        var first = Array.FindIndex(picked, IsOurs);
        if (first < 0)
            return null;
        var end = Array.FindLastIndex(picked, IsOurs) + 1;
        return Array.TrueForAll(picked[first..end], IsOurs)
            ? carry with
            {
                IsWhole = carry.IsWhole && IsPermutation(picked.AsSpan(first..end), range.Start, range.End),
                Range = first == 0 && end == picked.Length ? null : new AxisRange(index, first, end),
            }
            // Channels of others stand between.
            : carry with { IsWhole = false, Range = null };
    }

    private static bool IsPermutation(ReadOnlySpan<int> picked, int start, int end)
    {
        if (picked.Length != end - start)
            return false;
        var seen = new bool[picked.Length];
        foreach (var at in picked)
        {
            if (at < start || at >= end || seen[at - start])
                return false;
            seen[at - start] = true;
        }
        return true;
    }
}
