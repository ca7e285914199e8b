using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Pruning;

/// <summary>Sets the weights of smallest magnitude to zero, exactly as many as asked for.</summary>
internal static class WeightPruning
{
    /// <summary>Prunes in place; returns how many of the candidates are zero now, and of how many.</summary>
    public static (long Pruned, long Candidates) Prune(ImmutableArray<(TracedLayer Layer, WeightTensor Tensor)> tensors,
        PruneOptions options)
    {
        var groups = options.Scope == PruneScope.Global
            ? [[.. tensors.Select(entry => entry.Tensor)]]
            : tensors.GroupBy(entry => entry.Layer.Index, entry => entry.Tensor).Select(group => group.ToArray());
        foreach (var group in groups)
            Prune(group, Wanted(group.Sum(tensor => tensor.Count), group.Sum(tensor => tensor.Zeros), options));
        return (tensors.Sum(entry => entry.Tensor.Zeros), tensors.Sum(entry => entry.Tensor.Count));
    }

    /// <summary>How many of <paramref name="count"/> candidates, <paramref name="zeros"/> of which are zero
    /// already, are to be zero.</summary>
    public static long Wanted(long count, long zeros, PruneOptions options) => options.Of == PruneShare.Total
        ? Rounded(options.Amount, count)
        : zeros + Rounded(options.Amount, count - zeros);

    // In decimal: 0.3 of 1,000 is 300 and not 299.99….
    private static long Rounded(double amount, long count) => (long)Math.Round((decimal)amount * count, MidpointRounding.ToEven);

    private static void Prune(WeightTensor[] tensors, long wanted)
    {
        var smallest = Smallest.Of(visit => Array.ForEach(tensors, tensor => tensor.VisitMagnitudes(visit)), wanted);
        var ties = smallest.Ties;
        foreach (var tensor in tensors)
        {
            var element = 0L;
            tensor.VisitMagnitudes(magnitudes =>
            {
                foreach (var magnitude in magnitudes)
                {
                    if (magnitude < smallest.Limit || (magnitude == smallest.Limit && ties-- > 0))
                        tensor.Clear(element);
                    element++;
                }
            });
        }
    }
}
