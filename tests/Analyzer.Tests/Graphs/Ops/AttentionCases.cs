using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Embeddings and attention: what follows a product of activations is fed by all of them.</summary>
public class AttentionCases
{
    private const string QkvThenOut = """
        MatMul - q [B S5 C6] n=6 m=6 (wq)
        MatMul - k [B S5 C6] n=6 m=6 (wk)
        MatMul - v [B S5 C6] n=6 m=6 (wv)
        MatMul - y [B S5 C4] n=4 m=4 (wo)
        0>3 1>3 2>3
        """;

    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["attention of one head"] =
            (Qkv(13).Node("Transpose", "k", "kt", Perm(0, 2, 1)).Node("MatMul", "q kt", "s").Node("Softmax", "s", "p")
            .Node("MatMul", "p v", "c").ThenOut(), QkvThenOut),
        ["attention of two heads, [N, T, D, H]"] = (Heads(Qkv(13))
            .Scalar("root", 1.5)
            .Node("MatMul", "qh kh", "s")
            .Node("Div", "s root", "sd")
            .Node("Softmax", "sd", "p")
            .Node("MatMul", "p vh", "ch")
                .Node("Transpose", "ch", "ct", Perm(0, 2, 1, 3))
                .Longs("flat", 0, 0, 6)
                .Node("Reshape", "ct flat", "c")
                .ThenOut(), QkvThenOut),
        ["attention by Einsum"] = (Qkv(13).Node("Einsum", "q k", "s", Equation("bqd,bkd->bqk")).Node("Softmax", "s", "p")
            .Node("Einsum", "p v", "c", Equation("bqk,bkd->bqd")).ThenOut(), QkvThenOut),
        ["Attention of the standard"] = (Qkv(23)
            .Node("Attention", "q k v", "c", AttributeProto.Of("q_num_heads", 2), AttributeProto.Of("kv_num_heads", 2))
            .ThenOut(), QkvThenOut),
        ["MultiHeadAttention"] = (Qkv(13)
            .Node("com.microsoft::MultiHeadAttention", "q k v", "c", AttributeProto.Of("num_heads", 2))
            .ThenOut(), QkvThenOut),
        ["Attention of com.microsoft"] = (new TinyModel(13).Input("x", [null, 5, 4]).Weight("w", 4, 18).Weight("b", 18)
            .Node("com.microsoft::Attention", "x w b", "c", AttributeProto.Of("num_heads", 2))
                .Weight("wo", 6, 4)
                .Node("MatMul", "c wo", "y")
                .Output("y"), """
            MatMul - c_Add [B S5 C18] n=18 m=18 (w +b)
            MatMul - y [B S5 C4] n=4 m=4 (wo)
            0>1
            """),
        ["a head's own activation function after the split"] =
            (Heads(Qkv(13)).Node("Relu", "vh", "y").Output("y").Output("qh").Output("kh"), """
            MatMul - q [B S5 C6] n=6 m=6 (wq)
            MatMul - k [B S5 C6] n=6 m=6 (wk)
            MatMul Relu y [B C2 S5 C3] n=6 m=6 (wv)
            """),

