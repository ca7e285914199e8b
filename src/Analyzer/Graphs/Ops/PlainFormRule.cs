using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Graphs.Ops;

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
        var plain = PlainForm.Of(node.Node);
        foreach (var (position, input) in PlainForm.InputsOf(node.Node).Index())
        {
            if (node.Optional(input) is { IsConstant: true } constant && PlainForm.IsQuantised(node.Node, input))
                plain.Input[position] = Dequantised(node, constant, input);
        }
        OpRules.Find("", plain.OpType)!.Apply(new NodeContext(plain, node.Order, StandardOpset, node.Trace));
        if (PlainForm.ScaleOf(node.Node) is var scale and >= 0 && node.Trace.Tensor(node.OutputName(0)) is { } output)
        {
            var type = node.Input(PlainForm.InputsOf(node.Node).Last()).ElementType;
            node.Trace.Define(QuantisedOutput.Of(node, output with { ElementType = type }, scale));
        }
    }

    /// <summary>Gives the trace what a stored operand stands for, under a name that no tensor of the model can bear.</summary>
    private static string Dequantised(NodeContext node, TracedTensor constant, int input)
    {
        var name = $"{constant.Name} of {node.OutputName(0)}, dequantized\n{input}";
        var dequantize = new NodeProto { OpType = "DequantizeLinear", Output = { name } };
        dequantize.Input.Add(node.Node.Input.Skip(input).Take(3));
        node.Trace.Constants.AddProducer(dequantize, StandardOpset);
        node.Trace.Define(constant with { Name = name, ElementType = (int)TensorProto.Types.DataType.Float });
        return name;
    }
}
