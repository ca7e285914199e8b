using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>com.microsoft's fused residual connection and normalisation: an Add, a bias and a LayerNormalization in one node.</summary>
internal sealed class SkipNormalisationRule : OpRule
{
    public override OpKind Kind => OpKind.Normalisation;

    public override ImmutableArray<string> Ops => ["com.microsoft::SkipLayerNormalization", "com.microsoft::SkipSimplifiedLayerNormalization"];

    public override void Apply(NodeContext node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        var sum = ElementwiseBinaryRule.Broadcast(node, a, b) with { Name = node.OutputName(3) is { Length: > 0 } kept ? kept : node.OutputName(0) };
        sum = node.Trace.Combine(a, b, sum);
        var constants = Enumerable.Range(2, Math.Max(0, node.InputCount - 2)).Select(node.Optional).OfType<TracedTensor>().Where(tensor => tensor.IsConstant).Select(tensor => tensor.Name);
        node.Output(node.Trace.Adjust(sum, sum with { Name = node.OutputName(0) }, constants, ParameterRole.Normalisation));
        node.Output(3, sum);
    }
}
