using Emergence.Checkpoints;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Graphs;

/// <summary>Counts the elements of stored tensors and those that are zero; a quantised zero is its zero point.</summary>
internal sealed class ParameterCounts(StoredTensors stored, IReadOnlyList<NodeProto> nodes)
{
    private readonly Dictionary<string, (long Count, long Nonzero)> _counts = new(StringComparer.Ordinal);

    // Which input holds the zero point of which, by operator.
    private static readonly Dictionary<string, (int Value, int ZeroPoint)[]> ZeroPoints = new(StringComparer.Ordinal)
    {
        ["DequantizeLinear"] = [(0, 2)],
        ["QLinearConv"] = [(3, 5)],
        ["QLinearMatMul"] = [(3, 5), (0, 2)],
        ["QGemm"] = [(3, 5)],
        ["ConvInteger"] = [(1, 3)],
        ["MatMulInteger"] = [(1, 3), (0, 2)],
        ["DynamicQuantizeMatMul"] = [(1, 3)],
    };

    public LayerParameter Of(string tensor, ParameterRole role)
    {
        if (!_counts.TryGetValue(tensor, out var counts))
            _counts[tensor] = counts = Count(tensor);
        return new LayerParameter(tensor, role, counts.Count, counts.Nonzero);
    }

    /// <summary>True for element types that can hold a weight.</summary>
    public static bool IsNumber(int elementType) => (DataType)elementType is DataType.Float or DataType.Float16 or DataType.Bfloat16 or DataType.Double
        or DataType.Int8 or DataType.Uint8 or DataType.Int4 or DataType.Uint4
        or DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz;

    private (long Count, long Nonzero) Count(string tensor)
    {
        if ((DataType)stored.ElementType(tensor) is DataType.Float)
        {
            var floats = stored.Floats(tensor);
            return (floats.Length, floats.AsSpan().Length - System.MemoryExtensions.Count(floats, 0f));
        }
        var values = stored.Doubles(tensor);
        var zero = ZeroPoint(tensor);
        var nonzero = 0L;
        // One zero point for all, or one for each slice of an axis.
        var dims = stored.Dims(tensor);
        var axis = zero.Length > 1 ? dims.IndexOf(zero.Length) : -1;
        var inner = axis < 0 ? 1 : dims.Skip(axis + 1).Aggregate(1L, (count, dim) => count * dim);
        for (var i = 0L; i < values.Length; i++)
            nonzero += values[i] != (axis < 0 ? zero[0] : zero[i / inner % zero.Length]) ? 1 : 0;
        return (values.Length, nonzero);
    }

    private double[] ZeroPoint(string tensor)
    {
        foreach (var node in nodes)
        {
            foreach (var (value, zero) in ZeroPoints.GetValueOrDefault(node.OpType, []))
            {
                if (value < node.Input.Count && node.Input[value] == tensor && zero < node.Input.Count && stored.Contains(node.Input[zero]))
                    return stored.Doubles(node.Input[zero]);
            }
        }
        return [0];
    }
}
