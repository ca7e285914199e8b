using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>PRelu: a ReLU with a learned slope per channel, which counts among the layer's normalisation parameters.</summary>
internal sealed class PReluRule : OpRule
{
    public override OpKind Kind => OpKind.Activation;

    public override ImmutableArray<string> Ops => ["PRelu"];

    public override void Apply(NodeContext node)
    {
        var input = node.Input(0);
        foreach (var carry in input.Carries.Where(carry => carry.IsOpen && node.Input(1).IsConstant))
            node.Trace.AddParameters(carry.Layer, node.Input(1).Name, ParameterRole.Normalisation);
        node.Output(node.Trace.Activate(input, input with { Name = node.OutputName(0), Function = null }, "PRelu"));
    }
}
