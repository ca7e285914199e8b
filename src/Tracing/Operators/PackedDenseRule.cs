using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Matrix products with a stored weight of a few bits per number, [N, K].</summary>
internal sealed class PackedDenseRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["com.microsoft::MatMulNBits", "com.microsoft::MatMulBnb4"];

    public override void Apply(NodeContext node)
    {
        var data = node.Shaped(0);
        var (inputs, outputs) = ((int)node.Attributes.Int("K", 0), (int)node.Attributes.Int("N", 0));
        if (data.Rank == 0 || data.Axes[^1].Size != inputs || outputs < 1)
            throw new TraceException($"K = {inputs} and N = {outputs} do not fit an input of [{Shapes.Text(data.Shape)}]");
        data.Axes[^1].Contract();
        ImmutableArray<Axis> axes =
            [.. data.Axes[..^1].Select(axis => axis.As(AxisRole.Sample)), Axis.Of(outputs, AxisRole.Channel)];
        var output = node.Trace.Open(node, node.NewTensor(axes, data.ElementType), node.Computed, node.Stored(1));
        foreach (var bias in node.Stored(5))
            node.Trace.AddParameters(output.Carries[0].Layer, bias, ParameterRole.Bias);
        node.Output(output);
    }

    public override LayerWeights? Weights(OperatorCall call) => new(Data: 0, Weight: 1)
    {
        OutputAxis = 0,
        InputAxis = 1,
        DataAxis = call.Shape(0).Length - 1,
        Summands = [5],
    };
}
