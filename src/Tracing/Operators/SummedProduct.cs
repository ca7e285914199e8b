using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// A matrix product spelled as an elementwise product and a sum: rows that stand on an axis of their own are multiplied by a
/// stored weight, which spreads them over its columns, and summed over the axis that both have.
/// </summary>
internal static class SummedProduct
{
    /// <summary>The result of an elementwise product with such a weight, of which the sum behind opens a layer; null for any
    /// other.</summary>
    /// <param name="node">The elementwise product.</param>
    /// <param name="data">What is computed.</param>
    /// <param name="weight">What is stored.</param>
    /// <param name="output">The result as of any product.</param>
    public static TracedTensor? Of(NodeContext node, TracedTensor data, TracedTensor weight, TracedTensor output)
    {
        if (node.Op != "Mul" || !data.IsFloat || !data.HasShape || !weight.HasShape
            || node.Trace.SumOf(node.Node) is not { } sum || AxesOf(node.Trace, sum) is not { Length: > 0 } axes)
            return null;
        var (_, isSummed) = Shapes.Reduce(output.Shape, axes, keepDims: true);
        int[] rows = Padded(data.Shape, output.Rank), columns = Padded(weight.Shape, output.Rank);
        var at = Enumerable.Range(0, output.Rank).ToLookup(axis => isSummed[axis]);
        bool IsSpread(int axis) => columns[axis] > 1 && rows[axis] == 1;
        if (!at[true].All(axis => rows[axis] == columns[axis] && rows[axis] > 1)
            || !at[false].All(axis => columns[axis] == 1 || IsSpread(axis)) || !at[false].Any(IsSpread))
            return null;
        foreach (var axis in at[true])
            data.Axes[axis - output.Rank + data.Rank].Contract();
        node.Trace.SummedWeights[sum.Output[0]] = weight.Name;
        return output with
        {
            Axes = [.. output.Axes.Select((axis, i) => axis.As(IsSpread(i) ? AxisRole.Channel : AxisRole.Sample))],
            Carries = Trace.Mix([data]),
        };
    }

    private static int[]? AxesOf(Trace trace, Onnx.NodeProto sum) => sum.Input.ElementAtOrDefault(1) is { Length: > 0 } axes
        ? trace.Constants.Evaluate(axes)?.Values.Select(ConstantValues.ToInt).ToArray()
        : new AttributeReader(sum).Ints("axes")?.Select(axis => (int)axis).ToArray();

    private static int[] Padded(int[] shape, int rank) => [.. Enumerable.Repeat(1, rank - shape.Length), .. shape];
}
