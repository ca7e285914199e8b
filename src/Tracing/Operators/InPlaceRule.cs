using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Operators that keep the shape of their first input and cut, turn, add up or overwrite its elements within it.
/// </summary>
internal sealed class InPlaceRule : MovingRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
    [
        "CumSum", "CumProd", "Trilu", "ReverseSequence", "ScatterElements", "ScatterND", "Scatter", "TensorScatter",
        "RotaryEmbedding",
        "com.microsoft::RotaryEmbedding",
    ];

    public override void Apply(NodeContext node)
    {
        node.Output(node.Input(0) with { Name = node.OutputName(0) });
        for (var i = 1; i < node.Node.Output.Count; i++)
            node.Output(i, node.NewTensor([], (int)Onnx.TensorProto.Types.DataType.Float));
    }

    public override ValueFlow? Flow(OperatorCall call) => call.Op is "ReverseSequence" or "Trilu" ? ValueFlow.Selection : null;

    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        var dims = call.Shape(0);
        return call.Op switch
        {
            "CumSum" or "CumProd" =>
                call.IsKnown(1) ? [Shapes.Axis(ConstantValues.ToInt(call.Number(1)), dims.Length)] : From(0, dims),
            "ReverseSequence" => [call.Attributes.Axis("time_axis", 0, dims.Length)],
            "ScatterElements" or "Scatter" => [call.Attributes.Axis("axis", 0, dims.Length)],
            "RotaryEmbedding" => [dims.Length - 1],
            _ => [],
        };
    }

    /// <summary>Rotations and rows that the data choose are not followed.</summary>
    public override ElementMap? Sources(OperatorCall call, int input, int output) => call.Op switch
    {
        _ when output > 0 => null,
        "CumSum" or "CumProd" => input == 0 ? Accumulated(call, call.Shape(0)) : null,
        "Trilu" => input == 0 ? Triangle(call, call.Shape(0)) : null,
        "ReverseSequence" => input == 0 ? Reversed(call, call.Shape(0)) : null,
        "ScatterElements" or "Scatter" or "ScatterND" => Scattered(call, input),
        _ => null,
    };

    public override ConstantTensor[]? Fold(OperatorCall call) => call.Op is "CumSum" or "CumProd" ? [Accumulate(call)]
        : call.Attributes.Text("reduction", "none") == "none" ? base.Fold(call)
        : null;

    protected override int[] Shape(OperatorCall call, int output) => call.Shape(0);

    private static ConstantTensor Accumulate(OperatorCall call)
    {
        var tensor = call.Known(0);
        var axis = Shapes.Axis(ConstantValues.ToInt(call.Number(1)), tensor.Dims.Length);
        var (size, inner) = (tensor.Dims[axis], Shapes.Count(tensor.Dims.AsSpan(axis + 1)));
        var (isExclusive, isReversed) = (call.Attributes.Int("exclusive", 0) == 1, call.Attributes.Int("reverse", 0) == 1);
        var isSum = call.Op == "CumSum";
        var values = new double[tensor.Values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var at = isReversed ? values.Length - 1 - i : i;
            var before = isReversed ? at + inner : at - inner;
            var isFirst = at / inner % size == (isReversed ? size - 1 : 0);
            var (sum, last) = isFirst ? (isSum ? 0 : 1, isSum ? 0 : 1) : (values[before], tensor.Values[before]);
            var next = isExclusive ? last : tensor.Values[at];
            values[at] = isSum ? sum + next : sum * next;
        }
        return tensor with { Values = values };
    }

    private static ElementMap Accumulated(OperatorCall call, int[] dims)
    {
        var axis = Shapes.Axis(ConstantValues.ToInt(call.Number(1)), dims.Length);
        var first = call.Attributes.Int("exclusive", 0) == 1 ? 1 : 0;
        var isReversed = call.Attributes.Int("reverse", 0) == 1;
        int[] Terms(int at) => isReversed
            ? [.. Enumerable.Range(0, dims[axis]).Where(term => term >= at + first)]
            : [.. Enumerable.Range(0, dims[axis]).Where(term => term <= at - first)];
        return ElementMaps.Each(dims, dims, [.. dims.Select((size, i) =>
            Enumerable.Range(0, size).Select(at => i == axis ? Terms(at) : [at]).ToArray())]);
    }

    private static ElementMap Triangle(OperatorCall call, int[] dims)
    {
        if (dims.Length < 2)
            throw new TraceException($"a triangle of a tensor of rank {dims.Length}");
        var (upper, diagonal) = (call.Attributes.Int("upper", 1) == 1, call.Has(1) ? ConstantValues.ToInt(call.Number(1)) : 0);
        var (rows, columns) = (dims[^2], dims[^1]);
        return ElementMap.OneEach(Shapes.Count(dims), [.. Enumerable.Range(0, Shapes.Count(dims)).Select(i =>
        {
            var distance = i % columns - i / columns % rows - diagonal;
            return (upper ? distance >= 0 : distance <= 0) ? i : -1;
        })]);
    }

    private static ElementMap Reversed(OperatorCall call, int[] dims)
    {
        var (time, batch) =
            (call.Attributes.Axis("time_axis", 0, dims.Length), call.Attributes.Axis("batch_axis", 1, dims.Length));
        var lengths = call.Integers(1) ?? throw new TraceException("the lengths are missing");
        if (lengths.Length != dims[batch])
            throw new TraceException($"{lengths.Length} lengths for a batch of {dims[batch]}");
        var strides = ElementMaps.Strides(dims);
        return ElementMap.OneEach(Shapes.Count(dims), [.. Enumerable.Range(0, Shapes.Count(dims)).Select(i =>
        {
            var (at, length) = (i / strides[time] % dims[time], lengths[i / strides[batch] % dims[batch]]);
            return at < length ? i + (length - 1 - 2 * at) * strides[time] : i;
        })]);
    }

    /// <summary>
    /// What is not overwritten stays; where the indices are computed, any element may be the one that stays, and updates
    /// may go anywhere.
    /// </summary>
    private static ElementMap? Scattered(OperatorCall call, int input)
    {
        var dims = call.Shape(0);
        var count = Shapes.Count(dims);
        if (input == 0 && !call.IsKnown(1))
            return ElementMap.Identity(count);
        if (input == 1)
            return null;
        var targets = call.Op == "ScatterND" ? Slices(dims, call.Known(1)) : Elements(call, dims, call.Known(1));
        var overwrites = call.Attributes.Text("reduction", "none") == "none";
        if (input == 2)
        {
            // Of several updates of one element, the last stays.
            var updates = targets.Select((target, update) => (target, update));
            return ElementMap.FromPairs(count, targets.Length,
                [.. overwrites ? updates.Reverse().DistinctBy(pair => pair.target) : updates]);
        }
        if (!overwrites)
            return ElementMap.Identity(count);
        var gone = targets.ToHashSet();
        return ElementMap.OneEach(count, [.. Enumerable.Range(0, count).Select(i => gone.Contains(i) ? -1 : i)]);
    }

    private static int[] Elements(OperatorCall call, int[] dims, ConstantTensor indices)
    {
        var axis = call.Attributes.Axis("axis", 0, dims.Length);
        if (indices.Dims.Length != dims.Length)
            throw new TraceException($"data of rank {dims.Length} and indices of rank {indices.Dims.Length}");
        var (strides, own) = (ElementMaps.Strides(dims), ElementMaps.Strides(indices.Dims));
        return [.. indices.Values.Select((index, i) => dims.Select((size, k) =>
            (k == axis ? Shapes.Index(index, size) : i / own[k] % indices.Dims[k]) * strides[k]).Sum())];
    }

    private static int[] Slices(int[] dims, ConstantTensor indices)
    {
        var depth = indices.Dims is [.., var last] ? last : 0;
        if (depth < 1 || depth > dims.Length)
            throw new TraceException($"index tuples of length {depth} do not fit data of rank {dims.Length}");
        var (strides, inner) = (ElementMaps.Strides(dims), Shapes.Count(dims.AsSpan(depth)));
        return [.. indices.Values.Chunk(depth).SelectMany(tuple =>
        {
            var start = tuple.Select((index, k) => Shapes.Index(index, dims[k]) * strides[k]).Sum();
            return Enumerable.Range(start, inner);
        })];
    }
}
