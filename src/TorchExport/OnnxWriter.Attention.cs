using Emergence.Checkpoints;
using Onnx;
using static TorchSharp.torch;

namespace Emergence.TorchExport;

/// <content>What transformers are made of, as functions of tensors.</content>
public sealed partial class OnnxWriter
{
    /// <summary>Normalization over the last axis.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="input">Of shape (…, width).</param>
    /// <param name="scale">Of shape (width).</param>
    /// <param name="shift">Of shape (width).</param>
    /// <param name="epsilon">Added to the variance.</param>
    public string LayerNorm(string name, string input, Tensor scale, Tensor shift, float epsilon) => Ranked(
        Node(name, "LayerNormalization", [input, Store(name + ".weight", scale), Store(name + ".bias", shift)],
            AttributeProto.Of("axis", -1), AttributeProto.Of("epsilon", epsilon)), RankOf(input));

    /// <summary>softmax(q·kᵀ · scale)·v for each head, the heads beside one another in the result.</summary>
    /// <param name="name">Name of the last node.</param>
    /// <param name="query">q, of shape (N, T, heads · size).</param>
    /// <param name="key">k, of shape (N, T′, heads · size).</param>
    /// <param name="value">v, of shape (N, T′, heads · …).</param>
    /// <param name="heads">Number of heads.</param>
    /// <param name="scale">Mostly 1/√size.</param>
    public string Attention(string name, string query, string key, string value, long heads, float scale)
    {
        var turned = Split("query", query, 0, 2, 1, 3);
        var scores = Node(name + ".scores", "MatMul", [turned, Split("key", key, 0, 2, 3, 1)]);
        var scaled = Node(name + ".scaled", "Mul", [scores, Constant(name + ".scale", scale)]);
        var shares = Node(name + ".softmax", "Softmax", [scaled], AttributeProto.Of("axis", -1));
        var mixed = Node(name + ".mixed", "MatMul", [shares, Split("value", value, 0, 2, 1, 3)]);
        var back = Node(name + ".back", "Transpose", [mixed], AttributeProto.Of("perm", 0, 2, 1, 3));
        return Ranked(Reshape(name, back, 0, 0, -1), 3);

        string Split(string what, string tensor, params ReadOnlySpan<long> order) =>
            Node($"{name}.{what}", "Transpose", [Reshape($"{name}.{what}.heads", tensor, 0, 0, heads, -1)],
                AttributeProto.Of("perm", order));
    }

    /// <summary>Makes a token of each position: (N, C, H, W) becomes (N, H·W, C).</summary>
    public string Tokens(string name, string input) => Ranked(
        Node(name, "Transpose", [Reshape(name + ".flat", input, 0, 0, -1)], AttributeProto.Of("perm", 0, 2, 1)), 3);

    /// <summary>Adds stored values to each sample.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="input">Of shape (N, …).</param>
    /// <param name="values">Of the shape of a sample.</param>
    public string AddStored(string name, string input, Tensor values) =>
        Ranked(Node(name, "Add", [input, Store(name + ".weight", values)]), RankOf(input));

    /// <summary>The mean over an axis, which is gone in the result.</summary>
    public string Mean(string name, string input, long axis) => Ranked(
        Node(name, "ReduceMean", [input], AttributeProto.Of("axes", [axis]), AttributeProto.Of("keepdims", 0)),
        RankOf(input) - 1);
}
