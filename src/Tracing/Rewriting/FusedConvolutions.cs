using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>The parts of <see cref="FusedOperators"/> that convolve, pool, or hold channels as the last axis.</summary>
internal static class FusedConvolutions
{
    public static void ResidualConvolution(FusedNode node)
    {
        var convolution = node.Fused.Clone();
        convolution.Input.RemoveAt(3);
        RemoveActivation(convolution);
        var sum = node.Add("Add", [node.Keep(convolution, isInner: true), node.Input(3)]);
        Activation(node, sum);
    }

    public static void ChannelsLastConvolution(FusedNode node)
    {
        var convolution = Standard(node, "Conv");
        if (convolution.Input.Count > 3)
            convolution.Input.RemoveAt(3);
        RemoveActivation(convolution);
        var spatial = SpatialOf(node, node.Input(1));
        convolution.Input[0] = ToChannelsFirst(node, convolution.Input[0], spatial);
        var result = node.Keep(convolution, isInner: true);
        if (node.Input(3).Length > 0)
            result = node.Add("Add", [result, ToChannelsFirst(node, node.Input(3), spatial)]);
        result = ToChannelsLast(node, result, spatial);
        Activation(node, result);
    }

    private static void RemoveActivation(NodeProto node)
    {
        foreach (var name in (string[])["activation", "activation_params"])
        {
            if (node.Attribute.FirstOrDefault(attribute => attribute.Name == name) is { } attribute)
                node.Attribute.Remove(attribute);
        }
    }

    /// <summary>The activation function that an attribute names, as an operator of its own.</summary>
    private static void Activation(FusedNode node, string input)
    {
        var name = node.Attributes.Text("activation", "");
        var values = node.Attributes.Floats("activation_params") ?? [];
        float Value(int i, float otherwise) => i < values.Length ? values[i] : otherwise;
        switch (name)
        {
            case "":
                node.Rename(input, 0);
                break;
            case "LeakyRelu":
                node.End(name, [input], attributes: AttributeProto.Of("alpha", Value(0, 0.01f)));
                break;
            case "HardSigmoid":
                node.End(name, [input], 0, AttributeProto.Of("alpha", Value(0, 0.2f)), AttributeProto.Of("beta", Value(1, 0.5f)));
                break;
            case "Clip":
                var (low, high) = (Value(0, float.MinValue), Value(1, float.MaxValue));
                if (node.Opset < 11)
                    node.End(name, [input], 0, AttributeProto.Of("min", low), AttributeProto.Of("max", high));
                else
                    node.End(name, [input, node.Number(low, input), node.Number(high, input)]);
                break;
            default:
                node.End(name, [input]);
                break;
        }
    }

    /// <summary>The node as an operator of the standard, without its mark of channels last.</summary>
    public static NodeProto Standard(FusedNode node, string op)
    {
        var standard = node.Fused.Clone();
        (standard.Domain, standard.OpType) = ("", op);
        return standard;
    }

    /// <summary>Runs a node between two transpositions where its channels are the last axis.</summary>
    public static void ChannelsLast(FusedNode node, NodeProto inner)
    {
        // Only the integer convolution has both layouts under this name.
        var isLast = node.Attributes.Int("channels_last", node.Fused.OpType == "QLinearConv" ? 0 : 1) == 1;
        if (inner.Attribute.FirstOrDefault(attribute => attribute.Name == "channels_last") is { } mark)
            inner.Attribute.Remove(mark);
        if (!isLast)
        {
            node.Keep(inner);
            return;
        }
        var spatial = SpatialOf(node, node.Fused.OpType == "QLinearConv" ? node.Input(3) : "");
        inner.Input[0] = ToChannelsFirst(node, inner.Input[0], spatial);
        node.End("Transpose", [node.Keep(inner, isInner: true)], attributes: AttributeProto.Of("perm", LastPerm(spatial)));
    }

    /// <summary>Number of spatial axes: that of the kernel, else by the weight or the input; two where nothing tells.</summary>
    private static int SpatialOf(FusedNode node, string weight) =>
        node.Attributes.Ints("kernel_shape")?.Length ?? (node.RankOf(weight) ?? node.RankOf(node.Input(0)) ?? 4) - 2;

    public static string ToChannelsFirst(FusedNode node, string data, int spatial) =>
        node.Add("Transpose", [data], attributes: AttributeProto.Of("perm", FirstPerm(spatial)));

    public static string ToChannelsLast(FusedNode node, string data, int spatial) =>
        node.Add("Transpose", [data], attributes: AttributeProto.Of("perm", LastPerm(spatial)));

    private static long[] FirstPerm(int spatial) => [0, spatial + 1, .. Enumerable.Range(1, spatial).Select(axis => (long)axis)];

    private static long[] LastPerm(int spatial) => [0, .. Enumerable.Range(2, spatial).Select(axis => (long)axis), 1];
}