        ["an embedding by Gather"] = (Tokens()
            .Weight("table", 9, 4)
            .Node("Gather", "table ids", "e")
            .Weight("w", 4, 3)
            .Node("MatMul", "e w", "y")
            .Output("y"), """
            Gather - e [B S5 C4] n=4 m=4 (table)
            MatMul - y [B S5 C3] n=3 m=3 (w)
            0>1
            """),
        ["an embedding behind a Cast of its indices"] =
            (new TinyModel(13).Input("ids", [null, 5], DataType.Int32).Weight("table", 9, 4)
            .Node("Cast", "ids", "i", AttributeProto.Of("to", 7))
                .Node("Gather", "table i", "e")
                .Weight("w", 4, 3)
                .Node("MatMul", "e w", "y")
                .Output("y"), """
            Gather - e [B S5 C4] n=4 m=4 (table)
            MatMul - y [B S5 C3] n=3 m=3 (w)
            0>1
            """),
        ["embeddings of tokens and of positions"] =
            (Tokens().Weight("table", 9, 4).Node("Gather", "table ids", "e").Weight("positions", 1, 5, 4)
            .Node("Add", "e positions", "s").Weight("w", 4, 3).Node("MatMul", "s w", "y").Output("y"), """
            Gather - s [B S5 C4] n=4 m=4 (table +positions)
            MatMul - y [B S5 C3] n=3 m=3 (w)
            0>1
            """),
        ["two embeddings added"] = (Tokens().Input("types", [null, 5], DataType.Int64).Weight("table", 9, 4).Weight("kinds", 2, 4)
            .Node("Gather", "table ids", "e")
                .Node("Gather", "kinds types", "k")
                .Node("Add", "e k", "s")
                .Weight("w", 4, 3)
                .Node("MatMul", "s w", "y")
                .Output("y"), """
            Gather - e [B S5 C4] n=4 m=4 (table)
            Gather - s [B S5 C4] n=4 m=4 (kinds)
            MatMul - y [B S5 C3] n=3 m=3 (w)
            0=1 1>2
            """),
        ["a first token picked by Gather"] =
            (Tokens().Weight("table", 9, 4).Node("Gather", "table ids", "e").Initializer("first", [], [0], DataType.Int64)
            .Node("Gather", "e first", "f", AttributeProto.Of("axis", 1))
                .Weight("w", 4, 3)
                .Node("MatMul", "f w", "h")
                .Node("Tanh", "h", "y")
                .Output("y"), """
            Gather - e [B S5 C4] n=4 m=4 (table)
            MatMul Tanh y [B C3] n=3 m=3 (w)
            0>1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    [Fact]
    public void an_index_stays_within_the_smallest_table_it_reads()
    {
        var model = Tokens()
            .Weight("table", 9, 4)
            .Weight("small", 6, 4)
            .Node("Gather", "table ids", "e")
            .Node("Gather", "small ids", "k")
            .Node("Add", "e k", "y")
            .Output("y");
        var graph = TracedRun.Holds(model, """
            Gather - e [B S5 C4] n=4 m=4 (table)
            Gather - y [B S5 C4] n=4 m=4 (small)
            0=1
            """);
        Assert.Equal(6, graph.Inputs[0].Vocabulary);
    }

    private static TinyModel Tokens() => new TinyModel(13).Input("ids", [null, 5], DataType.Int64);

    private static TinyModel Qkv(int opset) =>
        new TinyModel(opset, 9)
            .Input("x", [null, 5, 4])
            .Weight("wq", 4, 6)
            .Weight("wk", 4, 6)
            .Weight("wv", 4, 6)
            .Weight("wo", 6, 4)
        .Node("MatMul", "x wq", "q").Node("MatMul", "x wk", "k").Node("MatMul", "x wv", "v");

    /// <summary>q, k and v as [batch, heads, tokens, features], k with its last axes exchanged.</summary>
    private static TinyModel Heads(TinyModel model) => model.Longs("heads", 0, 0, 2, 3)
        .Node("Reshape", "q heads", "q4").Node("Transpose", "q4", "qh", Perm(0, 2, 1, 3))
        .Node("Reshape", "k heads", "k4").Node("Transpose", "k4", "kh", Perm(0, 2, 3, 1))
        .Node("Reshape", "v heads", "v4").Node("Transpose", "v4", "vh", Perm(0, 2, 1, 3));

    private static AttributeProto Perm(params long[] perm) => AttributeProto.Of("perm", perm);

    private static AttributeProto Equation(string equation) => AttributeProto.Of("equation", equation);
}

file static class AttentionModels
{
    public static TinyModel ThenOut(this TinyModel model) => model.Node("MatMul", "c wo", "y").Output("y");
}
