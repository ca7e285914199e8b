using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Weights;

/// <summary>A stored tensor that a loss is a function of.</summary>
/// <param name="Name">Its name in the prepared model.</param>
/// <param name="Layer">The first layer that reads it; empty for a statistic.</param>
/// <param name="Role">Its part in the layer; null for a tensor that is no parameter, such as a running mean.</param>
/// <param name="Dims">Its dimensions.</param>
/// <param name="Values">Its values in the checkpoint.</param>
public sealed record MovedTensor(
    string Name, string Layer, ParameterRole? Role, ImmutableArray<int> Dims, ReadOnlyMemory<double> Values)
{
    /// <summary>
    /// The axes that tell the filters of a weight apart: all weights that make one output node or channel are one filter.
    /// Empty: the tensor is one filter.
    /// </summary>
    public ImmutableArray<int> FilterAxes { get; init; } = [];

    /// <summary>The number of filters.</summary>
    public int Filters => FilterAxes.Aggregate(1, (count, axis) => count * Dims[axis]);

    /// <summary>The filter of each element, by flat index.</summary>
    public int FilterOf(int element)
    {
        var filter = 0;
        foreach (var axis in FilterAxes)
        {
            var inner = 1;
            for (var i = axis + 1; i < Dims.Length; i++)
                inner *= Dims[i];
            filter = filter * Dims[axis] + element / inner % Dims[axis];
        }
        return filter;
    }
}
