using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>A mixture of experts in one operator: its nodes are the features of its output, and its router
/// feeds it too.</summary>
internal sealed class ExpertsRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["com.microsoft::MoE", "com.microsoft::QMoE"];

    public override void Apply(NodeContext node)
    {
        var data = node.Shaped(0);
        data.Axes[^1].Contract();
        var (weights, biases) = node.Op == "MoE" ? ((int[])[2, 4, 6], (int[])[3, 5, 7]) : ([2, 5, 8], [4, 7, 10]);
        ImmutableArray<Axis> axes =
            [.. data.Axes[..^1].Select(axis => axis.As(AxisRole.Sample)), Axis.Of(data.Axes[^1].Size, AxisRole.Channel)];
        var output = node.Trace.Open(node, node.NewTensor(axes, data.ElementType), node.Computed, node.Stored(weights));
        foreach (var bias in node.Stored(biases))
            node.Trace.AddParameters(output.Carries[0].Layer, bias, ParameterRole.Bias);
        node.Output(output);
    }
}
