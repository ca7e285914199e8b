using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Gather. From a stored table of numbers by computed indices it is an embedding, a layer whose nodes are the table's
/// columns; from a computed tensor it picks positions or channels.
/// </summary>
internal sealed class EmbeddingRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["Gather"];

    public override void Apply(NodeContext node)
    {
        var (data, indices) = (node.Shaped(0), node.Shaped(1));
        var axis = Shapes.Axis((int)node.Attributes.Int("axis", 0), data.Rank);
        if (data.IsConstant && !indices.IsConstant)
        {
            ImmutableArray<Axis> Columns(IEnumerable<Axis> axes) => [.. axes.Select(column => Axis.Of(column.Size, AxisRole.Channel))];
            var output = node.NewTensor(
                [.. Columns(data.Axes.Take(axis)), .. indices.Axes.Select(index => index.As(AxisRole.Sample)), .. Columns(data.Axes.Skip(axis + 1))],
                data.ElementType);
            var isTable = data.Rank >= 2 && data.ElementType is (int)TensorProto.Types.DataType.Float or (int)TensorProto.Types.DataType.Float16
                or (int)TensorProto.Types.DataType.Double or (int)TensorProto.Types.DataType.Bfloat16;
            if (isTable)
                node.Trace.Vocabulary(indices, data.Axes[axis].Size);
            node.Output(isTable ? node.Trace.Open(node, output, [indices], [data.Name]) : output with { Carries = Trace.Mix([indices]) });
            return;
        }
        var picked = indices.IsConstant ? indices.Axes.Select(index => data.Axes[axis].Resized(index.Size)) : indices.Axes;
        var result = node.NewTensor([.. data.Axes.Take(axis), .. picked, .. data.Axes.Skip(axis + 1)], data.ElementType);
        var values = indices.IsConstant ? node.Constant(1) : null;
        result = node.Trace.Pass(data, result with { Name = node.OutputName(0) }, range => indices.Rank == 1 && range.Axis != axis ? range : null);
        if (data.Axes[axis].Has(AxisRole.Channel) && !IsPermutation(values, data.Axes[axis].Size))
            result = result with { Carries = [.. result.Carries.Select(carry => carry with { IsWhole = false })] };
        if (values is null)
            result = result with { Carries = Trace.Mix([data, indices]) };
        node.Output(result);
    }

    private static bool IsPermutation(double[]? indices, int size) =>
        indices is not null && indices.Length == size && indices.Select(index => index < 0 ? index + size : index).Distinct().Count() == size;
}
