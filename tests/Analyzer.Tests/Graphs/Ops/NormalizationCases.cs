using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>A normalization before the activation function belongs to the layer; statistics do not.</summary>
public class NormalizationCases
{
    private const string ConvOnly = """
        Conv Relu y [B C4 P4 P3] n=48 m=4 (w)
        """;

    private static readonly string ConvScaleShift = ConvOnly.Replace("(w)", "(w *scale *shift)", StringComparison.Ordinal);

    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["BatchNormalization"] = (Conv(13)
            .Weight("scale", 4)
            .Weight("shift", 4)
            .Initializer("mean", [4], Quarters(4, 5))
            .Initializer("var", [4], [1, 0.5, 2, 1])
            .Node("BatchNormalization", "h scale shift mean var", "n").Node("Relu", "n", "y").Output("y"), ConvScaleShift),
        ["InstanceNormalization"] = (Conv(13).Weight("scale", 4).Weight("shift", 4)
            .Node("InstanceNormalization", "h scale shift", "n").Node("Relu", "n", "y").Output("y"), ConvScaleShift),
        ["GroupNormalization"] = (Conv(21).Weight("scale", 4).Weight("shift", 4)
            .Node("GroupNormalization", "h scale shift", "n", AttributeProto.Of("num_groups", 2))
                .Node("Relu", "n", "y")
                .Output("y"), ConvScaleShift),
        ["GroupNormalization by InstanceNormalization"] =
            (Conv(13).Longs("grouped", 0, 2, -1).Initializer("one", [2], [1, 1]).Initializer("zero", [2], [0, 0])
            .Weight("scale", 4, 1, 1)
                .Weight("shift", 4, 1, 1)
                .Node("Reshape", "h grouped", "g")
                .Node("InstanceNormalization", "g one zero", "gn")
            .Node("Shape", "h", "size")
                .Node("Reshape", "gn size", "n0")
                .Node("Mul", "n0 scale", "n1")
                .Node("Add", "n1 shift", "n")
                .Node("Relu", "n", "y")
                .Output("y"),
            ConvOnly.Replace("(w)", "(w *one *zero *scale +shift)", StringComparison.Ordinal)),
        ["LRN"] = (Conv(13).Node("LRN", "h", "n", AttributeProto.Of("size", 3)).Node("Relu", "n", "y").Output("y"), ConvOnly),
        ["MeanVarianceNormalization"] = (Conv(13)
            .Node("MeanVarianceNormalization", "h", "n", AttributeProto.Of("axes", [2L, 3L]))
            .Node("Relu", "n", "y")
            .Output("y"), ConvOnly),
        ["LpNormalization"] = (Conv(13)
            .Node("LpNormalization", "h", "n", AttributeProto.Of("axis", 1))
            .Node("Relu", "n", "y")
            .Output("y"), ConvOnly),
        ["scale and shift alone"] = (Conv(13).Weight("scale", 4, 1, 1).Weight("shift", 4, 1, 1)
            .Node("Mul", "h scale", "n1").Node("Add", "n1 shift", "n").Node("Relu", "n", "y").Output("y"),
            ConvOnly.Replace("(w)", "(w *scale +shift)", StringComparison.Ordinal)),
        ["BatchNormalization behind the activation function is transparent"] = (Conv(13).Weight("scale", 4).Weight("shift", 4)
            .Initializer("mean", [4], Quarters(4, 5)).Initializer("var", [4], [1, 0.5, 2, 1]).Node("Relu", "h", "a")
            .Node("BatchNormalization", "a scale shift mean var", "n")
                .Weight("v", 2, 4, 1, 1)
                .Node("Conv", "n v", "y")
                .Output("y"), """
            Conv Relu a [B C4 P4 P3] n=48 m=4 (w *scale *shift)
            Conv - y [B C2 P4 P3] n=24 m=2 (v)
            0>1
            """),

        ["LayerNormalization"] = (Tokens(17)
            .Weight("scale", 6)
            .Weight("shift", 6)
            .Node("LayerNormalization", "h scale shift", "n")
            .Node("Relu", "n", "y")
            .Output("y"), """
            MatMul Relu y [B S5 C6] n=6 m=6 (w *scale *shift)
            """),
        ["RMSNormalization"] =
            (Tokens(23).Weight("scale", 6).Node("RMSNormalization", "h scale", "n").Node("Relu", "n", "y").Output("y"), """
            MatMul Relu y [B S5 C6] n=6 m=6 (w *scale)
            """),
        ["SimplifiedLayerNormalization"] = (Tokens(13)
            .Weight("scale", 6)
            .Node("SimplifiedLayerNormalization", "h scale", "n", AttributeProto.Of("axis", -1))
            .Node("Relu", "n", "y")
            .Output("y"), """
            MatMul Relu y [B S5 C6] n=6 m=6 (w *scale)
            """),
        ["LayerNorm spelt out, the square by Pow"] =
            (Spelt(Tokens(13).Scalar("two", 2), "Pow", "d two").Node("Relu", "n", "y").Output("y"), """
            MatMul Relu y [B S5 C6] n=6 m=6 (w *scale +shift)
            """),
        ["LayerNorm spelt out, the square by Mul"] = (Spelt(Tokens(13), "Mul", "d d").Node("Relu", "n", "y").Output("y"), """
            MatMul Relu y [B S5 C6] n=6 m=6 (w *scale +shift)
            """),
        ["LayerNorm spelt out, no activation function"] =
            (Spelt(Tokens(13), "Mul", "d d").Weight("v", 6, 2).Node("MatMul", "n v", "y").Output("y"), """
            MatMul - n [B S5 C6] n=6 m=6 (w *scale +shift)
            MatMul - y [B S5 C2] n=2 m=2 (v)
            0>1
            """),
        ["SkipLayerNormalization"] =
            (Tokens(13).Weight("v", 6, 6).Node("Relu", "h", "a").Node("MatMul", "a v", "p").Weight("scale", 6).Weight("shift", 6)
            .Node("com.microsoft::SkipLayerNormalization", "a p scale shift", "y").Output("y"), """
            MatMul Relu a [B S5 C6] n=6 m=6 (w)
            MatMul - y [B S5 C6] n=6 m=6 (v *scale *shift)
            0>1 0=1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void belongs_to_the_layer(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static TinyModel Conv(int opset) =>
        new TinyModel(opset, 9).Input("x", [null, 2, 6, 5]).Weight("w", 4, 2, 3, 3).Node("Conv", "x w", "h");

    private static TinyModel Tokens(int opset) =>
        new TinyModel(opset, 9).Input("x", [null, 5, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h");

    private static TinyModel Spelt(TinyModel model, string square, string inputs) =>
        model.Weight("scale", 6).Weight("shift", 6).Scalar("eps", 1e-5)
        .Node("ReduceMean", "h", "mean", AttributeProto.Of("axes", [-1L])).Node("Sub", "h mean", "d").Node(square, inputs, "d2")
        .Node("ReduceMean", "d2", "var", AttributeProto.Of("axes", [-1L])).Node("Add", "var eps", "ve").Node("Sqrt", "ve", "std")
        .Node("Div", "d std", "u").Node("Mul", "u scale", "s").Node("Add", "s shift", "n");
}
