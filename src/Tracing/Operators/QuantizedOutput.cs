using Emergence.Tracing.Model;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Operators;

/// <summary>The result of an operator that computes on quantized numbers and gives quantized ones.</summary>
internal static class QuantizedOutput
{
    /// <summary>The output with what its integers stand for, and its layer read as that.</summary>
    public static TracedTensor Of(NodeContext node, TracedTensor output) =>
        node.Op switch { "QLinearConv" or "QLinearMatMul" => 6, "QGemm" => 7, _ => -1 } is var scaleAt and >= 0
            ? Of(node, output, scaleAt)
            : output;

    /// <summary>The same with the scale at a given input and the zero point behind it.</summary>
    public static TracedTensor Of(NodeContext node, TracedTensor output, int scaleAt)
    {
        if (node.Optional(scaleAt) is not { } scale)
            return Reread(output with { ElementType = (int)DataType.Float });
        if (scale is not { HasShape: true, Count: 1 })
        {
            node.Trace.Diagnostics.Add(
                Checkpoints.Diagnostic.Warning(node.Name,
                $"this {node.Op} has a scale for each row of its output: its nodes are judged by their integers"));
            return output;
        }
        var zero = node.Optional(scaleAt + 1);
        return Reread(
            output with
            {
                ElementType = zero?.ElementType ?? output.ElementType,
                Quantization = new Quantization(scale.Name, zero?.Name ?? "")
            });
    }

    /// <summary>The type of the integers that a QuantizeLinear makes.</summary>
    public static int TypeOf(NodeContext node) => node.Optional(2)?.ElementType
        ?? (node.Attributes.Int("output_dtype", 0) is var type and > 0 ? type : (int)DataType.Uint8);

    /// <summary>What the integers of a QuantizeLinear stand for; null where there is no DequantizeLinear that tells it for all
    /// of them in float32.</summary>
    public static Quantization? QuantizationOf(NodeContext node)
    {
        var isKnown = (DataType)TypeOf(node) switch
        {
            DataType.Uint8 or DataType.Int8 => true,
            // The standard's operators took them later than com.microsoft's.
            DataType.Uint16 or DataType.Int16 or DataType.Uint4 or DataType.Int4 => node.Node.Domain is "" or "ai.onnx",
            _ => false,
        };
        return isKnown && node.Optional(1) is { HasShape: true, Count: 1, ElementType: (int)DataType.Float } scale
            ? new Quantization(scale.Name, node.Optional(2)?.Name ?? "")
            : null;
    }

    /// <summary>Whether integers stand for the same numbers by both; a zero point that is left out is 0.</summary>
    public static bool AreSame(Trace trace, Quantization one, Quantization other)
    {
        double[]? ValuesOf(string name) => name.Length == 0 ? [0] : trace.Constants.Evaluate(name)?.Values;
        bool IsSame(string a, string b) =>
            a == b || ValuesOf(a) is { } values && ValuesOf(b) is { } others && values.AsSpan().SequenceEqual(others);
        return IsSame(one.Scale, other.Scale) && IsSame(one.ZeroPoint, other.ZeroPoint);
    }

    private static TracedTensor Reread(TracedTensor output)
    {
        foreach (var carry in output.Carries.Where(carry => carry.Layer.Read.Name == output.Name))
            carry.Layer.Read = output;
        return output;
    }
}
