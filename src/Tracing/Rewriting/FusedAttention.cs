using Emergence.Tracing.Values;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Takes the projection out of com.microsoft's Attention: a product and its bias, of which MultiHeadAttention reads queries, keys
/// and values. Both run the same code on them. What MultiHeadAttention does not take stays as it is.
/// </summary>
internal static class FusedAttention
{
    public static void TakeApart(FusedNode node)
    {
        var (weight, bias, mask) = (node.Input(1), node.Input(2), node.Input(3));
        var widths = node.Attributes.Ints("qkv_hidden_sizes") is { Length: 3 } given ? given
            : node.DimsOf(weight) is [.., var all] ? [all / 3, all / 3, all / 3] : null;
        var keepsState = node.Input(4).Length + node.Input(6).Length + node.Output(1).Length > 0;
        if (widths is null || keepsState || node.Opset < 10 || node.Attributes.Int("do_rotary", 0) == 1 || !IsTaken(node, mask))
        {
            node.Keep(node.Fused.Clone());
            return;
        }
        var packed = node.Add("MatMul", [node.Input(0), weight], part: "projection");
        if (bias.Length > 0)
            packed = node.Add("Add", [packed, bias]);
        var attention = node.Fused.Clone();
        attention.OpType = "MultiHeadAttention";
        attention.Input.Clear();
        var start = 0L;
        foreach (var width in widths)
        {
            attention.Input.Add(node.Add("Slice", [packed, node.Longs(start), node.Longs(start + width), node.Longs(-1)]));
            start += width;
        }
        attention.Input.Add(["", mask, node.Input(5)]);
        while (attention.Input[^1].Length == 0)
            attention.Input.RemoveAt(attention.Input.Count - 1);
        foreach (var other in attention.Attribute.Where(attribute => attribute.Name is
            "qkv_hidden_sizes" or "do_rotary" or "rotary_embedding_dim" or "past_present_share_buffer").ToArray())
            attention.Attribute.Remove(other);
        node.Keep(attention);
    }

    /// <summary>Whether MultiHeadAttention takes a mask: one of all keys, or the number of those of each sample. Attention also
    /// takes where they end and begin, which has one axis too, one of four axes, and [1, 1] or [N, 1] for none.</summary>
    private static bool IsTaken(FusedNode node, string mask)
    {
        if (mask.Length == 0)
            return true;
        if (node.RankOf(mask) is 2 or 3)
            return !node.EndsInOne(mask);
        return node.ProducerOf(mask) switch
        {
            { OpType: "Cast", Input: [var copied] } => IsTaken(node, copied),
            { OpType: "EmbedLayerNormalization" } embedding => embedding.Output.IndexOf(mask) == 1,
            { OpType: "ReduceSum", Input: [var counted, ..] } sum =>
                new AttributeReader(sum).Int("keepdims", 1) == 0 && IsTaken(node, counted),
            _ => false,
        };
    }
}
