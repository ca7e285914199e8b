using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Operators that ONNX Runtime's optimizer writes: the layers and edges are those of the operators
/// they were fused from.</summary>
public class FusedOperatorCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["EmbedLayerNormalization of words and positions"] =
            (Tokens().Tables().Node("com.microsoft::EmbedLayerNormalization", "ids  words places  scale shift", "e m").Then(), """
            Gather - e [B S5 C4] n=4 m=4 (words +places *scale *shift)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0>1
            """),
        ["EmbedLayerNormalization with segments"] =
            (Tokens().Input("types", [null, 5], DataType.Int32).Tables().Weight("kinds", 2, 4)
            .Node("com.microsoft::EmbedLayerNormalization", "ids types words places kinds scale shift", "e m").Then(), """
            Gather - e_words [B S5 C4] n=4 m=4 (words)
            Gather - e [B S5 C4] n=4 m=4 (kinds +places *scale *shift)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0=1 1>2
            """),
        ["EmbedLayerNormalization with given positions"] = (Tokens().Input("at", [null, 5], DataType.Int32).Tables()
            .Node("com.microsoft::EmbedLayerNormalization", "ids  words places  scale shift  at", "e m").Then(), """
            Gather - e_words [B S5 C4] n=4 m=4 (words)
            Gather - e [B S5 C4] n=4 m=4 (places *scale *shift)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0=1 1>2
            """),
        ["EmbedLayerNormalization, its sum read too"] =
            (Tokens().Tables().Node("com.microsoft::EmbedLayerNormalization", "ids  words places  scale shift", "e m s")
            .Weight("u", 4, 3).Node("MatMul", "s u", "t").Then().Output("t"), """
            Gather - s [B S5 C4] n=4 m=4 (words +places *scale *shift)
            MatMul - t [B S5 C3] n=3 m=3 (u)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0>1 0>2
            """),
        ["EmbedLayerNormalization, its mask counted for an attention"] =
            (Tokens().Input("mask", [null, 5], DataType.Int32).Tables()
            .Node("com.microsoft::EmbedLayerNormalization", "ids  words places  scale shift mask", "e m")
                .Weight("w", 4, 12)
                .Weight("b", 12)
            .Node("com.microsoft::Attention", "e w b m", "c", AttributeProto.Of("num_heads", 2))
                .Weight("v", 4, 3)
                .Node("MatMul", "c v", "y")
                .Output("y"), """
            Gather - e [B S5 C4] n=4 m=4 (words +places *scale *shift)
            MatMul - c_Add [B S5 C12] n=12 m=12 (w +b)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0>1 1>2
            """),
        ["FusedConv, the later branch is its residual connection"] = (Image()
            .Weight("u", 2, 2, 1, 1)
            .Node("Conv", "x u", "h")
            .Node("Relu", "h", "a")
            .Weight("t", 2, 2, 1, 1)
            .Node("Conv", "a t", "p")
            .Weight("w", 2, 2, 1, 1)
                .Weight("b", 2)
                .Node("com.microsoft::FusedConv", "x w b p", "y", AttributeProto.Of("activation", "Relu"))
                .Output("y"), """
            Conv Relu a [B C2 P6 P5] n=60 m=2 (u)
            FusedConv - y_FusedConv [B C2 P6 P5] n=60 m=2 (w +b)
            Conv Relu y [B C2 P6 P5] n=60 m=2 (t)
            0>2 1=2
            """),
        ["FusedConv, a residual connection and a Clip"] =
            (Image().Weight("w", 2, 2, 1, 1).Weight("b", 2).Node("com.microsoft::FusedConv", "x w b x", "y",
            AttributeProto.Of("activation", "Clip"), AttributeProto.Of("activation_params", [0f, 6f])).Output("y"), """
            FusedConv Relu6 y [B C2 P6 P5] n=60 m=2 (w +b)
            """),
        ["NhwcFusedConv"] = (new TinyModel(17, 8).Input("x", [null, 6, 5, 2]).Weight("w", 3, 2, 3, 3).Weight("b", 3)
            .Node("com.microsoft::NhwcFusedConv", "x w b", "y", AttributeProto.Of("activation", "LeakyRelu"),
                AttributeProto.Of("activation_params", [0.1f])).Output("y"), """
            Conv LeakyRelu y [B P4 P3 C3] n=36 m=3 (w +b)
            """),
        ["NhwcFusedConv with a residual connection"] =
            (new TinyModel(17, 8).Input("x", [null, 6, 5, 2]).Weight("w", 2, 2, 1, 1).Weight("b", 2).Weight("u", 2, 2, 1, 1)
            .Node("com.microsoft::NhwcFusedConv", "x u", "h", AttributeProto.Of("activation", "Relu"))
            .Node("com.microsoft::NhwcFusedConv", "h w b h", "y", AttributeProto.Of("activation", "Relu")).Output("y"), """
            Conv Relu h [B P6 P5 C2] n=60 m=2 (u)
            Conv Relu y [B P6 P5 C2] n=60 m=2 (w +b)
            0>1 0=1
            """),
        ["BiasAdd"] = (Dense().Weight("b", 6).Node("com.microsoft::BiasAdd", "h b s", "n").Node("Relu", "n", "y").Output("y"), """
            MatMul - s [B S5 C6] n=6 m=6 (u)
            MatMul Relu y [B S5 C6] n=6 m=6 (w +b)
            0=1
            """),
        ["BiasSplitGelu"] = (Dense()
            .Weight("b", 6)
            .Node("com.microsoft::BiasSplitGelu", "h b", "n")
            .Weight("v", 3, 2)
            .Node("MatMul", "n v", "y")
            .Output("y")
            .Output("s"), """
            MatMul - s [B S5 C6] n=6 m=6 (u)
            MatMul - n_Add [B S5 C6] n=6 m=6 (w +b)
            MatMul - y [B S5 C2] n=2 m=2 (v)
            1>2
            """),
        ["GroupNorm with its Swish"] =
            (new TinyModel(17, 8).Input("x", [null, 6, 5, 2]).Weight("w", 4, 2, 1, 1).Weight("scale", 4).Weight("shift", 4)
            .Node("com.microsoft::NhwcConv", "x w", "h")
                .Node("com.microsoft::GroupNorm", "h scale shift", "y", AttributeProto.Of("groups", 2),
                    AttributeProto.Of("activation", 1))
                .Output("y"), """
            Conv Swish y [B P6 P5 C4] n=120 m=4 (w *y_number *y_number_1 *scale +shift)
            """),
        ["SkipGroupNorm, its sum read too"] = (new TinyModel(17, 8)
            .Input("x", [null, 6, 5, 2])
            .Weight("w", 4, 2, 1, 1)
            .Weight("u", 4, 2, 1, 1)
            .Weight("scale", 4)
            .Weight("shift", 4)
            .Weight("b", 4)
            .Node("com.microsoft::NhwcConv", "x w", "h").Node("com.microsoft::NhwcConv", "x u", "s")
            .Node("com.microsoft::SkipGroupNorm", "h scale shift s b", "n sum", AttributeProto.Of("groups", 2))
            .Weight("t", 4, 4, 1, 1).Node("com.microsoft::NhwcConv", "n t", "q").Node("Add", "q sum", "y").Output("y"), """
            Conv - n_Add [B P6 P5 C4] n=120 m=4 (w +b)
            Conv - sum [B P6 P5 C4] n=120 m=4 (u *n_number *n_number_1 *scale +shift)
            Conv - y [B P6 P5 C4] n=120 m=4 (t)
            0=1 1>2 1=2
            """),
        ["QEmbedLayerNormalization"] = (Tokens()
            .Bytes("words", 9, 4)
            .Bytes("places", 6, 4)
            .Bytes("scale", 4)
            .Bytes("shift", 4)
            .Scalar("s", 0.0625)
            .Initializer("z", [], [3], DataType.Uint8)
            .Node("com.microsoft::QEmbedLayerNormalization", "ids  words places  scale shift  s s  s s z z  z z", "e m").Then(),
            """
            Gather - e [B S5 C4] n=4 m=4 (words +places *scale *shift)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0>1
            """),
        ["SkipLayerNormalization with a bias"] =
            (Skip().Weight("b", 6).Node("com.microsoft::SkipLayerNormalization", "a p scale shift b", "y").Output("y"), """
            MatMul Relu a [B S5 C6] n=6 m=6 (w)
            MatMul - y [B S5 C6] n=6 m=6 (v +b *scale *shift)
            0>1 0=1
            """),
        ["SkipLayerNormalization, its sum read by the next block"] =
            (Skip().Node("com.microsoft::SkipLayerNormalization", "a p scale shift", "n   s")
            .Weight("t", 6, 6)
                .Node("MatMul", "n t", "q")
                .Node("com.microsoft::SkipLayerNormalization", "s q scale shift", "y")
                .Output("y"), """
            MatMul Relu a [B S5 C6] n=6 m=6 (w)
            MatMul - s [B S5 C6] n=6 m=6 (v *scale *shift)
            MatMul - y [B S5 C6] n=6 m=6 (t *scale *shift)
            0>1 0=1 1>2 1=2
            """),
        ["SkipLayerNormalization, its sum read by nobody"] =
            (Skip().Node("com.microsoft::SkipLayerNormalization", "a p scale shift", "n   s")
            .Weight("t", 6, 6).Node("MatMul", "n t", "y").Output("y"), """
            MatMul Relu a [B S5 C6] n=6 m=6 (w)
            MatMul - n [B S5 C6] n=6 m=6 (v *scale *shift)
            MatMul - y [B S5 C6] n=6 m=6 (t)
            0>1 0=1 1>2
            """),
        ["SkipSimplifiedLayerNormalization with a bias, its sum read"] =
            (Skip().Weight("b", 6).Node("com.microsoft::SkipSimplifiedLayerNormalization", "a p scale b", "n   s")
            .Weight("t", 6, 6)
                .Node("MatMul", "n t", "q")
                .Node("Add", "q s", "y")
                .Output("y")
                .Output("shift_out")
                .Node("Identity", "shift", "shift_out"), """
            MatMul Relu a [B S5 C6] n=6 m=6 (w)
            MatMul - s [B S5 C6] n=6 m=6 (v +b *scale)
            MatMul - y [B S5 C6] n=6 m=6 (t)
            0>1 0=1 1>2 1=2
            """),
        ["MoE"] = (new TinyModel(17, 8)
            .Input("x", [null, 4])
            .Weight("g", 4, 2)
            .Node("MatMul", "x g", "r")
            .Weight("f1", 2, 6, 4)
            .Weight("b1", 2, 6)
            .Weight("f2", 2, 4, 6)
            .Weight("b2", 2, 4)
            .Node("com.microsoft::MoE", "x r f1 b1 f2 b2", "y", AttributeProto.Of("k", 1),
                AttributeProto.Of("activation_type", "relu")).Output("y"), """
            MatMul - r [B C2] n=2 m=2 (g)
            MoE - y [B C4] n=4 m=4 (f1 f2 +b1 +b2)
            0>1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static TinyModel Tokens() => new TinyModel(17, 8).Input("ids", [null, 5], DataType.Int32);

    private static TinyModel Image() => new TinyModel(13).Input("x", [null, 2, 6, 5]);

    private static TinyModel Dense() =>
        new TinyModel(17, 8)
            .Input("x", [null, 5, 4])
            .Weight("w", 4, 6)
            .Weight("u", 4, 6)
            .Node("MatMul", "x u", "s")
            .Node("MatMul", "x w", "h");

    private static TinyModel Skip() =>
        new TinyModel(13)
            .Input("x", [null, 5, 4])
            .Weight("w", 4, 6)
            .Node("MatMul", "x w", "h")
            .Weight("v", 6, 6)
            .Node("Relu", "h", "a")
        .Node("MatMul", "a v", "p").Weight("scale", 6).Weight("shift", 6);
}

file static class FusedModels
{
    public static TinyModel Tables(this TinyModel model) =>
        model.Weight("words", 9, 4).Weight("places", 6, 4).Weight("scale", 4).Weight("shift", 4);

    public static TinyModel Bytes(this TinyModel model, string name, params long[] dims) =>
        model.Initializer(name, dims,
            Enumerable.Range(0, (int)dims.Aggregate(1L, (product, dim) => product * dim)).Select(i => (double)(i * 11 % 40)),
            DataType.Uint8);

    public static TinyModel Then(this TinyModel model) => model.Weight("v", 4, 3).Node("MatMul", "e v", "y").Output("y");
}
