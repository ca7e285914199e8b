using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Elementwise operators on two or more tensors: a bias or a scale where one is stored, a residual connection where
/// all are computed, and often a step of an activation function written in several operators.
/// </summary>
internal sealed class ElementwiseBinaryRule : OpRule
{
    private static readonly Dictionary<string, Func<double, double, double>> Functions = new(StringComparer.Ordinal)
    {
        ["Add"] = (a, b) => a + b,
        ["Sub"] = (a, b) => a - b,
        ["Mul"] = (a, b) => a * b,
        ["Div"] = (a, b) => a / b,
        ["Max"] = Math.Max,
        ["Min"] = Math.Min,
        ["Pow"] = Math.Pow,
        ["Mod"] = (a, b) => b == 0 ? 0 : a - b * Math.Floor(a / b),
        ["Sum"] = (a, b) => a + b,
        ["Mean"] = (a, b) => (a + b) / 2,
    };

    public override OpKind Kind => OpKind.Merge;

    public override ImmutableArray<string> Ops { get; } = [.. Functions.Keys];

    /// <summary>The function of two numbers; null for any other operator.</summary>
    public static Func<double, double, double>? FunctionOf(OperatorCall call) =>
        call.Op == "Mod" && call.Attributes.Int("fmod", 0) == 1 ? (a, b) => a % b : Functions.GetValueOrDefault(call.Op);

    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        ElementMaps.Broadcast(call.Shape(input),
            Enumerable.Range(0, call.InputCount).Select(call.Shape).Aggregate((a, b) => Shapes.Broadcast(a, b)));

    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        var first = call.Known(0);
        var function = call.Op == "Div" && first.IsInteger ? (a, b) => b == 0 ? 0 : Math.Truncate(a / b) : FunctionOf(call)!;
        var operands = Enumerable.Range(0, call.InputCount).Select(call.Known).ToArray();
        var result = operands.Aggregate((a, b) => a.With(b, call.Op == "Mean" ? (x, y) => x + y : function));
        return [call.Op == "Mean" ? result.Map(sum => sum / operands.Length) : result];
    }

    public override void Apply(NodeContext node)
    {
        var value = node.Input(0);
        if (node.InputCount == 1)
        {
            node.Output(node.Trace.Pass(value, value with { Name = node.OutputName(0) }));
            return;
        }
        ImmutableArray<TracedTensor> operands = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        if (!Chain(node, operands, operands.AsEnumerable().Aggregate((a, b) => Broadcast(node, a, b))))
            node.Output(Apply(node, operands[0], operands[1]));
    }

    /// <summary>Defines the output of a node that joins more than two terms, or is a step of one that does; false for any
    /// other.</summary>
    public static bool Chain(NodeContext node, ImmutableArray<TracedTensor> operands, TracedTensor output)
    {
        var terms = node.Trace.TermsOf(operands);
        if (node.Trace.Postpone(node, operands, terms, output))
            return true;
        if (terms.Length < 3)
            return false;
        node.Output(node.Trace.MergeAll(operands, (sum, term) => Apply(node, sum, term)));
        return true;
    }

    private static TracedTensor Apply(NodeContext node, TracedTensor a, TracedTensor b)
    {
        var output = Broadcast(node, a, b) with { Name = node.OutputName(0) };
        if (a.IsConstant && b.IsConstant)
            return output;
        if (!a.IsConstant && !b.IsConstant)
            return node.Trace.Combine(a, b, output);
        var (data, constant) = a.IsConstant ? (b, a) : (a, b);
        if (SummedProduct.Of(node, data, constant, output) is { } product)
            return product;
        var role = node.Op is "Add" or "Sub" or "Sum" ? ParameterRole.Bias : ParameterRole.Normalization;
        // Bounds and exponents are no parameters, nor is the scale behind an integer product, which is part of the quantization.
        // Arithmetic on a part of a layer, such as the corners of boxes, has none either.
        var isParameter = Trace.IsParameter(constant, data)
            && node.Op is "Add" or "Sub" or "Sum" or "Mul" or "Div"
            && !(role == ParameterRole.Normalization && data.Carries is [{ Layer.Op: "MatMulInteger" or "ConvInteger" }]);
        return node.Trace.Adjust(data, output, isParameter ? [constant.Name] : [], role);
    }

    /// <summary>The broadcast of two tensors: each axis from the one that has it; where both have, from the one that knows
    /// what it counts, else from the later branch.</summary>
    public static TracedTensor Broadcast(NodeContext node, TracedTensor a, TracedTensor b)
    {
        var type = a.ElementType != 0 ? a.ElementType : b.ElementType;
        if (!a.HasShape || !b.HasShape)
            return node.NewTensor(default, type);
        Shapes.Broadcast(a.Shape, b.Shape);
        var (first, second) = a.IsConstant || (!b.IsConstant && Trace.Later(a, b) == b) ? (b, a) : (a, b);
        var rank = Math.Max(a.Rank, b.Rank);
        var axes = new Axis[rank];
        for (var i = 1; i <= rank; i++)
        {
            Axis? x = i <= first.Rank ? first.Axes[^i] : null, y = i <= second.Rank ? second.Axes[^i] : null;
            axes[^i] = x is null ? y!.Value : y is null ? x.Value : Broader(x.Value, y.Value);
        }
        return node.NewTensor([.. axes], type);
    }

    private static Axis Broader(Axis first, Axis second) =>
        first.Size > second.Size || first.Size == second.Size && (!HasNoRole(first) || HasNoRole(second)) ? first : second;

    private static bool HasNoRole(Axis axis) => axis.Factors.All(factor => factor.Role is null);
}
