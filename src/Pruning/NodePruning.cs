namespace Emergence.Pruning;

/// <summary>Chooses the output units of smallest norm.</summary>
internal static class NodePruning
{
    /// <summary>
    /// The units to remove, exactly as many as asked for unless a layer would lose its last one: each layer keeps its
    /// strongest. Ties go by position.
    /// </summary>
    /// <param name="layers">The units of each layer to prune, in topological order of the layers.</param>
    /// <param name="norms">The norm of each unit, in the same order.</param>
    /// <param name="options">How many, and whether in each layer or in all together.</param>
    public static HashSet<int> Choose(IReadOnlyList<int[]> layers, IReadOnlyList<double[]> norms, PruneOptions options)
    {
        var removed = new HashSet<int>();
        var all = Enumerable.Range(0, layers.Count).ToArray();
        foreach (var group in options.Scope == PruneScope.Global ? [all] : all.Select(layer => new[] { layer }))
        {
            var ranked = group.Select(layer => WithoutStrongest(norms[layer])).ToArray();
            var count = group.Sum(layer => layers[layer].Length);
            var wanted = WeightPruning.Wanted(count, group.Sum(layer => norms[layer].Count(norm => norm == 0)), options);
            var smallest = Smallest.Of(ranked, Math.Min(wanted, count - group.Length));
            var ties = smallest.Ties;
            foreach (var (layer, values) in group.Zip(ranked))
            {
                for (var unit = 0; unit < values.Length; unit++)
                {
                    if (values[unit] < smallest.Limit || (values[unit] == smallest.Limit && ties-- > 0))
                        removed.Add(layers[layer][unit]);
                }
            }
        }
        return removed;
    }

    /// <summary>The norm of each unit of a layer, over all weights that make it.</summary>
    public static double[] Norms(int[] units, IEnumerable<ChannelUse> uses, Func<string, WeightTensor> tensors, UnitNorm norm)
    {
        var index = units.Index().ToDictionary(unit => unit.Item, unit => unit.Index);
        var sums = new double[units.Length];
        foreach (var use in uses)
        {
            var magnitudes = tensors(use.Path.Stored).Magnitudes;
            foreach (var (element, at) in use.Elements())
            {
                var magnitude = magnitudes[use.Path.At(element)];
                sums[index[use.Signals[at]]] += norm == UnitNorm.L1 ? magnitude : magnitude * magnitude;
            }
        }
        return norm == UnitNorm.L1 ? sums : [.. sums.Select(Math.Sqrt)];
    }

    private static double[] WithoutStrongest(double[] norms)
    {
        // Infinite ones rank below the one that stays.
        double[] ranked = [.. norms.Select(norm => Math.Min(norm, double.MaxValue))];
        if (ranked.Length > 0)
            ranked[Array.LastIndexOf(ranked, ranked.Max())] = double.PositiveInfinity;
        return ranked;
    }
}
