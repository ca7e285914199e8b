using System.Collections.Immutable;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Values;

/// <summary>The operators that are evaluated on constants: shape arithmetic and what stands between a stored weight and its layer.</summary>
internal static class ConstantOperators
{
    /// <summary>The node's outputs, or null where the operator is not evaluated here.</summary>
    public static ConstantTensor[]? Evaluate(NodeProto node, int opset, ConstantTensor?[] inputs)
    {
        var attributes = new AttributeReader(node);
        ConstantTensor In(int i) => Optional(i) ?? throw new TraceException($"input {i} is missing");
        ConstantTensor? Optional(int i) => i < inputs.Length ? inputs[i] : null;
        double One(int i) => In(i).Values is [var value, ..] ? value : throw new TraceException($"input {i} is empty");
        ConstantTensor Fold(Func<double, double, double> f) => Enumerable.Range(1, Math.Max(0, inputs.Length - 1)).Aggregate(In(0), (result, i) => Binary(result, In(i), f));
        int[]? Axes(int input) => (Optional(input)?.Values.Select(ToInt) ?? attributes.Ints("axes")?.Select(axis => (int)axis))?.ToArray();

        switch (node.OpType)
        {
            case "Identity" or "Dropout":
                return [In(0)];
            case "Cast" or "CastLike":
                return [Cast(In(0), node.OpType == "Cast" ? attributes.Int("to", (int)DataType.Float) : In(1).ElementType)];
            case "Add":
                return [Binary(In(0), In(1), (a, b) => a + b)];
            case "Sub":
                return [Binary(In(0), In(1), (a, b) => a - b)];
            case "Mul":
                return [Binary(In(0), In(1), (a, b) => a * b)];
            case "Div":
                return [Binary(In(0), In(1), In(0).IsInteger ? (a, b) => b == 0 ? 0 : Math.Truncate(a / b) : (a, b) => a / b)];
            case "Mod":
                return [Binary(In(0), In(1), (a, b) => b == 0 ? 0 : attributes.Int("fmod", 0) == 1 ? a % b : a - b * Math.Floor(a / b))];
            case "Pow":
                return [Binary(In(0), In(1), Math.Pow)];
            case "Min":
                return [Fold(Math.Min)];
            case "Max":
                return [Fold(Math.Max)];
            case "Equal":
                return [AsBool(Binary(In(0), In(1), (a, b) => a == b ? 1 : 0))];
            case "Less":
                return [AsBool(Binary(In(0), In(1), (a, b) => a < b ? 1 : 0))];
            case "Greater":
                return [AsBool(Binary(In(0), In(1), (a, b) => a > b ? 1 : 0))];
            case "LessOrEqual":
                return [AsBool(Binary(In(0), In(1), (a, b) => a <= b ? 1 : 0))];
            case "GreaterOrEqual":
                return [AsBool(Binary(In(0), In(1), (a, b) => a >= b ? 1 : 0))];
            case "And":
                return [AsBool(Binary(In(0), In(1), (a, b) => a != 0 && b != 0 ? 1 : 0))];
            case "Or":
                return [AsBool(Binary(In(0), In(1), (a, b) => a != 0 || b != 0 ? 1 : 0))];
            case "Not":
                return [Unary(In(0), x => x == 0 ? 1 : 0)];
            case "Neg":
                return [Unary(In(0), x => -x)];
            case "Abs":
                return [Unary(In(0), Math.Abs)];
            case "Floor":
                return [Unary(In(0), Math.Floor)];
            case "Ceil":
                return [Unary(In(0), Math.Ceiling)];
            case "Round":
                return [Unary(In(0), x => Math.Round(x, MidpointRounding.ToEven))];
            case "Sqrt":
                return [Unary(In(0), Math.Sqrt)];
            case "Exp":
                return [Unary(In(0), Math.Exp)];
            case "Log":
                return [Unary(In(0), Math.Log)];
            case "Reciprocal":
                return [Unary(In(0), x => 1 / x)];
            case "Sign":
                return [Unary(In(0), x => Math.Sign(x))];
            case "Where":
                var data = Binary(In(1), In(2), (a, _) => a);
                var other = Binary(In(1), In(2), (_, b) => b);
                var shape = Shapes.Broadcast(In(0).Dims, data.Dims);
                var (condition, yes, no) = (Expand(In(0), shape), Expand(data, shape), Expand(other, shape));
                return [yes with { Values = [.. condition.Values.Select((c, i) => c != 0 ? yes.Values[i] : no.Values[i])] }];
            case "Shape":
                var (start, end) = Shapes.ShapeSlice(In(0).Dims.Length, attributes);
                return [Vector([.. In(0).Dims[start..end].Select(dim => (double)dim)])];
            case "Size":
                return [new ConstantTensor([], [In(0).Values.Length], (int)DataType.Int64)];
            case "ConstantOfShape":
                var dims = In(0).Values.Select(ToInt).ToArray();
                var fill = attributes.Tensor("value");
                var (value, type) = fill is null ? (0.0, (int)DataType.Float) : (Filling(fill), fill.DataType);
                return [new ConstantTensor(dims, [.. Enumerable.Repeat(value, Bounded(dims))], type)];
            case "Range":
                if (One(2) == 0)
                    throw new TraceException("a range in steps of 0");
                var count = Bounded(Math.Max(0, ToInt(Math.Ceiling((One(1) - One(0)) / One(2)))));
                return [new ConstantTensor([count], [.. Enumerable.Range(0, count).Select(i => One(0) + i * One(2))], In(0).ElementType)];
            case "Reshape":
                var requested = Optional(1)?.Values.Select(ToInt).ToArray() ?? [.. (attributes.Ints("shape") ?? throw new TraceException("the shape is missing")).Select(dim => (int)dim)];
                return [In(0) with { Dims = Shapes.Reshape(In(0).Dims, requested, attributes.Int("allowzero", 0) == 1) }];
            case "Flatten":
                return [In(0) with { Dims = Shapes.Flatten(In(0).Dims, attributes.Int("axis", 1)) }];
            case "Squeeze":
                return [In(0) with { Dims = Shapes.Squeeze(In(0).Dims, Axes(1)) }];
            case "Unsqueeze":
                return [In(0) with { Dims = Shapes.Unsqueeze(In(0).Dims, Axes(1) ?? throw new TraceException("the axes are missing")) }];
            case "Expand":
                return [Expand(In(0), Shapes.Broadcast(In(0).Dims, [.. In(1).Values.Select(ToInt)]))];
            case "Transpose":
                return [Gathered(In(0), IndexMaps.Transpose(In(0).Dims, Shapes.Permutation(In(0).Dims.Length, attributes)))];
            case "Concat":
                return [Concat([.. inputs.Select((_, i) => In(i))], attributes.Int("axis", 0))];
            case "Slice":
                var ranges = SliceRange.All(In(0).Dims, opset, attributes,
                    Optional(1)?.Values, Optional(2)?.Values, Optional(3)?.Values, Optional(4)?.Values);
                return [Gathered(In(0), IndexMaps.Slice(In(0).Dims, ranges))];
            case "Gather":
                var axis = Shapes.Axis(attributes.Int("axis", 0), In(0).Dims.Length);
                Bounded([.. In(0).Dims[..axis], .. In(1).Dims, .. In(0).Dims[(axis + 1)..]], Math.Max(In(0).Values.Length, In(1).Values.Length));
                return [Gathered(In(0), IndexMaps.Gather(In(0).Dims, axis, In(1).Dims, [.. In(1).Values.Select(ToInt)]))];
            case "Split":
                return Split(node, In(0), attributes, Optional(1));
            case "ReduceProd":
                return [Reduce(In(0), Axes(1), attributes, (a, b) => a * b, 1)];
            case "ReduceSum":
                return [Reduce(In(0), Axes(1), attributes, (a, b) => a + b, 0)];
            case "ReduceMax":
                return [Reduce(In(0), Axes(1), attributes, Math.Max, double.NegativeInfinity)];
            case "ReduceMin":
                return [Reduce(In(0), Axes(1), attributes, Math.Min, double.PositiveInfinity)];
            case "DequantizeLinear":
                return Dequantize(In(0), In(1), Optional(2), attributes) is { } dequantized ? [dequantized] : null;
            default:
                return null;
        }
    }

