using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;
using static Emergence.Tracing.Rewriting.FusedConvolutions;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Takes apart the operators of ONNX Runtime that hide what a layer is read from: several layers in one node, the bias of
/// the layers in front of an attention, a residual connection inside a convolution, channels as the last axis. Each
/// becomes the operators it was fused from, and every result of the model keeps its name.
/// </summary>
internal static class FusedOperators
{
    private static readonly Dictionary<string, Action<FusedNode>> Parts = new(StringComparer.Ordinal)
    {
        ["EmbedLayerNormalization"] = Embedding,
        ["QEmbedLayerNormalization"] = QuantizedEmbedding,
        ["Attention"] = FusedAttention.TakeApart,
        ["MultiHeadAttention"] = AttentionBias,
        ["FusedConv"] = ResidualConvolution,
        ["NhwcConv"] = ChannelsLastConvolution,
        ["NhwcFusedConv"] = ChannelsLastConvolution,
        ["NhwcMaxPool"] = node => ChannelsLast(node, Standard(node, "MaxPool")),
        ["QLinearConv"] = node => ChannelsLast(node, Standard(node, "QLinearConv")),
        ["QLinearAveragePool"] = node => ChannelsLast(node, node.Fused.Clone()),
        ["QLinearGlobalAveragePool"] = node => ChannelsLast(node, node.Fused.Clone()),
        ["BiasAdd"] = node => node.End("Add", [node.Add("Add", [node.Input(0), node.Input(1)]), node.Input(2)]),
        ["BiasSplitGelu"] = SplitGelu,
        ["GroupNorm"] = node => GroupNorm(node, node.Input(0)),
        ["SkipGroupNorm"] = SkipGroupNorm,
    };

    public static (ModelProto Model, bool Modified) Apply(ModelProto model)
    {
        if (!model.Graph.SelfAndSubGraphs().SelectMany(graph => graph.Node).Any(IsFused))
            return (model, false);
        model = model.Clone();
        var names = new FreshNames(model.Graph);
        var all = model.Graph.SelfAndSubGraphs().SelectMany(graph => graph.Node).ToArray();
        foreach (var graph in model.Graph.SelfAndSubGraphs().ToArray())
            TakeApart(model, graph, names, all);
        return (model, true);
    }

    /// <summary>Rewrites the main graph or a body; what it stores stands in the main graph.</summary>
    private static void TakeApart(ModelProto model, GraphProto graph, FreshNames names, NodeProto[] all)
    {
        var nodes = graph.Node.ToArray();
        graph.Node.Clear();
        foreach (var node in nodes)
        {
            if (IsFused(node))
                Parts[node.OpType](new FusedNode(model, graph, node, names, all));
            else
                graph.Node.Add(node);
        }
    }

    private static bool IsFused(NodeProto node)
    {
        if (node.Domain != "com.microsoft" || !Parts.ContainsKey(node.OpType))
            return false;
        if (node.Output is not [{ Length: > 0 }, ..] || node.Input is not [{ Length: > 0 }, ..])
            return false;
        var hasBias = node.Input.Count > 3 && node.Input[3].Length > 0;
        return node.OpType switch
        {
            "MultiHeadAttention" or "FusedConv" => hasBias,
            "QLinearAveragePool" or "QLinearGlobalAveragePool" => new AttributeReader(node).Int("channels_last", 0) == 1,
            _ => true,
        };
    }

    /// <summary>Tables of words, segments and positions, added and normalized.</summary>
    private static void Embedding(FusedNode node) =>
        Embedding(node, node.Input(2), node.Input(3), node.Input(4), node.Input(5), node.Input(6), positions: node.Input(8));

    private static void QuantizedEmbedding(FusedNode node)
    {
        // Values at 2 to 6, their scales at 8 to 12, their zero points at 13 to 17.
        string Value(int input) => node.Input(input).Length == 0 ? ""
            : node.Add("DequantizeLinear", [node.Input(input), node.Input(input + 6), node.Input(input + 11)]);
        Embedding(node, Value(2), Value(3), Value(4), Value(5), Value(6), positions: "");
    }

    private static void Embedding(
        FusedNode node, string words, string places, string segments, string scale, string shift, string positions)
    {
        var (ids, segmentIds, mask) = (node.Input(0), node.Input(1), node.Input(7));
        var sum = node.Add("Gather", [words, ids], part: "words");
        if (segments.Length > 0 && segmentIds.Length > 0)
            sum = node.Add("Add", [sum, node.Add("Gather", [segments, segmentIds], part: "segments")]);
        if (places.Length > 0)
        {
            // Without positions, the first rows of the table: one for each token of the sequence.
            string Length() => node.Add("Slice", [node.Add("Shape", [ids]), node.Longs(1), node.Longs(2)]);
            var place = positions.Length > 0
                ? node.Add("Gather", [places, positions], part: "positions")
                : node.Add("Slice", [places, node.Longs(0), Length()]);
            sum = node.Add("Add", [sum, place]);
        }
        sum = node.Rename(sum, 2);
        node.End("LayerNormalization", [sum, scale, shift], attributes:
            [AttributeProto.Of("axis", -1), AttributeProto.Of("epsilon", node.Attributes.Float("epsilon", 1e-12f))]);
        if (node.Output(1).Length == 0)
            return;
        // How many tokens of each sample the mask lets through; 0 without a mask.
        var ones = mask.Length > 0 ? mask : node.Add("Sub", [ids, ids]);
        var counted = node.Add("Cast", [ones], attributes: AttributeProto.Of("to", (long)DataType.Int32));
        if (node.Opset < 13)
            node.End("ReduceSum", [counted], output: 1, AttributeProto.Of("axes", [1L]), AttributeProto.Of("keepdims", 0));
        else
            node.End("ReduceSum", [counted, node.Longs(1)], output: 1, AttributeProto.Of("keepdims", 0));
    }

