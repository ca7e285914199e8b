namespace Emergence.Pruning;

/// <summary>Ranks the output units of a layer by their incoming weights.</summary>
internal static class NodeNorms
{
    /// <summary>The norm of each unit of a layer, over all weights that make it.</summary>
    public static double[] Of(int[] units, IEnumerable<ChannelUse> uses, Func<string, WeightTensor> tensors, UnitNorm norm)
    {
        var index = units.Index().ToDictionary(unit => unit.Item, unit => unit.Index);
        var sums = new double[units.Length];
        foreach (var use in uses)
        {
            var magnitudes = tensors(use.Path.Stored).Magnitudes();
            foreach (var (element, at) in use.Elements())
            {
                var magnitude = magnitudes[use.Path.At(element)];
                sums[index[use.Signals[at]]] += norm == UnitNorm.L1 ? magnitude : magnitude * magnitude;
            }
        }
        return norm == UnitNorm.L1 ? sums : [.. sums.Select(Math.Sqrt)];
    }
}
