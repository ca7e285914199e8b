using System.Collections.Immutable;

namespace Emergence.Analyzer.Graphs.Ops;

/// <summary>A mixture of experts in one operator: a layer whose nodes are the features of its output, fed by its router too.</summary>
internal sealed class ExpertsRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["com.microsoft::MoE", "com.microsoft::QMoE"];

    public override void Apply(NodeContext node)
    {
        var data = node.Shaped(0);
        data.Axes[^1].Contract();
        var (weights, biases) = node.Op == "MoE" ? ((int[])[2, 4, 6], (int[])[3, 5, 7]) : ([2, 5, 8], [4, 7, 10]);
        string[] Stored(int[] inputs) => [.. inputs.Select(node.Optional).OfType<TracedTensor>().Where(input => input.IsConstant).Select(input => input.Name)];
        var axes = data.Axes[..^1].Select(axis => axis.As(AxisRole.Sample)).Append(Axis.Of(data.Axes[^1].Size, AxisRole.Channel)).ToImmutableArray();
        var output = node.Trace.Open(node, node.NewTensor(axes, data.ElementType), node.Inputs.Where(input => !input.IsConstant), Stored(weights));
        foreach (var bias in Stored(biases))
            node.Trace.AddParameters(output.Carries[0].Layer, bias, ParameterRole.Bias);
        node.Output(output);
    }
}