    /// <summary>The bias of queries, keys and values, added where their layers can be read behind it.</summary>
    private static void AttentionBias(FusedNode node)
    {
        var attention = node.Fused.Clone();
        attention.Input[3] = "";
        string Added(string data, string bias) => node.Add("Add", [data, bias]);
        string Part(string bias, string start, string end) => node.Add("Slice", [bias, start, end]);
        // [count · heads · size] as [heads, count, size], as packed values lie.
        string Packed(string bias, int count)
        {
            var shape = node.Longs(count, node.Attributes.Int("num_heads", 1), -1);
            return node.Add("Transpose", [node.Add("Reshape", [bias, shape])], attributes: AttributeProto.Of("perm", 1, 0, 2));
        }
        var (query, key, value, bias) = (node.Input(0), node.Input(1), node.Input(2), node.Input(3));
        var end = node.Longs(long.MaxValue);
        if (key.Length == 0)
        {
            attention.Input[0] = Added(query, Packed(bias, 3));
        }
        else if (value.Length == 0 && node.WidthOf(query) is { } packed)
        {
            var width = node.Longs(packed);
            attention.Input[0] = Added(query, Part(bias, node.Longs(0), width));
            attention.Input[1] = Added(key, Packed(Part(bias, width, end), 2));
        }
        else if (node.WidthOf(query) is { } own && node.WidthOf(key) is not null && node.WidthOf(value) is not null)
        {
            var (width, both) = (node.Longs(own), node.Longs(2 * own));
            attention.Input[0] = Added(query, Part(bias, node.Longs(0), width));
            attention.Input[1] = Added(key, Part(bias, width, both));
            attention.Input[2] = Added(value, Part(bias, both, end));
        }
        else
        {
            // No projections, but keys and values that an earlier step left: they take no bias.
            attention.Input[3] = bias;
        }
        node.Keep(attention);
    }

    /// <summary>Gate and value lie behind each other on the last axis: value · Gelu(gate), the bias added to both.</summary>
    private static void SplitGelu(FusedNode node)
    {
        var sum = node.Add("Add", [node.Input(0), node.Input(1)]);
        var shape = node.Add("Shape", [sum]);
        var width = node.Add("Slice", [shape, node.Longs(-1), node.Longs(long.MaxValue)]);
        var half = node.Add("Div", [width, node.Longs(2)]);
        var value = node.Add("Slice", [sum, node.Longs(0), half, node.Longs(-1)]);
        var gate = node.Add("Slice", [sum, half, width, node.Longs(-1)]);
        node.End("Mul", [value, node.Add("Gelu", [gate], domain: "com.microsoft")]);
    }

    private static void SkipGroupNorm(FusedNode node)
    {
        var sum = node.Input(0);
        if (node.Input(4).Length > 0)
            sum = node.Add("Add", [sum, node.Input(4)]);
        // [N, C] and [N, 1, 1, C] both mean one value for each channel, which lies last.
        sum = node.Add("Add", [sum, node.Input(3)]);
        sum = node.Rename(sum, 1);
        GroupNorm(node, sum);
    }

    private static void GroupNorm(FusedNode node, string data)
    {
        var isLast = node.Attributes.Int("channels_last", 1) == 1;
        var first = isLast ? ToChannelsFirst(node, data, 2) : data;
        var groups = node.Attributes.Int("groups", 1);
        var epsilon = AttributeProto.Of("epsilon", node.Attributes.Float("epsilon", 1e-5f));
        var ones = node.Numbers([.. Enumerable.Repeat(1f, (int)groups)]);
        var zeros = node.Numbers(new float[groups]);
        var grouped = node.Add("Reshape", [first, node.Longs(0, groups, -1)]);
        var normalized = node.Add("InstanceNormalization", [grouped, ones, zeros], attributes: epsilon);
        var result = node.Add("Reshape", [normalized, node.Add("Shape", [first])]);
        result = node.Add("Mul", [result, node.Add("Reshape", [node.Input(1), node.Longs(-1, 1, 1)])]);
        result = node.Add("Add", [result, node.Add("Reshape", [node.Input(2), node.Longs(-1, 1, 1)])]);
        if (isLast)
            result = ToChannelsLast(node, result, 2);
        if (node.Attributes.Int("activation", 0) == 1)
            node.End("Mul", [result, node.Add("Sigmoid", [result])]);
        else
            node.Rename(result, 0);
    }
}
