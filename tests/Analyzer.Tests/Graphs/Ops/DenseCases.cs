using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Dense layers however an exporter writes them: 4 features in, 6 nodes, ReLU, 3 logits.</summary>
public class DenseCases
{
    private const string Relu6Then3 = """
        Gemm Relu a [B C6] n=6 m=6 (w +b)
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """;

    private const string MatMulThen3 = """
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """;

    private static readonly string MatMulBiasThen3 = MatMulThen3.Replace("(w)", "(w +b)", StringComparison.Ordinal);

    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["Gemm"] = (Then3(Features().Weight("w", 4, 6).Weight("b", 6).Node("Gemm", "x w b", "h")), Relu6Then3),
        ["Gemm with transB"] = (Then3(Features().Weight("w", 6, 4).Weight("b", 6)
            .Node("Gemm", "x w b", "h", AttributeProto.Of("transB", 1))), Relu6Then3),
        ["Gemm with transA"] = (Then3(Features().Weight("w", 4, 6).Weight("b", 6).Node("Transpose", "x", "xt")
            .Node("Gemm", "xt w b", "h", AttributeProto.Of("transA", 1))), Relu6Then3),
        ["Gemm with alpha and beta"] = (Then3(Features().Weight("w", 4, 6).Weight("b", 6)
            .Node("Gemm", "x w b", "h", AttributeProto.Of("alpha", 0.5f), AttributeProto.Of("beta", 2f))), Relu6Then3),
        ["Gemm without bias"] = (Then3(Features().Weight("w", 4, 6).Node("Gemm", "x w", "h")),
            Relu6Then3.Replace(" +b", "", StringComparison.Ordinal)),
        ["Gemm of a stored left operand"] = (Then3(Features().Weight("w", 6, 4).Weight("b", 6, 1)
            .Node("Gemm", "w x b", "ht", AttributeProto.Of("transB", 1)).Node("Transpose", "ht", "h")), Relu6Then3),

        ["MatMul"] = (Then3(Features().Weight("w", 4, 6).Node("MatMul", "x w", "h")), MatMulThen3),
        ["MatMul and bias"] = (
            Then3(Features().Weight("w", 4, 6).Weight("b", 6).Node("MatMul", "x w", "p").Node("Add", "p b", "h")),
            MatMulBiasThen3),
        ["MatMul and bias on the left"] = (
            Then3(Features().Weight("w", 4, 6).Weight("b", 6).Node("MatMul", "x w", "p").Node("Add", "b p", "h")),
            MatMulBiasThen3),
        ["MatMul less a bias"] = (
            Then3(Features().Weight("w", 4, 6).Weight("b", 6).Node("MatMul", "x w", "p").Node("Sub", "p b", "h")),
            MatMulBiasThen3),
        ["MatMul with the weight left"] =
            (Features().Node("Transpose", "x", "xt").Weight("w", 6, 4).Weight("b", 6, 1).Weight("v", 3, 6)
            .Node("MatMul", "w xt", "p").Node("Add", "p b", "h").Node("Relu", "h", "a").Node("MatMul", "v a", "y").Output("y"),
            """
            MatMul Relu a [C6 B] n=6 m=6 (w +b)
            MatMul - y [C3 B] n=3 m=3 (v)
            0>1
            """),
        ["MatMul of rank 3"] =
            (Then3(Features(5).Weight("w", 4, 6).Weight("b", 6).Node("MatMul", "x w", "p").Node("Add", "p b", "h")), """
            MatMul Relu a [B S5 C6] n=6 m=6 (w +b)
            MatMul - y [B S5 C3] n=3 m=3 (v)
            0>1
            """),
        ["MatMul of rank 4"] = (Then3(Features(2, 5).Weight("w", 4, 6).Node("MatMul", "x w", "h")), """
            MatMul Relu a [B S2 S5 C6] n=6 m=6 (w)
            MatMul - y [B S2 S5 C3] n=3 m=3 (v)
            0>1
            """),
        ["MatMul of rank 3 with the weight left"] =
            (new TinyModel(13).Input("x", [null, 4, 5]).Weight("w", 6, 4).Weight("v", 3, 6)
            .Node("MatMul", "w x", "h").Node("Relu", "h", "a").Node("MatMul", "v a", "y").Output("y"), """
            MatMul Relu a [B C6 S5] n=6 m=6 (w)
            MatMul - y [B C3 S5] n=3 m=3 (v)
            0>1
            """),
        ["MatMul by a stack of weights"] =
            (Features(2, 5).Weight("w", 2, 4, 6).Node("MatMul", "x w", "h").Node("Relu", "h", "y").Output("y"), """
            MatMul Relu y [B C2 S5 C6] n=12 m=12 (w)
            """),
        ["MatMul by equal weights, stored once for each sample"] =
            (new TinyModel(13).Input("x", [4, 5, 4]).Initializer("w", [4, 4, 6], [.. Enumerable.Repeat(Quarters(24, 1), 4)
                .SelectMany(copy => copy)]).Node("MatMul", "x w", "h").Node("Relu", "h", "y").Output("y"), """
            MatMul Relu y [B S5 C6] n=6 m=6 (w)
            """),
        ["MatMul by a vector"] = (Features().Weight("w", 4).Node("MatMul", "x w", "h").Node("Relu", "h", "y").Output("y"), """
            MatMul Relu y [B] n=1 m=1 (w)
            """),

