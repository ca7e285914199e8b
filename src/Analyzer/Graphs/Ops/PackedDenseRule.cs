using System.Collections.Immutable;

namespace Emergence.Analyzer.Graphs.Ops;

/// <summary>Matrix products with a stored weight of a few bits per number, [N, K].</summary>
internal sealed class PackedDenseRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["com.microsoft::MatMulNBits", "com.microsoft::MatMulBnb4"];

    public override void Apply(NodeContext node)
    {
        var (data, weight) = (node.Shaped(0), node.Input(1));
        var (inputs, outputs) = ((int)node.Attributes.Int("K", 0), (int)node.Attributes.Int("N", 0));
        if (data.Rank == 0 || data.Axes[^1].Size != inputs || outputs < 1)
            throw new TraceException($"K = {inputs} and N = {outputs} do not fit an input of [{Shapes.Text(data.Shape)}]");
        data.Axes[^1].Contract();
        var output = node.NewTensor([.. data.Axes[..^1].Select(axis => axis.As(AxisRole.Sample)), Axis.Of(outputs, AxisRole.Channel)], data.ElementType);
        // Scales and zero points come from layers nowhere; where they are computed they feed the product.
        output = node.Trace.Open(node, output, node.Inputs.Where(input => !input.IsConstant), weight.IsConstant ? [weight.Name] : []);
        if (node.Op == "MatMulNBits" && node.Optional(5) is { IsConstant: true } bias)
            node.Trace.AddParameters(output.Carries[0].Layer, bias.Name, ParameterRole.Bias);
        node.Output(output);
    }
}
