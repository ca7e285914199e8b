using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>An If or Where whose condition the file decides, by stored tensors or by sizes that it fixes, is what it
/// chooses.</summary>
public class KnownConditionTests
{
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>> Conditions = new()
    {
        ["a stored one"] = model => model.Initializer("c", [], [1], DataType.Bool),
        ["a size of the input"] = model => Size(model, "x", 1).Node("Equal", "size four", "c"),
        ["a size of a layer's result"] = model => Size(model, "a", 1).Node("Greater", "size four", "c"),
        ["a size, as a part of the shape"] = model => model.Node("Shape", "a", "shape").Node("Slice", "shape one two", "part")
            .Node("Squeeze", "part", "size").Node("Greater", "size four", "c"),
        ["a size beside a free one"] = model => model.Node("Shape", "a", "shape").Node("Identity", "shape", "copy")
            .Node("Concat", "copy one", "joined", AttributeProto.Of("axis", 0)).Node("Gather", "joined index1", "size")
            .Node("Greater", "size four", "g").Node("Not", "g", "n").Node("Not", "n", "c"),
    };

    private static readonly Dictionary<string, Func<TinyModel, TinyModel>> FreeConditions = new()
    {
        ["the batch"] = model => Size(model, "x", 0).Node("Greater", "size four", "c"),
        ["the batch of a layer's result"] = model => Size(model, "a", 0).Node("Equal", "size four", "c"),
        ["the number of elements"] = model => model.Node("Size", "a", "size").Node("Greater", "size four", "c"),
        ["the data"] = model => model.Node("ReduceMax", "a", "m", AttributeProto.Of("keepdims", 0))
            .Node("Cast", "m", "c", AttributeProto.Of("to", (int)DataType.Bool)),
    };

    public static TheoryData<string> Known => [.. Conditions.Keys];

    public static TheoryData<string> Free => [.. FreeConditions.Keys];

    [Theory]
    [MemberData(nameof(Known))]
    public void an_if_is_the_branch_it_takes(string condition) => TracedRun.Holds(
        End(Conditions[condition](Start()).Node("If", "c", "s", AttributeProto.Of("then_branch", Branch("v")),
            AttributeProto.Of("else_branch", Branch("t"))).Node("Identity", "s", "h")), """
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul Relu r [B C6] n=6 m=6 (v)
        MatMul - y [B C2] n=2 m=2 (u)
        0>1 1>2
        """);

    [Theory]
    [MemberData(nameof(Known))]
    public void a_where_is_what_it_chooses(string condition) => TracedRun.Holds(
        End(Conditions[condition](Start()).Node("MatMul", "a v", "p").Node("Where", "c p a", "h")), """
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul Relu r [B C6] n=6 m=6 (v)
        MatMul - y [B C2] n=2 m=2 (u)
        0>1 1>2
        """);

    [Theory]
    [InlineData(6, "0>1 1>2")]
    [InlineData(1, "0>1 1>2")]
    public void a_where_may_choose_by_many_equal_elements(int count, string edges) => TracedRun.Holds(
        End(Start().Initializer("c", [1, count], new double[count], DataType.Bool).Node("MatMul", "a v", "p")
            .Node("Where", "c a p", "h")), $"""
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul Relu r [B C6] n=6 m=6 (v)
        MatMul - y [B C2] n=2 m=2 (u)
        {edges}
        """);

    [Fact]
    public void a_where_that_chooses_both_merges_them() => TracedRun.Holds(
        End(Start().Initializer("c", [6], [1, 0, 1, 1, 0, 1], DataType.Bool).Node("MatMul", "a v", "p")
            .Node("Where", "c p a", "h")), """
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul Relu r [B C6] n=6 m=6 (v)
        MatMul - y [B C2] n=2 m=2 (u)
        0>1 0=1 1>2
        """);

    [Theory]
    [MemberData(nameof(Free))]
    public void an_if_that_what_is_fed_decides_keeps_both_branches(string condition)
    {
        var graph = TracedRun.OnlyTraces(End(FreeConditions[condition](Start()).Node("If", "c", "h",
            AttributeProto.Of("then_branch", Branch("v")), AttributeProto.Of("else_branch", Branch("t")))).Proto);
        Assert.Equal(4, graph.Layers.Length);
    }

    private static TinyModel Start() => new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Weight("v", 6, 6)
        .Weight("t", 6, 6).Weight("u", 6, 2).Longs("one", 1).Longs("two", 2)
        .Initializer("four", [], [4], DataType.Int64).Initializer("index0", [], [0], DataType.Int64)
        .Initializer("index1", [], [1], DataType.Int64).Node("MatMul", "x w", "h0").Node("Relu", "h0", "a");

    private static TinyModel Size(TinyModel model, string of, int axis) =>
        model.Node("Shape", of, "shape").Node("Gather", $"shape index{axis}", "size");

    private static TinyModel End(TinyModel model) =>
        model.Node("Relu", "h", "r").Node("MatMul", "r u", "y").Output("y", [null, 2]);

    private static GraphProto Branch(string weight) => new()
    {
        Name = weight,
        Node = { new NodeProto { OpType = "MatMul", Input = { "a", weight }, Output = { $"of_{weight}" } } },
        Output =
        {
            new ValueInfoProto
            {
                Name = $"of_{weight}",
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            },
        },
    };
}
