using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>PRelu: a ReLU with a learned slope per channel, which counts among the layer's normalization parameters.</summary>
internal sealed class PReluRule : OpRule
{
    public override OpKind Kind => OpKind.Activation;

    public override ImmutableArray<string> Ops => ["PRelu"];

    public override void Apply(NodeContext node)
    {
        var input = node.Input(0);
        string[] slope = node.Input(1) is { IsConstant: true } stored ? [stored.Name] : [];
        node.Output(node.Trace.Adjust(input, input with { Name = node.OutputName(0) }, slope, ParameterRole.Normalization));
    }

    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        input == 0 ? ElementMap.Identity(Shapes.Count(call.Shape(0))) : null;
}
