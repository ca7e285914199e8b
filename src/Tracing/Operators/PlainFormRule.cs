using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// com.microsoft's operators that have a form in the standard: traced as that one, and read as what their integers stand
/// for where they compute on quantized numbers.
/// </summary>
internal sealed class PlainFormRule : OpRule
{
    // As young as the standard's operators with these inputs; QLinearReduceMean has its axes as an attribute all the same.
    private const int StandardOpset = 13;

    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops => PlainForm.Ops;

    public override void Apply(NodeContext node)
    {
        foreach (var input in PlainForm.InputsOf(node.Node))
        {
            if (node.Optional(input) is { IsConstant: true } constant && PlainForm.IsQuantized(node.Node, input))
                Dequantize(node, constant, input);
        }
        var plain = ContextOf(node);
        OpRules.Find("", plain.Op)!.Apply(plain);
        if (PlainForm.ScaleOf(node.Node) is var scale and >= 0 && node.Trace.Tensor(node.OutputName(0)) is { } output)
        {
            var type = node.Input(PlainForm.InputsOf(node.Node).Last()).ElementType;
            node.Trace.Define(QuantizedOutput.Of(node, output with { ElementType = type }, scale));
        }
    }

    public override ValueFlow? Flow(OperatorCall call)
    {
        var plain = call.As(PlainForm.Of(call.Node), StandardOpset);
        return OpRules.Find("", plain.Op)!.Flow(plain);
    }

    public override int? SampleAxis(OperatorCall call, int input)
    {
        var plain = call.As(PlainForm.Of(call.Node), StandardOpset);
        return PositionOf(call, input) is { } position ? OpRules.Find("", plain.Op)!.SampleAxis(plain, position) : null;
    }

    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        var plain = call.As(PlainForm.Of(call.Node), StandardOpset);
        return OpRules.Find("", plain.Op)!.Mixes(plain);
    }

    /// <summary>As the standard's operator says; scales and zero points hold no elements.</summary>
    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        var plain = call.As(PlainForm.Of(call.Node), StandardOpset);
        return PositionOf(call, input) is { } position ? OpRules.Find("", plain.Op)!.Sources(plain, position, output) : null;
    }

    /// <summary>As the standard's operator does, where no numbers are quantized.</summary>
    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        var plain = call.As(PlainForm.Of(call.Node), StandardOpset);
        return PlainForm.ScaleOf(call.Node) >= 0 ? null : OpRules.Find("", plain.Op)!.Fold(plain);
    }

    /// <summary>The node in the standard's form, its stored operands as what they stand for; itself where
    /// it has no other form.</summary>
    public static NodeContext ContextOf(NodeContext node)
    {
        var plain = PlainForm.Of(node.Node);
        if (ReferenceEquals(plain, node.Node))
            return node;
        foreach (var (position, input) in PlainForm.InputsOf(node.Node).Index())
        {
            if (node.Optional(input) is { IsConstant: true } constant && PlainForm.IsQuantized(node.Node, input))
                plain.Input[position] = NameOf(node, constant, input);
        }
        return new NodeContext(plain, node.Order, StandardOpset, node.Trace)
        {
            IsOnMeanings = PlainForm.ScaleOf(node.Node) >= 0,
        };
    }

    /// <summary>Which input of the plain form an input is; null for scales and zero points.</summary>
    private static int? PositionOf(OperatorCall call, int input) =>
        PlainForm.InputsOf(call.Node).Index().Where(pair => pair.Item == input).Select(pair => (int?)pair.Index).FirstOrDefault();

    /// <summary>A name that no tensor of the model can bear.</summary>
    private static string NameOf(NodeContext node, TracedTensor constant, int input) =>
        $"{constant.Name} of {node.OutputName(0)}, dequantized\n{input}";

    /// <summary>Gives the trace what a stored operand stands for.</summary>
    private static void Dequantize(NodeContext node, TracedTensor constant, int input)
    {
        var name = NameOf(node, constant, input);
        var dequantize = new NodeProto { OpType = "DequantizeLinear", Output = { name } };
        dequantize.Input.Add(node.Node.Input.Skip(input).Take(3));
        node.Trace.Constants.AddProducer(dequantize, StandardOpset);
        node.Trace.Define(constant with { Name = name, ElementType = (int)TensorProto.Types.DataType.Float });
    }
}
