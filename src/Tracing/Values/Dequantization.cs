using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Values;

/// <summary>What the numbers of a stored tensor stand for: (q − zero point) · scale, by element.</summary>
internal sealed class Dequantization
{
    private static readonly Spread One = new([1], 1, 1, 1), Zero = new([0], 1, 1, 1);

    private readonly Spread zero;
    private readonly Spread scale;

    private Dequantization(Spread zero, Spread scale) => (this.zero, this.scale) = (zero, scale);

    /// <summary>Numbers that stand for themselves.</summary>
    public static Dequantization None { get; } = new(Zero, One);

    /// <summary>Numbers whose scale is not known by element.</summary>
    public static Dequantization Unknown { get; } = new(Zero, One) { IsScaleUnknown = true };

    /// <summary>True where an integer product is scaled where we could not see it: magnitudes of other
    /// tensors do not compare.</summary>
    public bool IsScaleUnknown { get; private init; }

    public double ZeroAt(long element) => zero[element];

    /// <summary>What the number stands for, in float32 as the runtime computes it where it is quantized.</summary>
    public double Value(double stored, long element) =>
        ReferenceEquals(this, None) ? stored : (float)((stored - zero[element]) * scale[element]);

    /// <summary>The magnitude of what the number stands for.</summary>
    public double Magnitude(double stored, long element) => Math.Abs(Value(stored, element));

    /// <param name="stored">The stored tensors.</param>
    /// <param name="dims">Dimensions of the quantized tensor.</param>
    /// <param name="axis">The axis that several scales stand along.</param>
    /// <param name="block">Elements of the axis that share a scale; 0 for one each.</param>
    /// <param name="scaleName">Stored scale, or null.</param>
    /// <param name="zeroName">Stored zero point, or null.</param>
    public static Dequantization Of(StoredTensors stored, long[] dims, int axis, long block, string? scaleName, string? zeroName)
    {
        Spread Along(string name)
        {
            var values = stored.Doubles(name);
            if (values.Length == 1 || axis >= dims.Length)
                return new Spread(values, 1, 1, 1);
            var inner = dims.Skip(axis + 1).Aggregate(1L, (product, dim) => product * dim);
            return block > 0
                ? new Spread(values, inner, dims[axis], block) { IsBlocked = true }
                : new Spread(values, inner, dims[axis], 1);
        }
        return new Dequantization(zeroName is null ? Zero : Along(zeroName), scaleName is null ? One : Along(scaleName))
        {
            IsScaleUnknown = scaleName is null,
        };
    }

    /// <summary>Values that each hold for a slice of an axis, for blocks of it, or for all elements.</summary>
    private sealed record Spread(double[] Values, long Inner, long Length, long Block)
    {
        public bool IsBlocked { get; init; }

        public double this[long element]
        {
            get
            {
                if (Values.Length == 1)
                    return Values[0];
                var at = element / Inner % Length;
                if (!IsBlocked)
                    return Values[at % Values.Length];
                var blocks = (Length + Block - 1) / Block;
                return Values[(element / Inner / Length * blocks + at / Block) * Inner + element % Inner];
            }
        }
    }
}

/// <summary>Finds how the stored tensors of a model are quantized, by the operators that read them.</summary>
internal sealed class Quantizations
{
    // Which inputs hold the value, its scale and its zero point; -1 for none.
    private static readonly Dictionary<string, (int Value, int Scale, int Zero)[]> Operators = new(StringComparer.Ordinal)
    {
        ["DequantizeLinear"] = [(0, 1, 2)],
        ["QLinearConv"] = [(3, 4, 5)],
        ["QLinearMatMul"] = [(3, 4, 5), (0, 1, 2)],
        ["QGemm"] = [(3, 4, 5)],
        ["ConvInteger"] = [(1, -1, 3)],
        ["MatMulInteger"] = [(1, -1, 3), (0, -1, 2)],
        ["DynamicQuantizeMatMul"] = [(1, 2, 3)],
        ["MatMulIntegerToFloat"] = [(1, 3, 5)],
        ["QAttention"] = [(1, 4, 7)],
        ["DynamicQuantizeLSTM"] = [(1, 8, 9), (2, 10, 11)],
        ["QLinearAdd"] = [(0, 1, 2), (3, 4, 5)],
        ["QLinearMul"] = [(0, 1, 2), (3, 4, 5)],
        ["GatherBlockQuantized"] = [(0, 2, 3)],
    };