        ["weight behind Transpose"] =
            (Then3(Features().Weight("w", 6, 4).Node("Transpose", "w", "wt").Node("MatMul", "x wt", "h")), MatMulThen3),
        ["weight behind Cast"] = (Then3(Features().Initializer("w", [4, 6], Quarters(24, 1), DataType.Float16)
            .Node("Cast", "w", "wf", AttributeProto.Of("to", 1)).Node("MatMul", "x wf", "h")), MatMulThen3),
        ["weight behind Reshape"] = (
            Then3(Features().Weight("w", 24).Longs("s", 4, 6).Node("Reshape", "w s", "wr").Node("MatMul", "x wr", "h")),
            MatMulThen3),
        ["weight behind Identity"] =
            (Then3(Features().Weight("w", 4, 6).Node("Identity", "w", "wi").Node("MatMul", "x wi", "h")), MatMulThen3),
        ["weight behind DequantizeLinear"] =
            (Then3(Features().Initializer("w", [4, 6], Integers(24), DataType.Int8).Scalar("s", 0.125)
            .Initializer("z", [], [1], DataType.Int8).Node("DequantizeLinear", "w s z", "wd").Node("MatMul", "x wd", "h")),
            MatMulThen3),
        ["weight quantized by channel"] = (Then3(Features().Initializer("w", [4, 6], Integers(24), DataType.Int8)
            .Initializer("s", [6], [0.125, 0.25, 0.125, 0.5, 0.125, 0.25])
                .Initializer("z", [6], [0, 1, 2, 3, 4, 5], DataType.Int8)
            .Node("DequantizeLinear", "w s z", "wd", AttributeProto.Of("axis", 1)).Node("MatMul", "x wd", "h")), MatMulThen3),
        ["weight in a Constant node"] = (Then3(Features().Node("Constant", "", "w",
            AttributeProto.Of("value", TensorValues.FromFloats("", [4, 6], [.. Quarters(24, 3).Select(q => (float)q)])))
                .Node("MatMul", "x w", "h")), MatMulThen3),
        ["weight behind a chain"] = (Then3(Features().Initializer("w", [24], Quarters(24, 4), DataType.Float16).Longs("s", 6, 4)
            .Node("Identity", "w", "w1").Node("Reshape", "w1 s", "w2").Node("Cast", "w2", "w3", AttributeProto.Of("to", 1))
            .Node("Transpose", "w3", "w4").Node("MatMul", "x w4", "h")), MatMulThen3),
        ["weight scaled by a number"] = (
            Then3(Features().Weight("w", 4, 6).Scalar("s", 0.5).Node("Mul", "w s", "ws").Node("MatMul", "x ws", "h")),
            MatMulThen3),

        ["Einsum"] = (Then3(Features().Weight("w", 4, 6).Node("Einsum", "x w", "h", AttributeProto.Of("equation", "bi,io->bo"))),
            MatMulThen3.Replace("MatMul Relu", "Einsum Relu", StringComparison.Ordinal)),
        ["Einsum with the weight first and the result implied"] =
            (Features().Weight("w", 6, 4).Node("Einsum", "w x", "h", AttributeProto.Of("equation", "ai, ci"))
            .Node("Relu", "h", "y").Output("y"), """
            Einsum Relu y [C6 B] n=6 m=6 (w)
            """),
        ["Einsum to heads"] =
            (Features(5).Weight("w", 4, 2, 3).Node("Einsum", "x w", "h", AttributeProto.Of("equation", "bsd,dhk->bshk"))
            .Node("Relu", "h", "y").Output("y"), """
            Einsum Relu y [B S5 C2 C3] n=6 m=6 (w)
            """),
        ["Einsum with dots"] =
            (Features(5).Weight("w", 4, 6).Node("Einsum", "x w", "h", AttributeProto.Of("equation", "...i,io->...o"))
            .Node("Relu", "h", "y").Output("y"), """
            Einsum Relu y [B S5 C6] n=6 m=6 (w)
            """),

        ["FusedMatMul"] = (Then3(Features().Weight("w", 6, 4)
            .Node("com.microsoft::FusedMatMul", "x w", "h", AttributeProto.Of("transB", 1), AttributeProto.Of("alpha", 0.5f))),
            MatMulThen3.Replace("MatMul Relu", "FusedMatMul Relu", StringComparison.Ordinal)),
        ["FusedGemm"] = (Features().Weight("w", 4, 6).Weight("b", 6).Weight("v", 6, 3)
            .Node("com.microsoft::FusedGemm", "x w b", "a", AttributeProto.Of("activation", "Relu"))
                .Node("MatMul", "a v", "y")
                .Output("y"),
            Relu6Then3.Replace("Gemm", "FusedGemm", StringComparison.Ordinal)),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static TinyModel Features(params long[] middle) =>
        new TinyModel(13).Input("x", [null, .. middle.Select(size => (long?)size), 4]);

    private static TinyModel Then3(TinyModel model) =>
        model.Weight("v", 6, 3).Node("Relu", "h", "a").Node("MatMul", "a v", "y").Output("y");

    private static IEnumerable<double> Integers(int count) => Enumerable.Range(0, count).Select(i => (double)(i * 7 % 15 - 7));
}
