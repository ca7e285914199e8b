using Emergence.Checkpoints;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Values;

/// <summary>
/// A weight of 2 to 8 bits per number that ONNX Runtime packs into bytes. Its numbers are what counts, not its bytes.
/// </summary>
/// <param name="Node">The node that reads it.</param>
/// <param name="Input">Which input it is.</param>
/// <param name="Dims">The shape of the numbers.</param>
internal sealed record PackedWeights(NodeProto Node, int Input, int[] Dims)
{
    // Codes of MatMulBnb4 that stand for zero, by its attribute quant_type: FP4 has two zeros, NF4 one.
    private static readonly int[][] Bnb4Zeros = [[0, 8], [7]];

    // The weights of a mixture of experts with their scales and zero points.
    private static readonly (int Value, int Scale, int Zero)[] Experts = [(2, 3, 11), (5, 6, 12), (8, 9, 13)];

    /// <summary>Inputs of the operator that may be packed, with their scales and zero points; -1 for none.</summary>
    public static (int Value, int Scale, int Zero)[] Of(string op) => op switch
    {
        "MatMulNBits" => [(1, 2, 3)],
        "MatMulBnb4" => [(1, 2, -1)],
        "GatherBlockQuantized" => [(0, 2, 3)],
        "QMoE" => Experts,
        _ => [],
    };

    /// <summary>How an input of a node is packed; null where it is not, or in a way that is not known.</summary>
    public static PackedWeights? Of(NodeProto node, int input, ReadOnlySpan<int> stored, int elementType)
    {
        if (elementType != (int)DataType.Uint8 || stored.Length == 0
            || !Array.Exists(Of(node.OpType), packed => packed.Value == input))
            return null;
        var attributes = new AttributeReader(node);
        int[]? dims = node.OpType switch
        {
            "MatMulNBits" or "MatMulBnb4" => [(int)attributes.Int("N", 0), (int)attributes.Int("K", 0)],
            "QMoE" when IsFloat(node) => [.. stored[..^1], stored[^1] * 2],
            _ => [.. stored[..^1], checked(stored[^1] * 8 / BitsOf(node))],
        };
        return dims.Any(dim => dim < 1) ? null : new PackedWeights(node, input, dims);
    }

    /// <summary>
    /// The stored integers less their zero points, as one number each: 0 exactly where the weight is zero. Null where the
    /// node's inputs do not have the lengths of the packing.
    /// </summary>
    public double[]? Unpack(StoredTensors stored)
    {
        var bytes = stored.Doubles(Node.Input[Input]);
        return Node.OpType switch
        {
            "MatMulBnb4" => Bnb4(bytes),
            "MatMulNBits" => Blocks(bytes, stored),
            // Four-bit floats, whose highest bit is their sign.
            "QMoE" when IsFloat(Node) => Shifted(Numbers(bytes, Dims[^1], Dims[^1] / 2, 4), (value, _) => value & 7),
            _ => Rows(bytes, stored),
        };
    }

    private int Rank => Dims.Length;

    private static bool IsFloat(NodeProto node) => new AttributeReader(node).Text("quant_type", "int") != "int";

    private static int BitsOf(NodeProto node) =>
        (int)new AttributeReader(node).Int(node.OpType == "QMoE" ? "expert_weight_bits" : "bits", 4);

    private string? Zeros
    {
        get
        {
            var at = Of(Node.OpType).First(packed => packed.Value == Input).Zero;
            return at >= 0 && at < Node.Input.Count && Node.Input[at].Length > 0 ? Node.Input[at] : null;
        }
    }

    private double[]? Bnb4(double[] bytes)
    {
        var count = Dims[0] * Dims[1];
        if (bytes.Length < (count + 1) / 2)
            return null;
        var zeros = Bnb4Zeros[new AttributeReader(Node).Int("quant_type", 1) == 0 ? 0 : 1];
        // The first of two numbers is the high half of the byte.
        int Code(int i) => i % 2 == 0 ? (int)bytes[i / 2] >> 4 : (int)bytes[i / 2] & 15;
        return [.. Enumerable.Range(0, count).Select(i => zeros.Contains(Code(i)) ? 0.0 : 1)];
    }

