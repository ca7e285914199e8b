using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Elementwise functions of one tensor. Linear ones adjust a layer, all others close it.</summary>
internal sealed class ElementwiseUnaryRule : OpRule
{
    private static readonly Dictionary<string, Func<OperatorCall, Func<double, double>>> Functions = new(StringComparer.Ordinal)
    {
        ["Abs"] = _ => Math.Abs,
        ["Acos"] = _ => Math.Acos,
        ["Acosh"] = _ => Math.Acosh,
        ["Asin"] = _ => Math.Asin,
        ["Asinh"] = _ => Math.Asinh,
        ["Atan"] = _ => Math.Atan,
        ["Atanh"] = _ => Math.Atanh,
        ["Ceil"] = _ => Math.Ceiling,
        ["Celu"] = call => Celu(call.Attributes.Float("alpha", 1)),
        ["Clip"] = Clip,
        ["Cos"] = _ => Math.Cos,
        ["Cosh"] = _ => Math.Cosh,
        ["Elu"] = call => Elu(call.Attributes.Float("alpha", 1)),
        ["Erf"] = _ => ScalarFunction.Erf,
        ["Exp"] = _ => Math.Exp,
        ["Floor"] = _ => Math.Floor,
        ["Gelu"] = call => call.Attributes.Text("approximate", "none") == "tanh"
            ? x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
            : x => 0.5 * x * (1 + ScalarFunction.Erf(x / Math.Sqrt(2))),
        ["HardSigmoid"] = call => HardSigmoid(call.Attributes.Float("alpha", 0.2f), call.Attributes.Float("beta", 0.5f)),
        ["HardSwish"] = _ => x => x * Math.Clamp(x / 6 + 0.5, 0, 1),
        ["LeakyRelu"] = call => LeakyRelu(call.Attributes.Float("alpha", 0.01f)),
        ["Log"] = _ => Math.Log,
        ["Mish"] = _ => x => x * Math.Tanh(ScalarFunction.Softplus(x)),
        ["Neg"] = _ => x => -x,
        ["Reciprocal"] = _ => x => 1 / x,
        ["Relu"] = _ => x => Math.Max(x, 0),
        ["Round"] = _ => x => Math.Round(x, MidpointRounding.ToEven),
        ["Selu"] = call => Selu(call.Attributes.Float("alpha", 1.67326319f), call.Attributes.Float("gamma", 1.05070102f)),
        ["Shrink"] = call => Shrink(call.Attributes.Float("lambd", 0.5f), call.Attributes.Float("bias", 0)),
        ["Sigmoid"] = _ => ScalarFunction.Sigmoid,
        ["Sign"] = _ => x => Math.Sign(x),
        ["Sin"] = _ => Math.Sin,
        ["Sinh"] = _ => Math.Sinh,
        ["Softplus"] = _ => ScalarFunction.Softplus,
        ["Softsign"] = _ => x => x / (1 + Math.Abs(x)),
        ["Sqrt"] = _ => Math.Sqrt,
        ["Swish"] = call => Swish(call.Attributes.Float("alpha", 1)),
        ["Tan"] = _ => Math.Tan,
        ["Tanh"] = _ => Math.Tanh,
        ["ThresholdedRelu"] = call => ThresholdedRelu(call.Attributes.Float("alpha", 1)),
        ["com.microsoft::Gelu"] = _ => x => 0.5 * x * (1 + ScalarFunction.Erf(x / Math.Sqrt(2))),
        ["com.microsoft::FastGelu"] = _ => x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        ["com.microsoft::QuickGelu"] = call => Swish(call.Attributes.Float("alpha", 1.702f)),
        ["com.microsoft::BiasGelu"] = _ => x => 0.5 * x * (1 + ScalarFunction.Erf(x / Math.Sqrt(2))),
    };

    public override OpKind Kind => OpKind.Activation;

    public override ImmutableArray<string> Ops { get; } = [.. Functions.Keys];

    public override void Apply(NodeContext node)
    {
        var input = node.Input(0);
        string[] bias =
            node.Op is "BiasGelu" or "FastGelu" && node.Optional(1) is { IsConstant: true } stored ? [stored.Name] : [];
        node.Output(node.Trace.Adjust(input, input with { Name = node.OutputName(0) }, bias, ParameterRole.Bias));
    }

    /// <summary>The function; null for any other node.</summary>
    public static Func<double, double>? FunctionOf(OperatorCall call) =>
        Functions.TryGetValue(Key(call), out var function) ? function(call) : null;

    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        input == 0 ? ElementMap.Identity(Shapes.Count(call.Shape(0))) : null;

    /// <summary>Not evaluated where a bias is fused in.</summary>
    public override ConstantTensor[]? Fold(OperatorCall call) =>
        call.Op is "BiasGelu" or "FastGelu" && call.Has(1) ? null : [call.Known(0).Map(FunctionOf(call)!)];

    private static string Key(OperatorCall call) =>
        call.Node.Domain.Length > 0 && call.Node.Domain != "ai.onnx" ? $"{call.Node.Domain}::{call.Op}" : call.Op;

    private static Func<double, double> Clip(OperatorCall call)
    {
        double Bound(int input, string attribute, double otherwise) =>
            call.Opset < 11 ? call.Attributes.Has(attribute) ? call.Attributes.Float(attribute, 0) : otherwise
            : call.IsKnown(input) ? call.Number(input) : otherwise;
        var low = Bound(1, "min", double.NegativeInfinity);
        var high = Math.Max(low, Bound(2, "max", double.PositiveInfinity));
        return x => Math.Clamp(x, low, high);
    }

    private static Func<double, double> Celu(double alpha) => x =>
        Math.Max(0, x) + Math.Min(0, alpha * (Math.Exp(x / alpha) - 1));

    private static Func<double, double> Elu(double alpha) => x => x < 0 ? alpha * (Math.Exp(x) - 1) : x;

    private static Func<double, double> Selu(double alpha, double gamma) => x => gamma * (x < 0 ? alpha * (Math.Exp(x) - 1) : x);

    private static Func<double, double> HardSigmoid(double alpha, double beta) => x => Math.Clamp(alpha * x + beta, 0, 1);

    private static Func<double, double> LeakyRelu(double alpha) => x => x < 0 ? alpha * x : x;

    private static Func<double, double> Swish(double alpha) => x => x * ScalarFunction.Sigmoid(alpha * x);

    private static Func<double, double> Shrink(double lambda, double bias) => x =>
        x < -lambda ? x + bias : x > lambda ? x - bias : 0;

    private static Func<double, double> ThresholdedRelu(double alpha) => x => x > alpha ? x : 0;
}
