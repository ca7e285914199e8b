using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>Attention over computed queries, keys and values: what follows is fed by every layer that it reads.</summary>
internal sealed class AttentionProductRule : OpRule
{
    public override int? SampleAxis(OperatorCall call, int input) =>
        input < 3 && call.Op is "Attention" or "MultiHeadAttention" or "GroupQueryAttention" ? 0 : null;

    public override IEnumerable<int> Mixes(OperatorCall call) => From(1, call.Shape(0));

    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops =>
    [
        "Attention",
        "com.microsoft::MultiHeadAttention", "com.microsoft::DecoderMaskedMultiHeadAttention",
        "com.microsoft::PackedMultiHeadAttention",
        "com.microsoft::GroupQueryAttention", "com.microsoft::SparseAttention", "com.microsoft::PagedAttention",
    ];

    public override void Apply(NodeContext node)
    {
        var query = node.Shaped(0);
        var axes = node.Op switch
        {
            "GroupQueryAttention" or "SparseAttention" or "PagedAttention" => Grouped(node, query),
            "Attention" => Standard(node, query),
            _ => MultiHead(node, query),
        };
        // The bias of the projections in front, or a learned score beside those of the keys: parameters of what it is added to.
        var parameters = node.Op switch
        {
            "MultiHeadAttention" or "PackedMultiHeadAttention" => node.Optional(3),
            "DecoderMaskedMultiHeadAttention" => node.Optional(10),
            "GroupQueryAttention" => node.Optional(11),
            _ => null,
        };
        if (parameters is { IsConstant: true })
            Give(node, parameters.Name);
        var carries = Trace.Mix(node.Inputs);
        node.Output(node.NewTensor(axes, query.ElementType) with { Carries = carries });
        for (var i = 1; i < node.Node.Output.Count; i++)
            node.Output(i, node.NewTensor(default, query.ElementType) with { Carries = carries });
    }

    private static void Give(NodeContext node, string parameters)
    {
        var projections = Enumerable.Range(0, 3).Select(node.Optional).OfType<TracedTensor>()
            .SelectMany(input => input.Carries).DistinctBy(carry => carry.Layer).ToArray();
        foreach (var carry in projections)
            node.Trace.AddParameters(carry.Layer, parameters, ParameterRole.Bias);
        if (node.Op != "GroupQueryAttention" && projections.Length > 0)
        {
            node.Trace.Diagnostics.Add(Checkpoints.Diagnostic.Warning(
                node.Name, $"this {node.Op} adds the bias '{parameters}' itself: the layers in front of it are read without "
                    + "their bias"));
        }
    }

    private static ImmutableArray<Axis> Standard(NodeContext node, TracedTensor query)
    {
        if (node.Optional(2) is not { HasShape: true } value || value.Rank != query.Rank)
            return query.Axes;
        // Heads of V may be shared between heads of Q: the width is that of V's head times Q's heads.
        var heads = (int)node.Attributes.Int("q_num_heads", 0);
        var valueHeads = (int)node.Attributes.Int("kv_num_heads", heads);
        return query.Rank == 3 && heads > 0 && valueHeads > 0
            ? Wide(query.Axes[..^1], value.Axes[^1].Size / valueHeads * heads, value.Axes[^1])
            : Wide(query.Axes[..^1], value.Axes[^1].Size, value.Axes[^1]);
    }

    /// <summary>Heads of K and V are shared between heads of Q; without K, the query holds all three behind each other.</summary>
    private static ImmutableArray<Axis> Grouped(NodeContext node, TracedTensor query)
    {
        var (heads, shared) = ((int)node.Attributes.Int("num_heads", 0), (int)node.Attributes.Int("kv_num_heads", 0));
        if (node.Optional(1) is not null || heads < 1)
            return query.Axes;
        return Wide(query.Axes[..^1], query.Axes[^1].Size / (heads + 2 * shared) * heads, query.Axes[^1]);
    }

    private static ImmutableArray<Axis> MultiHead(NodeContext node, TracedTensor query)
    {
        var heads = (int)node.Attributes.Int("num_heads", 1);
        // Without a batch axis, where padding is removed.
        var rank = node.Op == "PackedMultiHeadAttention" ? 2 : 3;
        if (query.Rank == rank + 2)
            return Wide(query.Axes[..^3], heads * query.Axes[^1].Size, query.Axes[^1]);
        if (node.Optional(1) is not { } key)
            return Wide(query.Axes[..^1], query.Axes[^1].Size / 3, query.Axes[^1]);
        if (node.Optional(2) is not { HasShape: true } value)
        {
            var width = key is { HasShape: true, Rank: 5 } ? heads * key.Axes[^1].Size : query.Axes[^1].Size;
            return Wide(query.Axes[..^1], width, query.Axes[^1]);
        }
        return Wide(query.Axes[..^1], value.Rank == 4 ? heads * value.Axes[^1].Size : value.Axes[^1].Size, value.Axes[^1]);
    }

    /// <summary>The axes with one of a width behind them: the axis it is taken from, where that is as wide.</summary>
    private static ImmutableArray<Axis> Wide(ImmutableArray<Axis> axes, int width, Axis from) =>
        [.. axes, width == from.Size ? from : Axis.Of(width, AxisRole.Channel)];
}
