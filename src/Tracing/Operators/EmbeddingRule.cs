using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Gather. From a stored table of numbers by computed indices it is an embedding, a layer whose nodes are the table's
/// columns; from a computed tensor it picks positions or channels. Which samples computed indices pick does not matter: the
/// nodes are the same at each.
/// </summary>
internal sealed class EmbeddingRule : MovingRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["Gather"];

    public override void Apply(NodeContext node)
    {
        var (data, indices) = (node.Shaped(0), node.Shaped(1));
        var axis = node.Attributes.Axis("axis", 0, data.Rank);
        if (data.IsConstant && !indices.IsConstant)
        {
            ImmutableArray<Axis> Columns(IEnumerable<Axis> axes) =>
                [.. axes.Select(column => Axis.Of(column.Size, AxisRole.Channel))];
            var output = node.NewTensor(
                [.. Columns(data.Axes.Take(axis)), .. indices.Axes.Select(index => index.As(AxisRole.Sample)),
                    .. Columns(data.Axes.Skip(axis + 1))],
                data.ElementType);
            var isTable = data.Rank >= 2
                && data.ElementType is (int)TensorProto.Types.DataType.Float or (int)TensorProto.Types.DataType.Float16
                or (int)TensorProto.Types.DataType.Double or (int)TensorProto.Types.DataType.Bfloat16;
            if (isTable)
                node.Trace.Vocabulary(indices, data.Axes[axis].Size);
            node.Output(isTable
                ? node.Trace.Open(node, output, [indices], [data.Name])
                : output with { Carries = Trace.Mix([indices]) });
            return;
        }
        var areSamples = node.Call.CountsSamples(0, axis);
        var picked = indices.IsConstant ? indices.Axes.Select(index => data.Axes[axis].Resized(index.Size))
            : areSamples ? indices.Axes.Select(index => index.As(AxisRole.Sample)) : indices.Axes;
        var result = node.NewTensor([.. data.Axes.Take(axis), .. picked, .. data.Axes.Skip(axis + 1)], data.ElementType);
        if (indices.IsConstant && node.Call.Values(1) is { } values)
        {
            int[] at = [.. values.Select(index => Shapes.Index(index, data.Axes[axis].Size))];
            var left = data with { Carries = PickedLayers.Along(data.Carries, data.Axes[axis], axis, at) };
            // Axes behind the one that is picked from move by as many as the indices have.
            node.Output(node.Trace.Pass(left, result with { Name = node.OutputName(0) }, range =>
                range.Axis < axis ? range
                : range.Axis > axis ? range with { Axis = range.Axis + indices.Rank - 1 }
                : indices.Rank == 1 ? range : null));
        }
        else if (areSamples)
        {
            node.Output(PickedLayers.BySamples(node, data, indices, result, range =>
                range.Axis < axis ? range : range.Axis == axis ? null : range with { Axis = range.Axis + indices.Rank - 1 }));
        }
        else
        {
            node.Output(result with { Name = node.OutputName(0), Origin = data.Origin, Carries = Trace.Mix([data, indices]) });
        }
    }

    public override ValueFlow? Flow(OperatorCall call) => call.IsConstant(0) ? null : ValueFlow.Selection;

    public override IEnumerable<int> Mixes(OperatorCall call) => [call.Attributes.Axis("axis", 0, call.Shape(0).Length)];

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var dims = call.Shape(0);
        var axis = call.Attributes.Axis("axis", 0, dims.Length);
        if (call.IsConstant(1))
            return ElementMaps.Gather(dims, axis, call.Shape(1), call.Integers(1)!);
        // All samples have the same nodes: the first stands for those that are picked.
        return call.CountsSamples(0, axis) ? ElementMaps.Gather(dims, axis, call.Shape(1), new int[Shapes.Count(call.Shape(1))])
            : null;
    }

    public override LayerWeights? Weights(OperatorCall call)
    {
        var table = call.Shape(0);
        return new LayerWeights(Data: 1, Weight: 0) { OutputAxis = table.Length - 1 };
    }

    protected override int[] Shape(OperatorCall call, int output)
    {
        var dims = call.Shape(0);
        var axis = call.Attributes.Axis("axis", 0, dims.Length);
        return [.. dims[..axis], .. call.Shape(1), .. dims[(axis + 1)..]];
    }
}
