using Emergence.Tracing.Model;

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
            return Reread(output with { ElementType = (int)Onnx.TensorProto.Types.DataType.Float });
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

    private static TracedTensor Reread(TracedTensor output)
    {
        foreach (var carry in output.Carries.Where(carry => carry.Layer.Read.Name == output.Name))
            carry.Layer.Read = output;
        return output;
    }
}
