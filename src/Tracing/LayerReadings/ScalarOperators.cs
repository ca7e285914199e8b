using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.LayerReadings;

/// <summary>Elementwise operators as functions of numbers, one number for each input.</summary>
internal static class ScalarOperators
{
    /// <summary>The node's function; null where an element of its result depends on more than one element of an input.</summary>
    public static Func<double[], double>? Of(NodeContext node)
    {
        if (node.Node.OpType == "PRelu")
            return x => x[0] < 0 ? x[0] * x[1] : x[0];
        if (node.Op == "Clip" && node.Opset >= 11)
            return x => Math.Min(Math.Max(x[0], At(x, 1, double.NegativeInfinity)), At(x, 2, double.PositiveInfinity));
        if (ElementwiseUnaryRule.FunctionOf(node.Call) is { } unary)
            return node.Op is "BiasGelu" or "FastGelu" ? x => unary(x[0] + At(x, 1, 0)) : x => unary(x[0]);
        if (ElementwiseBinaryRule.FunctionOf(node.Call) is { } binary)
            return node.Op == "Mean" ? x => x.Average() : x => x.Aggregate(binary);
        if (PredicateRule.FunctionOf(node.Op) is { } predicate)
            return x => predicate(x[0], x[1]) ? 1 : 0;
        return node.Op switch
        {
            "Where" => x => x[0] != 0 ? x[1] : x[2],
            "Not" => x => x[0] == 0 ? 1 : 0,
            "Identity" or "Dropout" => x => x[0],
            "Cast" or "CastLike" => Cast(node),
            "QuantizeLinear" => Quantize(node),
            "DequantizeLinear" => x => (x[0] - At(x, 2, 0)) * x[1],
            _ => null,
        };
    }

    private static double At(double[] x, int i, double otherwise) => i < x.Length && !double.IsNaN(x[i]) ? x[i] : otherwise;

    private static Func<double[], double> Cast(NodeContext node) => node.Outputs.FirstOrDefault() switch
    {
        { ElementType: (int)DataType.Bool } => x => x[0] != 0 ? 1 : 0,
        { IsFloat: true } or null => x => x[0],
        _ => x => Math.Truncate(x[0]),
    };

    private static Func<double[], double>? Quantize(NodeContext node)
    {
        var type = (DataType)(node.Optional(2)?.ElementType ?? (int)node.Attributes.Int("output_dtype", 0));
        (double Low, double High)? range = type switch
        {
            DataType.Undefined or DataType.Uint8 => (0, 255),
            DataType.Int8 => (-128, 127),
            DataType.Uint16 => (0, 65535),
            DataType.Int16 => (-32768, 32767),
            DataType.Int4 => (-8, 7),
            DataType.Uint4 => (0, 15),
            DataType.Int2 => (-2, 1),
            DataType.Uint2 => (0, 3),
            DataType.Int32 => (int.MinValue, int.MaxValue),
            // Floats of eight bits are rounded, with no saturation near the values that matter.
            _ => null,
        };
        return range is { } bounds
            ? x => Math.Clamp(Math.Round(x[0] / x[1], MidpointRounding.ToEven) + At(x, 2, 0), bounds.Low, bounds.High)
            : x => x[0] / x[1];
    }
}
