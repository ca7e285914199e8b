using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>A model with fused operators stays whole: what cannot be pruned in it is left alone, with a warning.</summary>
public sealed class FusedPruningTests : PruningTests
{
    private static readonly Dictionary<string, TinyModel> Models = new()
    {
        ["packed weights"] = new TinyModel(17, 8)
            .Input("x", [null, 32])
            .Initializer("b", [8, 1, 16], Enumerable.Range(0, 128).Select(i => (double)i), DataType.Uint8)
            .Weight("s", 8)
            .Node("com.microsoft::MatMulNBits", "x b s", "h", AttributeProto.Of("K", 32), AttributeProto.Of("N", 8),
                AttributeProto.Of("bits", 4), AttributeProto.Of("block_size", 32))
            .Node("Relu", "h", "a")
                .Weight("v", 8, 6)
                .Node("MatMul", "a v", "c")
                .Node("Relu", "c", "r")
                .Weight("w", 6, 3)
                .Node("MatMul", "r w", "y")
                .Output("y"),
        ["a bias inside an attention"] =
            new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("wq", 4, 8).Weight("wk", 4, 8).Weight("wv", 4, 8).Weight("b", 24)
            .Node("MatMul", "x wq", "q")
                .Node("MatMul", "x wk", "k")
                .Node("MatMul", "x wv", "v")
                .Node("com.microsoft::MultiHeadAttention", "q k v b", "c", AttributeProto.Of("num_heads", 2))
            .Weight("wo", 8, 6)
                .Node("MatMul", "c wo", "o")
                .Node("Relu", "o", "r")
                .Weight("w", 6, 3)
                .Node("MatMul", "r w", "y")
                .Output("y"),
        ["an embedding with its normalization"] = new TinyModel(17, 8)
            .Input("ids", [null, 5], DataType.Int32)
            .Weight("words", 9, 4)
            .Weight("places", 6, 4)
            .Weight("scale", 4)
            .Weight("shift", 4)
            .Node("com.microsoft::EmbedLayerNormalization", "ids  words places  scale shift", "e m")
                .Weight("v", 4, 6)
                .Node("MatMul", "e v", "o")
                .Node("Relu", "o", "r")
            .Weight("w", 6, 3).Node("MatMul", "r w", "y").Output("y"),
        ["a residual connection inside a convolution"] = new TinyModel(13)
            .Input("x", [null, 2, 6, 5])
            .Weight("u", 2, 2, 1, 1)
            .Node("Conv", "x u", "h")
            .Node("Relu", "h", "a")
            .Weight("w", 2, 2, 1, 1)
            .Weight("b", 2)
            .Node("com.microsoft::FusedConv", "a w b a", "f", AttributeProto.Of("activation", "Relu"))
                .Weight("v", 6, 2, 1, 1)
                .Node("Conv", "f v", "c")
                .Node("Relu", "c", "r")
            .Weight("t", 3, 6, 1, 1).Node("Conv", "r t", "y").Output("y"),
        ["quantized branches added"] = new TinyModel(13)
            .Input("x", [null, 4])
            .Scalar("s", 0.03125)
            .Initializer("z", [], [120], DataType.Uint8)
            .Node("QuantizeLinear", "x s z", "q")
            .Initializer("w", [4, 6], Enumerable.Range(0, 24).Select(i => (double)(i * 7 % 15 - 7)), DataType.Int8)
                .Scalar("ws", 0.0625)
                .Initializer("wz", [], [0], DataType.Int8)
            .Initializer("u", [6, 6], Enumerable.Range(0, 36).Select(i => (double)(i * 7 % 15 - 7)), DataType.Int8)
            .Node("QLinearMatMul", "q s z w ws wz s z", "a")
                .Node("QLinearMatMul", "a s z u ws wz s z", "h")
                .Node("com.microsoft::QLinearAdd", "h s z a s z s z", "n")
            .Node("DequantizeLinear", "n s z", "d")
                .Weight("v", 6, 6)
                .Node("MatMul", "d v", "c")
                .Node("Relu", "c", "r")
                .Weight("t", 6, 3)
                .Node("MatMul", "r t", "y")
                .Output("y"),
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void cutting_computes_what_zeroing_does(string name)
    {
        var zeroing =
            new PruneOptions { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };
        AssertSame(Open(Models[name].Proto), zeroing, zeroing with { Shrink = true });
    }

    [Fact]
    public void packed_weights_are_left_alone()
    {
        var checkpoint = Open(Models["packed weights"].Proto);
        var pruned = Pruner.Prune(checkpoint, new PruneOptions { Amount = 0.5 });
        Assert.Equal(new StoredTensors(checkpoint.Model, null).Doubles("b"), new StoredTensors(pruned.Model, null).Doubles("b"));
        Assert.Contains(pruned.Diagnostics,
            diagnostic => $"{diagnostic}" == "h: 'b' holds several weights in a byte: it is left alone");
        Assert.Equal(8 * 6 + 6 * 3, pruned.Weights);
    }
}