    public static int ToInt(double value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);

    // What a file stores it pays for in bytes; what it only describes may be this large. Shapes have a few elements,
    // masks and position tables of the largest transformers some millions.
    private const int MostDescribed = 1 << 24;

    /// <summary>A size that is allowed: a small file may describe a constant that fills the memory.</summary>
    /// <exception cref="TraceException">It is larger than <paramref name="read"/>, what it is made of, and than what may be described.</exception>
    private static int Bounded(long count, long read = 0) => count >= 0 && (count <= MostDescribed || count <= read)
        ? (int)count
        : throw new TraceException($"a constant of {count} elements is not stored but computed; store it, or leave it to be computed from the input");

    private static int Bounded(ReadOnlySpan<int> dims, long read = 0) => Bounded(Shapes.Count(dims), read);

    public static ConstantTensor Vector(double[] values) => new([values.Length], values, (int)DataType.Int64);

    private static ConstantTensor AsBool(ConstantTensor tensor) => tensor with { ElementType = (int)DataType.Bool };

    private static ConstantTensor Unary(ConstantTensor a, Func<double, double> f) => a with { Values = [.. a.Values.Select(f)] };

    private static ConstantTensor Binary(ConstantTensor a, ConstantTensor b, Func<double, double, double> f)
    {
        var shape = Shapes.Broadcast(a.Dims, b.Dims);
        var (x, y) = (Expand(a, shape, b.Values.Length), Expand(b, shape, a.Values.Length));
        return x with { Values = [.. x.Values.Zip(y.Values, f)] };
    }

