using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>Conv and ConvTranspose of any rank, with groups, dilation and every way to say padding.</summary>
internal sealed class ConvolutionRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv", "com.microsoft::FusedConv"];

    public override void Apply(NodeContext node)
    {
        var (data, weight) = (node.Shaped(0), node.Op == "QLinearConv" ? node.Shaped(3) : node.Shaped(1));
        if (data.Rank < 3 || weight.Rank != data.Rank)
            throw new TraceException($"input of rank {data.Rank} and weight of rank {weight.Rank} make no convolution");
        var groups = (int)node.Attributes.Int("group", 1);
        var transposed = node.Op == "ConvTranspose";
        var kernel = Window.Of(node.Attributes, data.Shape.AsSpan(2), weight.Shape.AsSpan(2), transposed);
        var filters = transposed ? weight.Axes[1].Size * groups : weight.Axes[0].Size;
        var inChannels = transposed ? weight.Axes[0].Size : weight.Axes[1].Size * groups;
        if (inChannels != data.Axes[1].Size)
            throw new TraceException($"input has {data.Axes[1].Size} channels, the weight wants {inChannels}");
        var spatial = transposed ? kernel.TransposedOutput(node.Attributes, data.Shape.AsSpan(2)) : kernel.Output;
        var output = node.NewTensor(
            [data.Axes[0], Axis.Of(filters, AxisRole.Channel), .. spatial.Select(size => Axis.Of(size, AxisRole.Position))],
            node.Op == "ConvInteger" ? (int)TensorProto.Types.DataType.Int32 : data.ElementType);
        if (!weight.IsConstant)
        {
            node.Trace.Diagnostics.Add(Checkpoints.Diagnostic.Warning(node.Name, $"{node.Op} with a weight that is computed, not stored: it is not counted as a layer; what follows is fed by what it reads"));
            node.Output(output with { Carries = Trace.Mix([data, weight]) });
            return;
        }
        foreach (var axis in data.Axes.Skip(1))
            axis.Contract();
        output = node.Trace.Open(node, output, [data], [weight.Name], groups, convolution: true);
        var bias = node.Op switch { "QLinearConv" => 8, "DeformConv" => 3, "ConvInteger" => -1, _ => 2 };
        if (bias >= 0 && node.Optional(bias) is { } shift)
            output = shift.IsConstant ? WithBias(node, output, shift) : node.Trace.Combine(output, shift, output);
        node.Output(FusedActivation.Apply(node, QuantisedOutput.Of(node, output)));
    }

    private static TracedTensor WithBias(NodeContext node, TracedTensor output, TracedTensor bias)
    {
        node.Trace.AddParameters(output.Carries[0].Layer, bias.Name, ParameterRole.Bias);
        return output;
    }
}
