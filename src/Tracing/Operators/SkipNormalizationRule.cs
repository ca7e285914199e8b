using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>com.microsoft's fused residual connection and normalization: an Add, a bias and a
/// LayerNormalization in one node.</summary>
internal sealed class SkipNormalizationRule : OpRule
{
    public override OpKind Kind => OpKind.Normalization;

    public override ImmutableArray<string> Ops =>
        ["com.microsoft::SkipLayerNormalization", "com.microsoft::SkipSimplifiedLayerNormalization"];

    public override void Apply(NodeContext node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        var kept = node.OutputName(3);
        var plain = ElementwiseBinaryRule.Broadcast(node, a, b) with { Name = kept.Length > 0 ? kept : node.OutputName(0) };
        var sum = node.Trace.MergeAll([a, b], (joined, term) => node.Trace.Combine(joined, term, plain));
        var bias = node.Op == "SkipLayerNormalization" ? 4 : 3;
        var stored = node.Trace.TermsOf([a, b]).Where(term => term.IsConstant).Select(term => term.Name);
        sum = node.Trace.Adjust(sum, sum, [.. stored, .. node.Stored(bias)], ParameterRole.Bias);
        node.Output(3, sum);
        node.Output(node.Trace.Adjust(sum, sum with { Name = node.OutputName(0) }, node.Stored(Enumerable.Range(2, bias - 2)),
            ParameterRole.Normalization));
        for (var i = 1; i < 3; i++)
            node.Output(i, node.NewTensor(default, (int)TensorProto.Types.DataType.Float) with { Carries = Trace.Mix([sum]) });
    }

    public override IEnumerable<int> Mixes(OperatorCall call) => [call.Shape(0).Length - 1];

    public override ElementMap? Sources(OperatorCall call, int input, int output) => input < 2 && output is 0 or 3
        ? ElementMaps.Broadcast(call.Shape(input), Shapes.Broadcast(call.Shape(0), call.Shape(1)))
        : null;
}