    private static ConstantTensor Expand(ConstantTensor tensor, int[] shape, long read = 0)
    {
        if (tensor.Dims.AsSpan().SequenceEqual(shape))
            return tensor;
        Bounded(shape, Math.Max(read, tensor.Values.Length));
        return Gathered(tensor, IndexMaps.Expand(tensor.Dims, shape));
    }

    private static double Filling(TensorProto value) => Checkpoints.TensorValues.ToDoubles(value, null) is [var number, ..]
        ? number
        : throw new TraceException("the value to fill with is empty");

    private static ConstantTensor Gathered(ConstantTensor tensor, (int[] Dims, int[] Indices) map) =>
        tensor with { Dims = map.Dims, Values = [.. map.Indices.Select(i => tensor.Values[i])] };

    private static ConstantTensor Cast(ConstantTensor tensor, int type)
    {
        var values = (DataType)type switch
        {
            DataType.Bool => [.. tensor.Values.Select(x => x != 0 ? 1.0 : 0)],
            DataType.Float => [.. tensor.Values.Select(x => (double)(float)x)],
            DataType.Float16 => [.. tensor.Values.Select(x => (double)(Half)x)],
            DataType.Double or DataType.Bfloat16 => tensor.Values,
            _ => tensor.Values.Select(Math.Truncate).ToArray(),
        };
        return tensor with { Values = values, ElementType = type };
    }

    private static ConstantTensor Concat(ImmutableArray<ConstantTensor> parts, int axis)
    {
        if (parts.IsEmpty)
            throw new TraceException("input 0 is missing");
        var dims = parts[0].Dims.ToArray();
        axis = Shapes.Axis(axis, dims.Length);
        foreach (var part in parts)
        {
            if (part.Dims.Length != dims.Length || Enumerable.Range(0, dims.Length).Any(i => i != axis && part.Dims[i] != dims[i]))
                throw new TraceException($"[{Shapes.Text(dims)}] and [{Shapes.Text(part.Dims)}] are joined along axis {axis}");
        }
        dims[axis] = parts.Sum(part => part.Dims[axis]);
        var values = new double[Bounded(dims, parts.Max(part => part.Values.Length))];
        var inner = Shapes.Count(dims.AsSpan(axis + 1));
        var outer = Shapes.Count(dims.AsSpan(0, axis));
        var offset = 0;
        foreach (var part in parts)
        {
            var length = part.Dims[axis] * inner;
            for (var i = 0; i < outer; i++)
                part.Values.AsSpan(i * length, length).CopyTo(values.AsSpan(i * dims[axis] * inner + offset));
            offset += length;
        }
        return new ConstantTensor(dims, values, parts[0].ElementType);
    }

    private static ConstantTensor[] Split(NodeProto node, ConstantTensor data, AttributeReader attributes, ConstantTensor? sizes)
    {
        var axis = attributes.Axis("axis", 0, data.Dims.Length);
        var parts = Shapes.SplitSizes(data.Dims[axis], node.Output.Count, attributes, sizes?.Values);
        var start = 0;
        var outputs = new ConstantTensor[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var ranges = data.Dims.Select(dim => new SliceRange(0, 1, dim)).ToArray();
            ranges[axis] = new SliceRange(start, 1, parts[i]);
            outputs[i] = Gathered(data, IndexMaps.Slice(data.Dims, ranges));
            start += parts[i];
        }
        return outputs;
    }

    private static ConstantTensor Reduce(ConstantTensor tensor, int[]? axes, AttributeReader attributes, Func<double, double, double> f, double seed)
    {
        var keep = attributes.Int("keepdims", 1) == 1;
        if (axes is null or [] && attributes.Int("noop_with_empty_axes", 0) == 1)
            return tensor;
        var (kept, reduced) = Shapes.Reduce(tensor.Dims, axes, keepDims: true);
        var values = new double[Shapes.Count(kept)];
        Array.Fill(values, seed);
        var target = IndexMaps.Expand(kept, tensor.Dims).Indices;
        for (var i = 0; i < tensor.Values.Length; i++)
            values[target[i]] = f(values[target[i]], tensor.Values[i]);
        var dims = keep ? kept : [.. kept.Where((_, i) => !reduced[i])];
        return tensor with { Dims = dims, Values = values };
    }

    /// <summary>(q − zero point) · scale, per tensor or per slice of one axis; null for blocked quantisation.</summary>
    private static ConstantTensor? Dequantize(ConstantTensor data, ConstantTensor scale, ConstantTensor? zero, AttributeReader attributes)
    {
        if (attributes.Int("block_size", 0) != 0)
            return null;
        var dims = new int[data.Dims.Length];
        Array.Fill(dims, 1);
        if (scale.Values.Length > 1)
        {
            var axis = attributes.Axis("axis", 1, dims.Length);
            dims[axis] = scale.Values.Length;
        }
        var shifted = zero is null ? data : Binary(data, zero with { Dims = dims }, (q, z) => q - z);
        return Binary(shifted, scale with { Dims = dims }, (q, s) => q * s) with { ElementType = scale.ElementType };
    }
}