    /// <summary>Each row is a run of blocks, and each block begins at a byte.</summary>
    private double[]? Blocks(double[] bytes, StoredTensors stored)
    {
        var attributes = new AttributeReader(Node);
        var (rows, columns, bits, size) = (Dims[0], Dims[1], BitsOf(Node), (int)attributes.Int("block_size", 0));
        if (size < 1)
            return null;
        var blocks = (columns + size - 1) / size;
        var blob = size * bits / 8;
        if (bytes.Length != (long)rows * blocks * blob)
            return null;
        double[]? zeros = null;
        if (Zeros is { } name)
        {
            if (!stored.Contains(name))
                return null;
            zeros = stored.Doubles(name);
            if (stored.ElementType(name) == (int)DataType.Uint8)
                zeros = zeros.Length % rows == 0 ? Numbers(zeros, blocks, zeros.Length / rows, bits) : null;
            if (zeros is null || zeros.Length != rows * blocks)
                return null;
        }
        var numbers = Numbers(bytes, size, blob, bits);
        return [.. Enumerable.Range(0, rows * columns).Select(i =>
        {
            var block = i / columns * blocks + i % columns / size;
            return numbers[block * size + i % columns % size] - (zeros?[block] ?? 1 << (bits - 1));
        })];
    }

    /// <summary>The last axis is packed as it lies, and a zero point holds for a block of one axis.</summary>
    private double[]? Rows(double[] bytes, StoredTensors stored)
    {
        var attributes = new AttributeReader(Node);
        var (bits, packed) = (BitsOf(Node), Dims[^1] * BitsOf(Node) / 8);
        var values = Numbers(bytes, Dims[^1], packed, bits);
        if (Zeros is not { } name)
            return Shifted(values, (value, _) => value - (1 << (bits - 1)));
        if (!stored.Contains(name))
            return null;
        var isExperts = Node.OpType == "QMoE";
        var axis = Shapes.Axis(isExperts ? -1 : (int)attributes.Int("quantize_axis", 1), Rank);
        var size = (int)attributes.Int("block_size", isExperts ? Dims[^1] : 128);
        int[] dims = [.. Dims.Select((dim, i) => i == axis ? (dim + size - 1) / size : dim)];
        var count = Shapes.Count(dims);
        var stores = stored.Doubles(name);
        // Columns of experts have one zero point each, packed along the columns.
        var run = isExperts && stored.Dims(name).Length < Rank ? dims[^2] : dims[^1];
        if (run == 0 || stores.Length * 8 / bits < count || stores.Length % (count / run) != 0)
            return null;
        var zeros = Numbers(stores, run, stores.Length / (count / run), bits);
        var (strides, zeroStrides) = (ElementMaps.Strides(Dims), ElementMaps.Strides(dims));
        return Shifted(values, (value, i) =>
        {
            var at = 0;
            for (var a = 0; a < Rank; a++)
                at += i / strides[a] % Dims[a] / (a == axis ? size : 1) * zeroStrides[a];
            return value - zeros[at];
        });
    }

    /// <summary>Runs of numbers, each of which begins at a byte; the lowest bits of a byte come first.</summary>
    private static double[] Numbers(double[] bytes, int run, int runBytes, int bits)
    {
        var runs = runBytes == 0 ? 0 : bytes.Length / runBytes;
        var numbers = new double[runs * run];
        for (var i = 0; i < numbers.Length; i++)
        {
            var (first, number) = (i / run * runBytes, 0);
            for (var bit = 0; bit < bits; bit++)
            {
                var at = i % run * bits + bit;
                number |= (((int)bytes[first + at / 8] >> (at % 8)) & 1) << bit;
            }
            numbers[i] = number;
        }
        return numbers;
    }

    private static double[] Shifted(double[] values, Func<int, int, double> shift) =>
        [.. values.Select((value, i) => shift((int)value, i))];
}
