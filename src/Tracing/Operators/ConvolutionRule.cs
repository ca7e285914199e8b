using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>Conv and ConvTranspose of any rank, with groups, dilation and every way to say padding.</summary>
internal sealed class ConvolutionRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops =>
        ["Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "DeformConv", "com.microsoft::FusedConv"];

    public override void Apply(NodeContext node)
    {
        var (data, weight) = (node.Shaped(0), node.Shaped(WeightOf(node.Op)));
        if (data.Rank < 3 || weight.Rank != data.Rank)
            throw new TraceException($"input of rank {data.Rank} and weight of rank {weight.Rank} make no convolution");
        var groups = node.Attributes.Positive("group", 1);
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
            node.Trace.Diagnostics.Add(
                Checkpoints.Diagnostic.Warning(node.Name,
                $"{node.Op} with a weight that is computed, not stored: it is not counted as a layer; what follows is fed by "
                + "what it reads"));
            node.Output(output with { Carries = Trace.Mix([data, weight]) });
            return;
        }
        foreach (var axis in data.Axes.Skip(1))
            axis.Contract();
        output = node.Trace.Open(node, output, [data], [weight.Name], groups, convolution: true);
        if (BiasOf(node.Op) is { } bias && node.Optional(bias) is { } shift)
            output = shift.IsConstant ? WithBias(node, output, shift) : node.Trace.Combine(output, shift, output);
        node.Output(FusedActivation.Apply(node, QuantizedOutput.Of(node, output)));
    }

    public override int? SampleAxis(OperatorCall call, int input) => input == 0 ? 0 : null;

    public override IEnumerable<int> Mixes(OperatorCall call) => From(1, call.Shape(0));

    public override LayerWeights? Weights(OperatorCall call)
    {
        var (data, weight, transposed) = (call.Shape(0), call.Shape(WeightOf(call.Op)), call.Op == "ConvTranspose");
        var weights = new LayerWeights(Data: 0, WeightOf(call.Op))
        {
            Summands = [.. BiasOf(call.Op) is { } bias ? [bias] : Array.Empty<int>(),
                .. call.Op == "FusedConv" ? [3] : Array.Empty<int>()],
            SummandsByChannel = true,
            ZeroPoint = call.Op switch { "QLinearConv" => 5, "ConvInteger" => 3, _ => -1 },
        };
        // Where a deformable convolution reads, the data say.
        return call.Op == "DeformConv" ? weights : weights with
        {
            InputAxis = transposed ? 0 : 1,
            OutputAxis = transposed ? 1 : 0,
            DataAxis = 1,
            Groups = call.Attributes.Positive("group", 1),
            Window = Window.Of(call.Attributes, data.AsSpan(2), weight.AsSpan(2), transposed),
            IsTransposed = transposed,
        };
    }

    private static int WeightOf(string op) => op == "QLinearConv" ? 3 : 1;

    private static int? BiasOf(string op) => op switch { "QLinearConv" => 8, "DeformConv" => 3, "ConvInteger" => null, _ => 2 };

    private static TracedTensor WithBias(NodeContext node, TracedTensor output, TracedTensor bias)
    {
        node.Trace.AddParameters(output.Carries[0].Layer, bias.Name, ParameterRole.Bias);
        return output;
    }
}
