using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Branches that meet: who owns the result, and which edges there are.</summary>
public class MergeCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["a skip from an activation"] = (Block().Node("Add", "p a", "s").Node("Relu", "s", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu y [B C6] n=6 m=6 (v)
            0>1 0=1
            """),
        ["a skip added the other way round"] = (Block().Node("Add", "a p", "s").Node("Relu", "s", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu y [B C6] n=6 m=6 (v)
            0>1 0=1
            """),
        ["a bias between branch and skip"] =
            (Block().Weight("c", 6).Node("Add", "p c", "pc").Node("Add", "pc a", "s").Node("Relu", "s", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu y [B C6] n=6 m=6 (v +c)
            0>1 0=1
            """),
        ["a Gemm that adds a skip"] =
            (new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h").Node("Relu", "h", "a")
            .Weight("v", 6, 6).Node("Gemm", "a v a", "s").Node("Relu", "s", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            Gemm Relu y [B C6] n=6 m=6 (v)
            0>1 0=1
            """),
        ["two branches"] = (TwoBranches().Node("Add", "p q", "s").Node("Relu", "s", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - p [B C6] n=6 m=6 (v)
            MatMul Relu y [B C6] n=6 m=6 (u)
            0>1 0>2 1=2
            """),
        ["two branches, the longer one owns"] = (TwoBranches()
            .Node("Relu", "p", "pr")
            .Weight("t", 6, 6)
            .Node("MatMul", "pr t", "pp")
            .Node("Add", "pp q", "s")
            .Node("Relu", "s", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu pr [B C6] n=6 m=6 (v)
            MatMul - q [B C6] n=6 m=6 (u)
            MatMul Relu y [B C6] n=6 m=6 (t)
            0>1 0>2 1>3 2=3
            """),
        ["three branches by Sum"] = (TwoBranches()
            .Weight("t", 6, 6)
            .Node("MatMul", "a t", "r")
            .Node("Sum", "p q r", "s")
            .Node("Relu", "s", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - p [B C6] n=6 m=6 (v)
            MatMul - q [B C6] n=6 m=6 (u)
            MatMul Relu y [B C6] n=6 m=6 (t)
            0>1 0>2 0>3 1=3 2=3
            """),
        ["two branches by Mul, one a gate"] =
            (TwoBranches().Node("Sigmoid", "p", "g").Node("Mul", "g q", "s").Node("Relu", "s", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Sigmoid g [B C6] n=6 m=6 (v)
            MatMul Relu y [B C6] n=6 m=6 (u)
            0>1 0>2 1=2
            """),
        ["two branches by Sub"] = (TwoBranches().Node("Sub", "p q", "y").Output("y"), TwoRaw("y")),
        ["two branches by Max"] = (TwoBranches().Node("Max", "p q", "y").Output("y"), TwoRaw("y")),
        ["two branches by Min"] = (TwoBranches().Node("Min", "p q", "y").Output("y"), TwoRaw("y")),
        ["two branches by Mean"] = (TwoBranches().Node("Mean", "p q", "y").Output("y"), TwoRaw("y")),
        ["two residual blocks"] = (Block()
            .Node("Add", "p a", "s")
            .Node("Relu", "s", "a2")
            .Weight("v2", 6, 6)
            .Node("MatMul", "a2 v2", "p2")
            .Node("Add", "p2 a2", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu a2 [B C6] n=6 m=6 (v)
            MatMul - y [B C6] n=6 m=6 (v2)
            0>1 0=1 1>2 1=2
            """),
        ["a residual stream without activation functions"] = (Block()
            .Node("Add", "p a", "s")
            .Weight("v2", 6, 6)
            .Node("MatMul", "s v2", "p2")
            .Node("Add", "p2 s", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - s [B C6] n=6 m=6 (v)
            MatMul - y [B C6] n=6 m=6 (v2)
            0>1 0=1 1>2 1=2
            """),
        ["squeeze and excite: a gate of whole channels"] =
            (new TinyModel(13).Input("x", [null, 2, 4, 4]).Weight("w", 3, 2, 1, 1).Node("Conv", "x w", "h").Node("Relu", "h", "a")
            .Node("GlobalAveragePool", "a", "g")
                .Weight("u", 3, 3, 1, 1)
                .Node("Conv", "g u", "e")
                .Node("Sigmoid", "e", "gate")
                .Node("Mul", "a gate", "m")
            .Weight("v", 2, 3, 1, 1).Node("Conv", "m v", "y").Output("y"), """
            Conv Relu a [B C3 P4 P4] n=48 m=3 (w)
            Conv - m [B C3 P4 P4] n=48 m=3 (u)
            Conv - y [B C2 P4 P4] n=32 m=2 (v)
            0>1 0=1 1>2
            """),
        ["Concat"] = (TwoBranches()
            .Node("Relu", "p", "pr")
            .Node("Relu", "q", "qr")
            .Node("Concat", "pr qr", "c", AttributeProto.Of("axis", 1))
            .Weight("t", 12, 3)
            .Node("MatMul", "c t", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu pr [B C6] n=6 m=6 (v)
            MatMul Relu qr [B C6] n=6 m=6 (u)
            MatMul - y [B C3] n=3 m=3 (t)
            0>1 0>2 1>3 2>3
            """),
        ["Concat, the activation function behind"] = (TwoBranches()
            .Node("Concat", "p q", "c", AttributeProto.Of("axis", -1))
            .Node("Relu", "c", "r")
            .Weight("t", 12, 3)
            .Node("MatMul", "r t", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu p [B C6] n=6 m=6 (v)
            MatMul Relu q [B C6] n=6 m=6 (u)
            MatMul - y [B C3] n=3 m=3 (t)
            0>1 0>2 1>3 2>3
            """),
        ["Concat with the input"] =
            (new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h").Node("Relu", "h", "a")
            .Node("Concat", "a x", "c", AttributeProto.Of("axis", 1)).Weight("t", 10, 3).Node("MatMul", "c t", "y").Output("y"),
            """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - y [B C3] n=3 m=3 (t)
            0>1
            """),
        ["Concat of a layer that also goes on (DenseNet)"] = (Block()
            .Node("Relu", "p", "pr")
            .Node("Concat", "a pr", "c", AttributeProto.Of("axis", 1))
            .Weight("t", 12, 3)
            .Node("MatMul", "c t", "y")
            .Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu pr [B C6] n=6 m=6 (v)
            MatMul - y [B C3] n=3 m=3 (t)
            0>1 0>2 1>2
            """),
        ["Concat of channels and Split again"] = (TwoBranches()
            .Node("Concat", "p q", "c", AttributeProto.Of("axis", 1))
            .Node("Split", "c", "s1 s2", AttributeProto.Of("axis", 1))
            .Node("Relu", "s1", "r1")
                .Node("Tanh", "s2", "r2")
                .Weight("t", 6, 3)
                .Node("MatMul", "r1 t", "y")
                .Output("y")
                .Output("r2"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu p [B C6] n=6 m=6 (v)
            MatMul Tanh q [B C6] n=6 m=6 (u)
            MatMul - y [B C3] n=3 m=3 (t)
            0>1 0>2 1>3
            """),
        ["Where chooses between two branches"] =
            (TwoBranches().Scalar("zero", 0).Node("Greater", "p zero", "b").Node("Where", "b p q", "y").Output("y"), TwoRaw("y")),
        ["a mask computed from the input"] = (new TinyModel(13)
            .Input("x", [null, 4])
            .Input("mask", [null, 6])
            .Weight("w", 4, 6)
            .Node("MatMul", "x w", "h")
            .Node("Relu", "h", "a")
            .Node("Mul", "a mask", "m").Weight("v", 6, 3).Node("MatMul", "m v", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul - y [B C3] n=3 m=3 (v)
            0>1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static string TwoRaw(string read) => $"""
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul - p [B C6] n=6 m=6 (v)
        MatMul - {read} [B C6] n=6 m=6 (u)
        0>1 0>2 1=2
        """;

    /// <summary>a = ReLU(x·w), p = a·v, both of 6 nodes.</summary>
    private static TinyModel Block() =>
        new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h").Node("Relu", "h", "a")
        .Weight("v", 6, 6).Node("MatMul", "a v", "p");

    private static TinyModel TwoBranches() => Block().Weight("u", 6, 6).Node("MatMul", "a u", "q");
}
