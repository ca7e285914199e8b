using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Graphs.Ops;

/// <summary>com.microsoft's fused residual connection and normalisation: an Add, a bias and a LayerNormalization in one node.</summary>
internal sealed class SkipNormalisationRule : OpRule
{
    public override OpKind Kind => OpKind.Normalisation;

    public override ImmutableArray<string> Ops => ["com.microsoft::SkipLayerNormalization", "com.microsoft::SkipSimplifiedLayerNormalization"];

    public override void Apply(NodeContext node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        var kept = node.OutputName(3);
        var sum = ElementwiseBinaryRule.Broadcast(node, a, b) with { Name = kept.Length > 0 ? kept : node.OutputName(0) };
        sum = node.Trace.Combine(a, b, sum);
        var bias = node.Op == "SkipLayerNormalization" ? 4 : 3;
        sum = node.Trace.Adjust(sum, sum, node.Stored(0, 1, bias), ParameterRole.Bias);
        node.Output(3, sum);
        // The sum is read by the normalization in here too: with another reader it forks, and is where its layer is read.
        var isForked = node.Trace.IsRead(kept);
        var source = isForked ? sum with { Carries = [.. sum.Carries.Select(carry => carry with { IsForked = true })] } : sum;
        var output = sum with { Name = node.OutputName(0), Function = null };
        node.Output(node.Trace.Adjust(source, output, node.Stored(Enumerable.Range(2, bias - 2)), ParameterRole.Normalisation));
        for (var i = 1; i < 3; i++)
            node.Output(i, node.NewTensor(default, (int)TensorProto.Types.DataType.Float) with { Carries = Trace.Mix([sum]) });
    }
}
