using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Operators;

/// <summary>
/// GatherElements and GatherND: by computed indices, what follows is fed by what is chosen from and by the indices; node by
/// node correspondence is lost. GatherND from a stored table is an embedding, as Gather is.
/// </summary>
internal sealed class GatherRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["GatherElements", "GatherND"];

    public override void Apply(NodeContext node)
    {
        var (data, indices) = (node.Shaped(0), node.Shaped(1));
        if (node.Op == "GatherND" && data.IsConstant && !indices.IsConstant && IsTable(data))
        {
            OpenTable(node, data, indices);
            return;
        }
        var axes = node.Op == "GatherND" ? Slices(node, data.Axes, indices.Axes) : Elements(node);
        node.Output(node.NewTensor(axes, data.ElementType) with { Carries = Trace.Mix([data, indices]) });
    }

    public override ValueFlow? Flow(OperatorCall call) => call.IsConstant(1) ? ValueFlow.Selection : null;

    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        var dims = call.Shape(0);
        return call.Op == "GatherElements"
            ? [call.Attributes.Axis("axis", 0, dims.Length)]
            : Enumerable.Range(call.Attributes.Int("batch_dims", 0), call.Shape(1) is [.., var depth] ? depth : 0).Where(axis => axis < dims.Length);
    }

    private static bool IsTable(TracedTensor tensor) => tensor.Rank >= 2 &&
        (DataType)tensor.ElementType is DataType.Float or DataType.Float16 or DataType.Double or DataType.Bfloat16;

    /// <summary>A stored table of rows: the columns are the nodes of a layer.</summary>
    private static void OpenTable(NodeContext node, TracedTensor table, TracedTensor indices)
    {
        var axes = Slices(
            node, [.. table.Axes.Select(axis => Axis.Of(axis.Size, AxisRole.Channel))], [.. indices.Axes.Select(axis => axis.As(AxisRole.Sample))]);
        if (indices.Axes[^1].Size == 1)
            node.Trace.Vocabulary(indices, table.Axes[0].Size);
        node.Output(node.Trace.Open(node, node.NewTensor(axes, table.ElementType), [indices], [table.Name]));
    }

    private static ImmutableArray<Axis> Elements(NodeContext node)
    {
        var (data, indices) = (node.Shaped(0), node.Shaped(1));
        if (data.Rank != indices.Rank)
            throw new TraceException($"data of rank {data.Rank} and indices of rank {indices.Rank}");
        // What an axis counts, the data say, where the indices have not cut it.
        return [.. data.Axes.Zip(indices.Axes, (from, to) => from.Size == to.Size ? from : to.Role is null ? from.Resized(to.Size) : to)];
    }

    /// <summary>One slice of the data for each index tuple, which the last axis of the indices holds.</summary>
    private static ImmutableArray<Axis> Slices(NodeContext node, ImmutableArray<Axis> data, ImmutableArray<Axis> indices)
    {
        var shared = node.Attributes.Int("batch_dims", 0);
        var length = indices.Length == 0 ? 0 : indices[^1].Size;
        if (length < 1 || shared < 0 || shared + length > data.Length || shared >= indices.Length)
            throw new TraceException($"index tuples of length {length} behind {shared} shared axes do not fit data of rank {data.Length}");
        return [.. data[..shared], .. indices[shared..^1], .. data[(shared + length)..]];
    }
}
