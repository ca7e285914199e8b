using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Attention in one operator. Standard and multi-head forms take Q, K and V, which all feed what follows; com.microsoft's
/// Attention holds the projection to Q, K and V itself and is a layer.
/// </summary>
internal sealed class AttentionRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops =>
        ["Attention", "com.microsoft::Attention", "com.microsoft::MultiHeadAttention", "com.microsoft::GroupQueryAttention"];

    public override void Apply(NodeContext node)
    {
        var query = node.Shaped(0);
        if (node.Op == "Attention" && node.Node.Domain == "com.microsoft")
        {
            Fused(node, query);
            return;
        }
        var (key, value) = (node.Optional(1), node.Optional(2));
        var sources = new[] { query, key, value }.OfType<TracedTensor>().ToArray();
        var axes = query.Axes;
        if (value is { HasShape: true } && value.Rank == axes.Length)
        {
            // Heads of V may be shared between heads of Q: the width is that of V's head times Q's heads.
            var heads = node.Attributes.Int("q_num_heads", 0);
            var valueHeads = node.Attributes.Int("kv_num_heads", heads);
            var width = axes.Length == 3 && heads > 0 && valueHeads > 0 ? value.Axes[^1].Size / (int)valueHeads * (int)heads : value.Axes[^1].Size;
            axes = [.. axes[..^1], width == value.Axes[^1].Size ? value.Axes[^1] : Axis.Of(width, AxisRole.Channel)];
        }
        node.Output(node.NewTensor(axes, query.ElementType) with { Carries = Trace.Mix(sources) });
        for (var i = 1; i < node.Node.Output.Count; i++)
            node.Output(i, node.NewTensor(default, query.ElementType) with { Carries = Trace.Mix(sources) });
    }

    private static void Fused(NodeContext node, TracedTensor data)
    {
        var weight = node.Shaped(1);
        var width = node.Attributes.Ints("qkv_hidden_sizes") is [_, _, var v] ? (int)v : weight.Axes[^1].Size / 3;
        data.Axes[^1].Contract();
        var axes = data.Axes[..^1].Select(axis => axis.As(AxisRole.Sample)).Append(Axis.Of(width, AxisRole.Channel)).ToImmutableArray();
        var output = node.Trace.Open(node, node.NewTensor(axes, data.ElementType), [data], weight.IsConstant ? [weight.Name] : []);
        if (node.Optional(2) is { IsConstant: true } bias)
            node.Trace.AddParameters(output.Carries[0].Layer, bias.Name, ParameterRole.Bias);
        node.Output(output);
        for (var i = 1; i < node.Node.Output.Count; i++)
            node.Output(i, node.NewTensor(default, data.ElementType) with { Carries = Trace.Mix([output]) });
    }
}
