using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Operators;

/// <summary>
/// GatherElements and GatherND. Stored indices pick elements that are followed one by one; by computed ones, what follows is
/// fed by what is chosen from and by the indices. GatherND from a stored table is an embedding, as Gather is.
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
        var output = node.NewTensor(axes, data.ElementType) with { Name = node.OutputName(0) };
        if (!indices.IsConstant)
        {
            node.Output(PickSamples(node.Call)
                ? PickedLayers.BySamples(node, data, indices, output, _ => null)
                : output with { Carries = Trace.Mix([data, indices]) });
            return;
        }
        // What stored indices pick is followed element by element; a layer is whole where each of its elements is there once.
        var sources = Sources(node.Call, 0, 0)!;
        var left = data with { Carries = PickedLayers.Among(data.Carries, data.Shape, sources) };
        output = node.Trace.Pass(left, output, _ => null);
        var isWhole = sources.From == sources.To
            && Enumerable.Range(0, sources.From).Select(element => sources[element][0]).Distinct().Count() == sources.To;
        node.Output(isWhole
            ? output
            : output with { Carries = [.. output.Carries.Select(carry => carry with { IsWhole = false })] });
    }

    public override ValueFlow? Flow(OperatorCall call) => call.IsConstant(0) ? null : ValueFlow.Selection;

    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        var dims = call.Shape(0);
        return call.Op == "GatherElements"
            ? [call.Attributes.Axis("axis", 0, dims.Length)]
            : Enumerable.Range(call.Attributes.Int("batch_dims", 0), call.Shape(1) is [.., var depth] ? depth : 0)
                .Where(axis => axis < dims.Length);
    }

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var dims = call.Shape(0);
        // All samples have the same nodes: the first stands for those that computed indices pick.
        if (!call.IsConstant(1) && !PickSamples(call))
            return null;
        var indices = call.IsConstant(1) ? call.Known(1)
            : new ConstantTensor(call.Shape(1), new double[Shapes.Count(call.Shape(1))], (int)DataType.Int64);
        return call.Op == "GatherND" ? Tuples(call, dims, indices) : Picked(call, dims, indices);
    }

    /// <summary>Whether samples alone are picked, whatever the indices: at each of them the nodes are the same.</summary>
    private static bool PickSamples(OperatorCall call)
    {
        var dims = call.Shape(0);
        if (call.Op == "GatherElements")
        {
            var axis = call.Attributes.Axis("axis", 0, dims.Length);
            return call.CountsSamples(0, axis)
                && call.Shape(1).Index().All(dim => dim.Index == axis || dim.Item == dims[dim.Index]);
        }
        var shared = call.Attributes.Int("batch_dims", 0);
        var depth = call.Shape(1) is [.., var last] ? last : 0;
        return Enumerable.Range(shared, depth).All(axis =>
            axis >= 0 && axis < dims.Length && call.CountsSamples(0, axis));
    }

    private static ElementMap Picked(OperatorCall call, int[] dims, ConstantTensor indices)
    {
        var axis = call.Attributes.Axis("axis", 0, dims.Length);
        if (indices.Dims.Length != dims.Length)
            throw new TraceException($"data of rank {dims.Length} and indices of rank {indices.Dims.Length}");
        var (strides, own) = (ElementMaps.Strides(dims), ElementMaps.Strides(indices.Dims));
        return ElementMap.OneEach(Shapes.Count(dims), [.. indices.Values.Select((index, i) => dims.Select((size, k) =>
            (k == axis ? Shapes.Index(index, size) : i / own[k] % indices.Dims[k]) * strides[k]).Sum())]);
    }

    private static ElementMap Tuples(OperatorCall call, int[] dims, ConstantTensor indices)
    {
        var (shared, depth) = (call.Attributes.Int("batch_dims", 0), indices.Dims is [.., var last] ? last : 0);
        if (depth < 1 || shared < 0 || shared + depth > dims.Length)
            throw new TraceException(
                $"index tuples of length {depth} behind {shared} shared axes do not fit data of rank {dims.Length}");
        var (strides, inner) = (ElementMaps.Strides(dims), Shapes.Count(dims.AsSpan(shared + depth)));
        var each = indices.Values.Length / depth / Math.Max(1, Shapes.Count(dims.AsSpan(0, shared)));
        var block = Shapes.Count(dims.AsSpan(shared));
        return ElementMap.OneEach(Shapes.Count(dims), [.. indices.Values.Chunk(depth).SelectMany((tuple, i) =>
        {
            var start = i / each * block
                + tuple.Select((index, k) => Shapes.Index(index, dims[shared + k]) * strides[shared + k])
                .Sum();
            return Enumerable.Range(start, inner);
        })]);
    }

    private static bool IsTable(TracedTensor tensor) => tensor.Rank >= 2 &&
        (DataType)tensor.ElementType is DataType.Float or DataType.Float16 or DataType.Double or DataType.Bfloat16;

    /// <summary>A stored table of rows: the columns are the nodes of a layer.</summary>
    private static void OpenTable(NodeContext node, TracedTensor table, TracedTensor indices)
    {
        var axes = Slices(
            node, [.. table.Axes.Select(axis => Axis.Of(axis.Size, AxisRole.Channel))],
            [.. indices.Axes.Select(axis => axis.As(AxisRole.Sample))]);
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
        return [.. data.Axes.Zip(indices.Axes,
            (from, to) => from.Size == to.Size ? from : to.Role is null ? from.Resized(to.Size) : to)];
    }

    /// <summary>One slice of the data for each index tuple, which the last axis of the indices holds.</summary>
    private static ImmutableArray<Axis> Slices(NodeContext node, ImmutableArray<Axis> data, ImmutableArray<Axis> indices)
    {
        var shared = node.Attributes.Int("batch_dims", 0);
        var length = indices.Length == 0 ? 0 : indices[^1].Size;
        if (length < 1 || shared < 0 || shared + length > data.Length || shared >= indices.Length)
            throw new TraceException(
                $"index tuples of length {length} behind {shared} shared axes do not fit data of rank {data.Length}");
        return [.. data[..shared], .. indices[shared..^1], .. data[(shared + length)..]];
    }
}
