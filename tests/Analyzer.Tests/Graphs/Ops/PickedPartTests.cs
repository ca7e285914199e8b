using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>A part of concatenated channels is fed by the layers that are in it, however it is taken out.</summary>
public class PickedPartTests
{
    private static readonly Dictionary<string, Func<TinyModel, int, TinyModel>> Spellings = new(StringComparer.Ordinal)
    {
        ["Slice"] = (model, start) => model.Longs("s", start).Longs("e", start + 6).Longs("i", 1)
            .Node("Slice", "c s e i", "part"),
        ["Slice from the end"] = (model, start) => model.Longs("s", start - 12).Longs("e", start == 6 ? 1000 : start - 6)
            .Longs("i", -1).Node("Slice", "c s e i", "part"),
        ["Split"] = (model, start) => model.Longs("sizes", start == 6 ? [6, 6] : [start, 6, 6 - start])
            .Node("Split", "c sizes", start == 6 ? "rest part" : "rest part last", AttributeProto.Of("axis", 1)),
        ["Gather"] = (model, start) => model.Longs("at", [.. Enumerable.Range(start, 6).Select(i => (long)i)])
            .Node("Gather", "c at", "part", AttributeProto.Of("axis", 1)),
        ["Gather by negative indices"] = (model, start) => model
            .Longs("at", [.. Enumerable.Range(start - 12, 6).Select(i => (long)i)])
            .Node("Gather", "c at", "part", AttributeProto.Of("axis", 1)),
        ["Pad by less than nothing"] = (model, start) => model.Longs("pads", 0, -start, 0, start - 6)
            .Node("Pad", "c pads", "part"),
    };

    private const string FedByOne = """
        MatMul Relu a [B C6] n=6 m=6 (w)
        MatMul Relu pr [B C6] n=6 m=6 (v)
        MatMul Relu qr [B C6] n=6 m=6 (u)
        MatMul - y [B C3] n=3 m=3 (t)
        0>1 0>2 2>3
        """;

    public static TheoryData<string> All => [.. Spellings.Keys];

    [Theory]
    [InlineData("Gather", 99)]
    [InlineData("Gather", -7)]
    [InlineData("GatherElements", 6)]
    [InlineData("GatherND", 99)]
    public void An_index_outside_is_named_as_one(string op, int index)
    {
        long[] dims = op == "Gather" ? [2] : [1, 2];
        double[] values = op == "GatherND" ? [0, index] : [5, index];
        AttributeProto[] axis = op == "GatherND" ? [] : [AttributeProto.Of("axis", 1)];
        var model = new TinyModel(13).Input("x", [1, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "a")
            .Initializer("at", dims, values, TensorProto.Types.DataType.Int64).Node(op, "a at", "y", axis).Output("y");
        Assert.Contains(TracedRun.OnlyTraces(model.Proto).Diagnostics, diagnostic =>
            diagnostic.Message.Contains($"index {index} is outside an axis of 6 elements", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_part_that_is_one_layer_is_fed_by_that_alone(string spelling) => TracedRun.Holds(
        Spellings[spelling](Joined(), 6).Weight("t", 6, 3).Node("MatMul", "part t", "y").Output("y"), FedByOne);

    [Theory]
    [MemberData(nameof(All))]
    public void It_meets_another_branch_node_by_node(string spelling) => TracedRun.Holds(
        Spellings[spelling](Joined(), 6).Weight("t", 6, 6).Node("MatMul", "pr t", "r").Node("Add", "part r", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu pr [B C6] n=6 m=6 (v)
            MatMul Relu qr [B C6] n=6 m=6 (u)
            MatMul - y [B C6] n=6 m=6 (t)
            0>1 0>2 1>3 2=3
            """);

    [Theory]
    [MemberData(nameof(All))]
    public void A_part_of_both_is_fed_by_both(string spelling) => TracedRun.Holds(
        Spellings[spelling](Joined(), 3).Weight("t", 6, 3).Node("MatMul", "part t", "y").Output("y"), """
            MatMul Relu a [B C6] n=6 m=6 (w)
            MatMul Relu pr [B C6] n=6 m=6 (v)
            MatMul Relu qr [B C6] n=6 m=6 (u)
            MatMul - y [B C3] n=3 m=3 (t)
            0>1 0>2 1>3 2>3
            """);

    [Theory]
    [InlineData("Slice", 1, 7)]
    [InlineData("Slice", -2, 7)]
    [InlineData("Slice", -1, 11)]
    [InlineData("Gather", 1, 7)]
    [InlineData("Gather", -1, 11)]
    [InlineData("Gather", 0, 9)]
    public void Channels_in_another_order_are_still_those_of_one_layer(string op, int step, int first)
    {
        var count = step == -2 ? 1 : 3;
        var model = Joined();
        if (op == "Slice")
            model.Longs("s", first).Longs("e", first + step * count).Longs("i", 1).Longs("d", step)
                .Node("Slice", "c s e i d", "part");
        else
            model.Longs("at", [.. Enumerable.Range(0, count).Select(i => (long)(first + i * step))])
                .Node("Gather", "c at", "part", AttributeProto.Of("axis", 1));
        TracedRun.Holds(model.Weight("t", count, 3).Node("MatMul", "part t", "y").Output("y"), FedByOne);
    }

    [Fact]
    public void One_channel_is_that_of_one_layer() => TracedRun.Holds(
        Joined().Longs("at", 8).Node("Gather", "c at", "kept", AttributeProto.Of("axis", 1)).Weight("t", 1, 3)
            .Node("MatMul", "kept t", "y").Output("y"), FedByOne);

    /// <summary>c = [ReLU(a·v), ReLU(a·u)], each of 6 channels.</summary>
    private static TinyModel Joined() => new TinyModel(13).Input("x", [null, 4]).Weight("w", 4, 6).Node("MatMul", "x w", "h")
        .Node("Relu", "h", "a").Weight("v", 6, 6).Node("MatMul", "a v", "p").Node("Relu", "p", "pr").Weight("u", 6, 6)
        .Node("MatMul", "a u", "q").Node("Relu", "q", "qr").Node("Concat", "pr qr", "c", AttributeProto.Of("axis", 1));
}
