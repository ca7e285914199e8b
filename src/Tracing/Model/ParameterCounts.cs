using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Model;

/// <summary>Counts the elements of stored tensors and those that are zero; a quantized zero is its zero point.</summary>
internal sealed class ParameterCounts(StoredTensors stored, IReadOnlyList<NodeProto> nodes)
{
    private readonly Dictionary<string, LayerParameter> _known = new(StringComparer.Ordinal);
    private readonly TiedWeights _tied = new(stored);

    private readonly Quantizations _quantizations = new(stored, nodes);

    public LayerParameter Of(string tensor, ParameterRole role)
    {
        if (!_known.TryGetValue(tensor, out var known))
        {
            var (count, nonzero) = Count(tensor);
            _known[tensor] = known = new LayerParameter(tensor, role, count, nonzero)
            {
                IsPacked = _quantizations.PackedOf(tensor) is not null,
                Original = role == ParameterRole.Weight ? _tied.OriginalOf(tensor) : tensor,
            };
        }
        return known with { Role = role };
    }

    /// <summary>True for element types that can hold a weight.</summary>
    public static bool IsNumber(int elementType) =>
        (DataType)elementType is DataType.Float or DataType.Float16 or DataType.Bfloat16 or DataType.Double
        or DataType.Int8 or DataType.Uint8 or DataType.Int4 or DataType.Uint4
        or DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz;

    private (long Count, long Nonzero) Count(string tensor)
    {
        var (length, nonzero) = (0L, 0L);
        if ((DataType)stored.ElementType(tensor) is DataType.Float)
        {
            stored.VisitFloats(tensor, values =>
            {
                length += values.Length;
                nonzero += values.Length - values.Count(0f);
            });
            return (length, nonzero);
        }
        if (_quantizations.PackedOf(tensor) is { } packed)
        {
            // What cannot be unpacked counts as not zero.
            var count = (long)Shapes.Count(packed.Dims);
            return (count, packed.Unpack(stored)?.LongCount(value => value != 0) ?? count);
        }
        var quantization = _quantizations.Of(tensor);
        stored.VisitDoubles(tensor, values =>
        {
            foreach (var value in values)
                nonzero += value != quantization.ZeroAt(checked((int)length++)) ? 1 : 0;
        });
        return (length, nonzero);
    }
}
