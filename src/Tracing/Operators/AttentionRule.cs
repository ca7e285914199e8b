using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Attention that holds the projection to queries, keys and values itself: a layer whose nodes are the features of its output,
/// since what it projects to leaves it nowhere.
/// </summary>
internal sealed class AttentionRule : OpRule
{
    // Which inputs are weights and biases.
    private static readonly Dictionary<string, (int[] Weights, int[] Biases)> Parameters = new(StringComparer.Ordinal)
    {
        ["com.microsoft::Attention"] = ([1], [2]),
        ["com.microsoft::DecoderMaskedSelfAttention"] = ([1], [2]),
        ["com.microsoft::PackedAttention"] = ([1], [2]),
        ["com.microsoft::QAttention"] = ([1], [2]),
        ["com.microsoft::LongformerAttention"] = ([1, 4], [2, 5]),
        ["com.microsoft::DecoderAttention"] = ([2, 3], [4]),
    };

    public override int? SampleAxis(OperatorCall call, int input) =>
        input < 3 && call.Op is "Attention" or "MultiHeadAttention" or "GroupQueryAttention" ? 0 : null;

    public override IEnumerable<int> Mixes(OperatorCall call) => From(1, call.Shape(0));

    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops { get; } = [.. Parameters.Keys];

    public override void Apply(NodeContext node)
    {
        var (weights, biases) = Parameters[$"{node.Node.Domain}::{node.Op}"];
        var (data, weight) = (node.Shaped(0), node.Shaped(weights[0]));
        var width = node.Attributes.Ints("qkv_hidden_sizes") is [_, _, var v] ? (int)v
            : node.Op == "DecoderAttention" ? weight.Axes[^1].Size : weight.Axes[^1].Size / 3;
        data.Axes[^1].Contract();
        var type = node.Op == "QAttention" ? node.Input(3).ElementType : data.ElementType;
        ImmutableArray<Axis> axes =
            [.. data.Axes[..^1].Select(axis => axis.As(AxisRole.Sample)), Axis.Of(width, AxisRole.Channel)];
        var output = node.Trace.Open(node, node.NewTensor(axes, type), node.Computed, node.Stored(weights));
        foreach (var bias in node.Stored(biases))
            node.Trace.AddParameters(output.Carries[0].Layer, bias, ParameterRole.Bias);
        node.Trace.Diagnostics.Add(Checkpoints.Diagnostic.Note(node.Name,
            $"this {node.Op} projects to queries, keys and values inside, where they cannot be read: its {width} outputs are "
            + "counted in their place; export the model without fused attention to count them"));
        node.Output(output);
        for (var i = 1; i < node.Node.Output.Count; i++)
            node.Output(i, node.NewTensor(default, type) with { Carries = Trace.Mix([output]) });
    }
}