    private readonly StoredTensors stored;
    private readonly Dictionary<string, (NodeProto Node, int Value, int Scale, int Zero)> readers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PackedWeights> packed = new(StringComparer.Ordinal);
    private readonly ILookup<string, NodeProto> consumers;
    private readonly Dictionary<string, NodeProto> producers = new(StringComparer.Ordinal);

    public Quantizations(StoredTensors stored, IEnumerable<NodeProto> nodes)
    {
        this.stored = stored;
        var all = nodes.ToArray();
        consumers = all.SelectMany(node => node.Input.Distinct(), (node, input) => (node, input))
            .ToLookup(pair => pair.input, pair => pair.node, StringComparer.Ordinal);
        foreach (var node in all)
        {
            foreach (var output in node.Output)
                producers[output] = node;
            foreach (var (value, _, _) in PackedWeights.Of(node.OpType))
            {
                if (value < node.Input.Count && stored.Contains(node.Input[value])
                    && PackedWeights.Of(node, value, [.. stored.Dims(node.Input[value]).Select(dim => checked((int)dim))],
                        stored.ElementType(node.Input[value])) is { } weights)
                    packed.TryAdd(node.Input[value], weights);
            }
            foreach (var (value, scale, zero) in Operators.GetValueOrDefault(node.OpType, []))
            {
                if (value < node.Input.Count && stored.Contains(node.Input[value]))
                    readers.TryAdd(node.Input[value], (node, value, scale, zero));
            }
        }
    }

    /// <summary>True for an input that only says what the integers of another stand for.</summary>
    public static bool IsScale(NodeProto node, int input) =>
        Operators.GetValueOrDefault(node.OpType, [])
            .Concat(PackedWeights.Of(node.OpType))
            .Any(weight => input == weight.Scale || input == weight.Zero);

    /// <summary>How a stored tensor is packed; null where each of its elements is a number.</summary>
    public PackedWeights? PackedOf(string tensor) => packed.GetValueOrDefault(tensor);

    /// <summary>How a stored tensor is quantized.</summary>
    public Dequantization Of(string tensor)
    {
        if (packed.ContainsKey(tensor))
            return Dequantization.Unknown;
        if (!readers.TryGetValue(tensor, out var reader))
            return Dequantization.None;
        var (node, value, scaleAt, zeroAt) = reader;
        string? Stored(int input) =>
            input >= 0 && input < node.Input.Count && stored.Contains(node.Input[input]) ? node.Input[input] : null;
        var dims = stored.Dims(tensor).ToArray();
        var block = node.OpType switch
        {
            "GatherBlockQuantized" => new AttributeReader(node).Int("block_size", 128),
            // A scale for each column of each direction: all rows of a column share it.
            "DynamicQuantizeLSTM" when Stored(scaleAt) is { } scale && stored.Dims(scale).Length > 1 => dims[1],
            _ => new AttributeReader(node).Int("block_size", 0),
        };
        return Dequantization.Of(stored, dims, AxisOf(node, value, dims.Length, block), block,
            scaleAt < 0 ? ScaleBehind(node) : Stored(scaleAt), Stored(zeroAt));
    }

    private static int AxisOf(NodeProto node, int value, int rank, long block)
    {
        var attributes = new AttributeReader(node);
        return node.OpType switch
        {
            "DequantizeLinear" when attributes.Int("axis", 1) < 0 => attributes.Int("axis", 1) + rank,
            "DequantizeLinear" => attributes.Int("axis", 1),
            "QLinearConv" or "ConvInteger" => 0,
            "DynamicQuantizeLSTM" => block > 0 ? 1 : 0,
            "GatherBlockQuantized" => Shapes.Axis((int)attributes.Int("quantize_axis", 1), rank),
            "QGemm" => attributes.Int("transB", 0) == 1 ? 0 : 1,
            _ => value == 0 ? Math.Max(0, rank - 2) : rank - 1,
        };
    }

    /// <summary>
    /// The stored scale that an integer product meets behind its operator: product → Cast → Mul by the scale, or by
    /// its product with the activations' scale.
    /// </summary>
    private string? ScaleBehind(NodeProto node)
    {
        var output = node.Output[0];
        for (var steps = 0; steps < 2; steps++)
        {
            if (consumers[output].ToArray() is not [var next])
                return null;
            if (next.OpType == "Mul")
            {
                var other = next.Input.FirstOrDefault(input => input != output) ?? "";
                return stored.Contains(other) ? other
                    : producers.GetValueOrDefault(other) is { OpType: "Mul" } product
                        ? product.Input.FirstOrDefault(stored.Contains)
                        : null;
            }
            if (next.OpType != "Cast")
                return null;
            output = next.Output[0];
        }
        return null;
    }
}
