using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Analyzer.Tests.Rewriting;
using Emergence.Checkpoints;
using Emergence.Tracing.Networks;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Attention in one operator: its width, its packed forms, and the bias it takes from the layers
/// in front of it.</summary>
public class FusedAttentionCases
{
    private const string Apart = """
        MatMul - q [B S5 C16] n=16 m=16 (wq)
        MatMul - k [B S5 C16] n=16 m=16 (wk)
        MatMul - v [B S5 C16] n=16 m=16 (wv)
        MatMul - y [B S5 C4] n=4 m=4 (wo)
        0>3 1>3 2>3
        """;

    /// <summary>Forms that ONNX Runtime runs on a GPU alone.</summary>
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> PackedCases = new()
    {
        ["MultiHeadAttention over packed QKV"] = (Packed(48).Longs("shape", 0, 5, 2, 3, 8).Node("Reshape", "h shape", "p")
            .Node("com.microsoft::MultiHeadAttention", "p", "c", Heads(2)).Out(16), """
            MatMul - h [B S5 C48] n=48 m=48 (w)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>1
            """),
        ["MultiHeadAttention over packed QKV with a bias"] =
            (Packed(48).Longs("shape", 0, 5, 2, 3, 8).Node("Reshape", "h shape", "p").Weight("b", 48)
            .Node("com.microsoft::MultiHeadAttention", "p   b", "c", Heads(2)).Out(16), """
            MatMul - c_Add [B S5 C2 C3 C8] n=48 m=48 (w +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>1
            """),
        ["MultiHeadAttention over packed KV"] = (Packed(32)
            .Weight("wq", 4, 16)
            .Node("MatMul", "x wq", "q")
            .Longs("shape", 0, 5, 2, 2, 8)
            .Node("Reshape", "h shape", "p")
            .Node("com.microsoft::MultiHeadAttention", "q p", "c", Heads(2)).Out(16), """
            MatMul - h [B S5 C32] n=32 m=32 (w)
            MatMul - q [B S5 C16] n=16 m=16 (wq)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>2 1>2
            """),
        ["MultiHeadAttention over packed KV with a bias"] = (Packed(32)
            .Weight("wq", 4, 16)
            .Node("MatMul", "x wq", "q")
            .Longs("shape", 0, 5, 2, 2, 8)
            .Node("Reshape", "h shape", "p")
            .Weight("b", 48)
            .Node("com.microsoft::MultiHeadAttention", "q p  b", "c", Heads(2)).Out(16), """
            MatMul - c_Add_1 [B S5 C2 C2 C8] n=32 m=32 (w +b)
            MatMul - c_Add [B S5 C16] n=16 m=16 (wq +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>2 1>2
            """),
        ["PackedAttention, which has no batch axis"] =
            (new TinyModel(17, 8).Input("x", [null, 4]).Weight("w", 4, 48).Weight("b", 48)
            .Initializer("at", [1, 5], [0, 1, 2, 3, 4], DataType.Int32).Initializer("ends", [2], [0, 5], DataType.Int32)
            .Node("com.microsoft::PackedAttention", "x w b at ends", "c", Heads(2)).Out(16), """
            PackedAttention - c [B C16] n=16 m=16 (w +b)
            MatMul - y [B C4] n=4 m=4 (wo)
            0>1
            """),
        ["PackedMultiHeadAttention, which has no batch axis"] = (new TinyModel(17, 8)
            .Input("x", [null, 4])
            .Weight("w", 4, 48)
            .Node("MatMul", "x w", "h")
            .Longs("shape", -1, 2, 3, 8)
            .Node("Reshape", "h shape", "p")
            .Initializer("at", [1, 5], [0, 1, 2, 3, 4], DataType.Int32).Initializer("ends", [2], [0, 5], DataType.Int32)
            .Node("com.microsoft::PackedMultiHeadAttention", "p    at ends", "c", Heads(2)).Out(16), """
            MatMul - h [B C48] n=48 m=48 (w)
            MatMul - y [B C4] n=4 m=4 (wo)
            0>1
            """),
    };

    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["MultiHeadAttention"] =
            (Projected(16, 16).Node("com.microsoft::MultiHeadAttention", "q k v", "c", Heads(2)).Out(16), Apart),
        ["MultiHeadAttention, values of another width"] =
            (Projected(16, 8).Node("com.microsoft::MultiHeadAttention", "q k v", "c", Heads(2)).Out(8),
            Apart.Replace("v [B S5 C16] n=16 m=16", "v [B S5 C8] n=8 m=8", StringComparison.Ordinal)),
        ["MultiHeadAttention with a bias"] =
            (Projected(16, 16).Weight("b", 48).Node("com.microsoft::MultiHeadAttention", "q k v b", "c", Heads(2)).Out(16), """
            MatMul - c_Add [B S5 C16] n=16 m=16 (wq +b)
            MatMul - c_Add_1 [B S5 C16] n=16 m=16 (wk +b)
            MatMul - c_Add_2 [B S5 C16] n=16 m=16 (wv +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>3 1>3 2>3
            """),
        ["MultiHeadAttention with a bias, values of another width"] =
            (Projected(16, 8).Weight("b", 40).Node("com.microsoft::MultiHeadAttention", "q k v b", "c", Heads(2)).Out(8), """
            MatMul - c_Add [B S5 C16] n=16 m=16 (wq +b)
            MatMul - c_Add_1 [B S5 C16] n=16 m=16 (wk +b)
            MatMul - c_Add_2 [B S5 C8] n=8 m=8 (wv +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>3 1>3 2>3
            """),
        ["MultiHeadAttention, an attention bias that a layer computes"] =
            (Projected(16, 16).Weight("wb", 4, 50).Longs("at", 0).Initializer("first", [], [0], DataType.Int64)
            .Node("Gather", "x first", "x0", AttributeProto.Of("axis", 1))
                .Node("MatMul", "x0 wb", "bf")
                .Longs("bs", -1, 2, 5, 5)
                .Node("Reshape", "bf bs", "bias")
            .Node("com.microsoft::MultiHeadAttention", "q k v   bias", "c", Heads(2)).Out(16), """
            MatMul - q [B S5 C16] n=16 m=16 (wq)
            MatMul - k [B S5 C16] n=16 m=16 (wk)
            MatMul - v [B S5 C16] n=16 m=16 (wv)
            MatMul - bf [B C50] n=50 m=50 (wb)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>4 1>4 2>4 3>4
            """),
        ["GroupQueryAttention"] = (Projected(32, 16, 16)
            .Lengths()
            .Node("com.microsoft::GroupQueryAttention", "q k v   lengths total", "c pk pv", Heads(4), KvHeads(2))
            .Out(32), """
            MatMul - q [B S5 C32] n=32 m=32 (wq)
            MatMul - k [B S5 C16] n=16 m=16 (wk)
            MatMul - v [B S5 C16] n=16 m=16 (wv)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>3 1>3 2>3
            """),
        ["GroupQueryAttention over packed QKV"] = (Packed(64)
            .Lengths()
            .Node("com.microsoft::GroupQueryAttention", "h     lengths total", "c pk pv", Heads(4), KvHeads(2))
            .Out(32), """
            MatMul - h [B S5 C64] n=64 m=64 (w)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>1
            """),
        ["GroupQueryAttention with rotary tables, which are no parameters"] =
            (Packed(128).Lengths().Weight("cos", 8, 8).Weight("sin", 8, 8)
            .Node("com.microsoft::GroupQueryAttention", "h     lengths total cos sin", "c pk pv", Heads(4), KvHeads(2),
                AttributeProto.Of("do_rotary", 1)).Out(64), """
            MatMul - h [B S5 C128] n=128 m=128 (w)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>1
            """),
        ["Attention of com.microsoft, an attention bias that a layer computes"] =
            (Packed(4).Weight("w3", 4, 48).Weight("b", 48).Weight("wb", 4, 50).Initializer("first", [], [0], DataType.Int64)
            .Node("Gather", "x first", "x0", AttributeProto.Of("axis", 1))
                .Node("MatMul", "x0 wb", "bf")
                .Longs("bs", -1, 2, 5, 5)
                .Node("Reshape", "bf bs", "bias")
            .Node("com.microsoft::Attention", "h w3 b   bias", "c", Heads(2)).Out(16), """
            MatMul - h [B S5 C4] n=4 m=4 (w)
            MatMul - bf [B C50] n=50 m=50 (wb)
            MatMul - c_Add [B S5 C48] n=48 m=48 (w3 +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>2 1>3 2>3
            """),
        ["FusedMatMul, the batch transposed too"] =
            (new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h").Weight("v", 5, 2, 6)
            .Node("com.microsoft::FusedMatMul", "h v", "y", AttributeProto.Of("transBatchA", 1), AttributeProto.Of("transB", 1))
                .Output("y"), """
            MatMul - h [B S5 C6] n=6 m=6 (w)
            FusedMatMul - y [C5 B C2] n=10 m=10 (v)
            0>1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    public static TheoryData<string> PackedNames => [.. PackedCases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    [Theory]
    [MemberData(nameof(PackedNames))]
    public void is_traced(string name)
    {
        var graph = TracedRun.OnlyTraces(PackedCases[name].Model.Proto);
        Assert.Equal(GraphText.Tidy(PackedCases[name].Graph), GraphText.Of(graph));
        Assert.All(graph.Diagnostics, diagnostic =>
            Assert.Contains(" projects to queries, keys and values inside, where they cannot be read: ", $"{diagnostic}"));
    }

    [Theory]
    [InlineData("x w3 b")]
    [InlineData("x w3 b", "", "", 8)]
    [InlineData("x w3 b mask", "mask")]
    [InlineData("x w3 b counts", "counts")]
    [InlineData("x w3 b mask  bias", "mask", "bias", 16, true)]
    public void attention_that_projects_inside_is_its_parts(
        string inputs, string mask = "", string bias = "", int values = 16, bool isCausal = false)
    {
        using var folder = new TemporaryFolder();
        AttributeProto[] attributes = [Heads(2), AttributeProto.Of("unidirectional", isCausal ? 1 : 0),
            AttributeProto.Of("scale", 0.25f), AttributeProto.Of("mask_filter_value", -1000f)];
        var parts = Masked(values).Node("MatMul", "x w3", "h").Node("Add", "h b", "t").Longs("at", 16, 16, values)
            .Node("Split", "t at", "q k v", AttributeProto.Of("axis", -1))
            .Node("com.microsoft::MultiHeadAttention", $"q k v  {mask} {bias}".TrimEnd(), "c", attributes);
        var fused = Masked(values).Node("com.microsoft::Attention", inputs, "c",
            [.. attributes, AttributeProto.Of("qkv_hidden_sizes", [16L, 16, values])]);
        var original = new Original("parts", Named(parts, values), folder, isWired: true);
        Assert.Empty(original.Compare(Named(fused, values), [], ConvNodes.Units).Differences);
    }

    // Older exporters write a mask of one column for none at all, which MultiHeadAttention refuses.
    [Fact]
    public void attention_with_a_mask_of_one_column_stays_as_it_is()
    {
        var graph = TracedRun.OnlyTraces(new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("w", 4, 48).Weight("b", 48)
            .Initializer("none", [1, 1], [1], DataType.Int32).Node("com.microsoft::Attention", "x w b none", "c", Heads(2))
            .Out(16).Proto);
        Assert.Equal(["Attention", "MatMul"], graph.Layers.Select(layer => layer.Op));
    }

    private static ModelProto Named(TinyModel model, int values)
    {
        foreach (var node in model.Out(values).Proto.Graph.Node)
        {
            node.Name = node.OpType == "Attention" ? "fused@1" : node.Output[0] == "h" ? "parts@1/projection"
                : node.Output[0] == "y" ? "out@2" : node.Output[0];
        }
        return model.Proto;
    }

    /// <summary>Tokens, some of which a mask leaves out, and how many it leaves in.</summary>
    private static TinyModel Masked(int values)
    {
        var model = new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("w3", 4, 32 + values).Weight("b", 32 + values)
            .Weight("bias", 1, 2, 5, 5).Scalar("low", 0.5).Longs("one", 1)
            .Node("ReduceMax", "x", "top", AttributeProto.Of("axes", [2L]), AttributeProto.Of("keepdims", 0))
            .Node("Greater", "top low", "seen").Node("Cast", "seen", "mask", AttributeProto.Of("to", (int)DataType.Int32))
            .Node("ReduceSum", "mask one", "counts", AttributeProto.Of("keepdims", 0));
        // As exporters declare it.
        var declared = new TinyModel(17).Input("seen", [null, 5], DataType.Bool).Proto.Graph.Input[0];
        model.Proto.Graph.ValueInfo.Add(declared);
        return model;
    }

    [Fact]
    public void a_projection_inside_attention_is_named_as_what_is_not_counted()
    {
        var graph = TracedRun.OnlyTraces(new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("w", 4, 48).Weight("b", 48)
            .Node("com.microsoft::Attention", "x w b", "c", Heads(2), AttributeProto.Of("do_rotary", 1)).Out(16).Proto);
        Assert.Equal(
            ["c: this Attention projects to queries, keys and values inside, where they cannot be read: its 16 outputs are "
                + "counted in their place; export the model without fused attention to count them"],
            graph.Diagnostics.Select(diagnostic => $"{diagnostic}"));
    }

    private static AttributeProto Heads(int count) => AttributeProto.Of("num_heads", count);

    private static AttributeProto KvHeads(int count) => AttributeProto.Of("kv_num_heads", count);

    private static TinyModel Projected(int width, int values) => Projected(width, width, values);

    private static TinyModel Projected(int width, int keys, int values) =>
        new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("wq", 4, width).Weight("wk", 4, keys).Weight("wv", 4, values)
        .Node("MatMul", "x wq", "q").Node("MatMul", "x wk", "k").Node("MatMul", "x wv", "v");

    private static TinyModel Packed(int width) =>
        new TinyModel(17, 8).Input("x", [null, 5, 4]).Weight("w", 4, width).Node("MatMul", "x w", "h");
}

file static class FusedAttentionModels
{
    public static TinyModel Out(this TinyModel model, int width) =>
        model.Weight("wo", width, 4).Node("MatMul", "c wo", "y").Output("y");

    /// <summary>The index of the last key of each sample, and the number of keys.</summary>
    public static TinyModel Lengths(this TinyModel model)
    {
        var last = new TensorProto { Name = "last", DataType = (int)DataType.Int32, Dims = { 1 }, Int32Data = { 4 } };
        return model.Initializer("total", [], [5], DataType.Int32)
            .Node("Shape", "x", "size", AttributeProto.Of("end", 1))
            .Node("ConstantOfShape", "size", "lengths", AttributeProto.Of("value", last));
    }
}
