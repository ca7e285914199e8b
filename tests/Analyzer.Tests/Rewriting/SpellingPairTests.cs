using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing.Networks;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.PairNetworks;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>The smallest pairs of spellings that a rewrite of a larger network has told apart.</summary>
public sealed class SpellingPairTests : IDisposable
{
    private static readonly Dictionary<string, (ConvNodes Nodes, Func<TinyModel, TinyModel> One, Func<TinyModel,
        TinyModel> Other)> Pairs = new()
        {
            ["max-pooling behind a product whose positions are samples"] = (ConvNodes.Filters,
            model => Pooled(Product(model).Node("BatchNormalization", "h c v0 v0 c", "n")
                .Node("Relu", "n", "r").Node("MaxPool", "r", "p", Kernel)),
            model => Pooled(Product(model).Node("MaxPool", "h", "m", Kernel)
                .Node("BatchNormalization", "m c v0 v0 c", "n").Node("Relu", "n", "p"))),
            ["a product as Einsum"] = (ConvNodes.Units,
            model => Rows(model).Node("MatMul", "x w", "h").Node("Relu", "h", "a").Node("MatMul", "a v", "y"),
            model => Rows(model).Node("MatMul", "x w", "h").Node("Relu", "h", "a")
                .Node("Einsum", "a v", "y", AttributeProto.Of("equation", "bi,io->bo"))),
            ["a function behind Split for one part, and behind Concat for the other"] = (ConvNodes.Units,
            model => Rows(model).Weight("u", 2, 2).Weight("t", 4, 2).Node("MatMul", "x w", "h").Node("Split", "h", "l0 r0", Last)
                .Node("Relu", "l0", "l").Node("Relu", "r0", "r")
                .Node("MatMul", "l u", "m0").Node("Relu", "m0", "m").Node("Concat", "m r", "c", Last).Node("MatMul", "c t", "y"),
            model => Rows(model).Weight("u", 2, 2).Weight("t", 4, 2).Node("MatMul", "x w", "h").Node("Split", "h", "l0 r0", Last)
                .Node("Relu", "l0", "l")
                .Node("MatMul", "l u", "m0").Node("Concat", "m0 r0", "c0", Last).Node("Relu", "c0", "c")
                    .Node("MatMul", "c t", "y")),
            ["two functions, and a Slice between them"] = (ConvNodes.Units,
            model => Rows(model).Longs("from", 0).Longs("to", 3).Longs("axis", 1).Weight("t", 3, 2)
                .Node("MatMul", "x w", "h").Node("Elu", "h", "e").Node("Slice", "e from to axis", "s").Node("Relu", "s", "a")
                    .Node("MatMul", "a t", "y"),
            model => Rows(model).Longs("from", 0).Longs("to", 3).Longs("axis", 1).Weight("t", 3, 2)
                .Node("MatMul", "x w", "h").Node("Elu", "h", "e").Node("Relu", "e", "r").Node("Slice", "r from to axis", "a")
                    .Node("MatMul", "a t", "y")),
            ["a Clip as two"] = (ConvNodes.Units,
            model => Rows(model).Scalar("low", 0).Scalar("high", 0.5).Node("MatMul", "x w", "h").Node("Clip", "h low high", "a")
                .Node("MatMul", "a v", "y"),
            model => Rows(model).Scalar("low", 0).Scalar("high", 0.5).Scalar("lower", -1).Scalar("higher", 1)
                .Node("MatMul", "x w", "h").Node("Clip", "h low higher", "a0").Node("Clip", "a0 lower high", "a")
                    .Node("MatMul", "a v", "y")),
            ["a factor in front of a Relu in parts that ends in the same factor"] = (ConvNodes.Units,
            model => Rows(model).Scalar("half", 0.5).Node("MatMul", "x w", "h0").Node("Mul", "h0 half", "h")
                .Node("Relu", "h", "a").Node("MatMul", "a v", "y"),
            model => Rows(model).Scalar("half", 0.5).Node("MatMul", "x w", "h0").Node("Mul", "h0 half", "h").Node("Abs", "h", "m")
                .Node("Add", "h m", "s").Node("Mul", "s half", "a")
                .Node("MatMul", "a v", "y")),
            ["a Clip, and Relu behind a Clip that is wider below"] = (ConvNodes.Units,
            model => Rows(model).Scalar("low", 0).Scalar("high", 0.5).Node("MatMul", "x w", "h").Node("Clip", "h low high", "a")
                .Node("MatMul", "a v", "y"),
            model => Rows(model).Scalar("low", -1).Scalar("high", 0.5).Node("MatMul", "x w", "h").Node("Clip", "h low high", "c")
                .Node("Relu", "c", "a").Node("MatMul", "a v", "y")),
            ["Celu, and Elu between scales"] = (ConvNodes.Units,
            model => Rows(model).Node("MatMul", "x w", "h").Node("Celu", "h", "a", AttributeProto.Of("alpha", 0.5f))
                .Node("MatMul", "a v", "y"),
            model => Rows(model).Scalar("c", 0.5).Node("MatMul", "x w", "h").Node("Div", "h c", "h1").Node("Elu", "h1", "e")
                .Node("Mul", "e c", "a").Node("MatMul", "a v", "y")),
            ["Log behind Sigmoid, and Softplus between Negs"] = (ConvNodes.Units,
            model => Rows(model).Node("MatMul", "x w", "h").Node("Sigmoid", "h", "s").Node("Log", "s", "a")
                .Node("MatMul", "a v", "y"),
            model => Rows(model).Node("MatMul", "x w", "h").Node("Neg", "h", "n").Node("Softplus", "n", "s").Node("Neg", "s", "a")
                .Node("MatMul", "a v", "y")),
            ["Exp of a negative square, by Pow and by Mul"] = (ConvNodes.Units,
            model => Rows(model).Scalar("two", 2).Node("MatMul", "x w", "h").Node("Pow", "h two", "q").Node("Neg", "q", "n")
                .Node("Exp", "n", "a").Node("MatMul", "a v", "y"),
            model => Rows(model).Node("MatMul", "x w", "h").Node("Neg", "h", "n").Node("Mul", "n h", "q").Node("Exp", "q", "a")
                .Node("MatMul", "a v", "y")),
            ["Softmax in parts"] = (ConvNodes.Units,
            model => Rows(model).Node("MatMul", "x w", "h").Node("Softmax", "h", "y", Last),
            model => Rows(model).Longs("axis", 1).Node("MatMul", "x w", "h")
                .Node("ReduceMax", "h", "m", AttributeProto.Of("axes", [1L])).Node("Sub", "h m", "d")
                .Node("Exp", "d", "e").Node("ReduceSum", "e axis", "s").Node("Div", "e s", "y")),
            ["a matrix that Expand repeats for each sample"] = (ConvNodes.Units, Tokens,
            model => Tokens(model, "Expand", "we v")),
            ["matrices that Tile repeats for each sample"] = (ConvNodes.Units, Tokens, model => Tokens(model, "Tile", "we ve")),
            ["a bias that Expand repeats for each sample"] = (ConvNodes.Units, Tokens,
            model => Tokens(model, "Expand", "w v", "ce")),
            ["a matrix repeated for each sample, and then transposed"] = (ConvNodes.Units, Tokens,
            model => Tokens(model, "Expand", "wt v")),
            ["a matrix repeated for each sample, on the left"] = (ConvNodes.Units,
            model => Columns(model).Node("MatMul", "w x", "h").Node("Relu", "h", "a").Node("MatMul", "u a", "y"),
            model => Columns(Repeats(model, "Expand", 4, 4)).Node("MatMul", "we x", "h").Node("Relu", "h", "a")
                .Node("MatMul", "u a", "y")),
            ["places counted by CumSum of ones"] = (ConvNodes.Units, model => Placed(model, "0 1"), model => Placed(model, "1 1",
            places => places.Node("ConstantOfShape", "both", "ones", One).Node("CumSum", "ones one", "from1")
                .Node("Sub", "from1 one", "at"))),
            ["places counted by an exclusive CumSum backwards"] = (ConvNodes.Units, model => Placed(model, "1 0"),
            model => Placed(model, "1 1", places => places.Node("ConstantOfShape", "both", "ones", One)
                .Node("CumSum", "ones one", "at", AttributeProto.Of("exclusive", 1), AttributeProto.Of("reverse", 1)))),
            ["places found by NonZero of ones"] = (ConvNodes.Units, model => Placed(model, "0 1"), model => Placed(model, "1 1",
            places => places.Node("Slice", "both one two", "tokens").Node("ConstantOfShape", "tokens", "ones", One)
                .Node("NonZero", "ones", "found").Node("Transpose", "found", "column").Node("Squeeze", "column one", "at"))),
            ["parts out of a sequence, by listed sizes"] = (ConvNodes.Units, model => Parts(model, 1, 3),
            model => Parts(model, 1, 3, parts => parts.Node("SplitToSequence", "a sizes", "s", Last)
                .Node("SequenceAt", "s first", "l").Node("SequenceAt", "s last", "r"))),
            ["parts out of a sequence, all but the last of one size"] = (ConvNodes.Units, model => Parts(model, 3, 1),
            model => Parts(model, 3, 1, parts => parts.Initializer("three", [], [3], DataType.Int64)
                .Node("SplitToSequence", "a three", "s", Last).Node("SequenceAt", "s first", "l")
                .Node("SequenceAt", "s second", "r"))),
            ["parts out of a sequence, without their axis"] = (ConvNodes.Units, model => Parts(model, 2, 2),
            model => Parts(model, 2, 2, parts => parts.Longs("stack", -1, 2, 2).Node("Reshape", "a stack", "b")
                .Node("SplitToSequence", "b", "s", Last, AttributeProto.Of("keepdims", 0)).Node("SequenceAt", "s first", "l")
                .Node("SequenceAt", "s last", "r"))),
            ["parts put into a sequence and taken out"] = (ConvNodes.Units, model => Parts(model, 2, 2),
            model => Parts(model, 2, 2, parts => parts.Node("Split", "a sizes", "l0 r0", Last)
                .Node("SequenceConstruct", "l0 r0", "s").Node("SequenceAt", "s first", "l").Node("SequenceAt", "s last", "r"))),
            ["parts joined out of a sequence"] = (ConvNodes.Units,
            model => Parts(model, 2, 2, parts => Halves(parts).Node("Concat", "r0 l0", "c", Last)
                .Node("Split", "c sizes", "l r", Last)),
            model => Parts(model, 2, 2, parts => Halves(parts).Node("SequenceEmpty", "", "e").Node("SequenceInsert", "e l0", "s0")
                .Node("SequenceInsert", "s0 r0 first", "s").Node("ConcatFromSequence", "s", "c", Last)
                .Node("Split", "c sizes", "l r", Last))),
            ["parts stacked out of a sequence"] = (ConvNodes.Units,
            model => Parts(model, 2, 2, parts => Halves(parts).Node("Concat", "r0 l0", "c", Last)
                .Node("Split", "c sizes", "l r", Last)),
            model => Parts(model, 2, 2, parts => Halves(parts).Node("SequenceConstruct", "r0 l0", "s")
                .Node("ConcatFromSequence", "s", "stack", Last, AttributeProto.Of("new_axis", 1)).Node("Flatten", "stack", "c")
                .Node("Split", "c sizes", "l r", Last))),
            ["a branch that a stored condition chooses, in a file that declares its weights as inputs"] = (ConvNodes.Units,
            model => Rows(model).Node("MatMul", "x w", "h").Node("Relu", "h", "a").Node("MatMul", "a v", "y"),
            model => Old(Rows(model).Initializer("yes", [], [1], DataType.Bool).Node("MatMul", "x w", "h")
                .Node("If", "yes", "a", AttributeProto.Of("then_branch", Body("Relu", "h")),
                    AttributeProto.Of("else_branch", Body("Abs", "h"))).Node("MatMul", "a v", "y"))),
            ["the last state of a recurrent layer, and the last of all its states"] = (ConvNodes.Units,
            model => Dense(Recurrent(model, 3, 1).Node("GRU", "x w r b", "s0 h", Hidden)),
            model => Dense(Recurrent(model, 3, 1).Node("GRU", "x w r b", "s0", Hidden).Node("Gather", "s0 last", "h"))),
            ["the last state backwards, and the first of all states"] = (ConvNodes.Units,
            model => Dense(Recurrent(model, 1, 1).Node("RNN", "x w r b", " h", Hidden, Direction("reverse"))),
            model => Dense(Recurrent(model, 1, 1).Node("RNN", "x w r b", "s0", Hidden, Direction("reverse"))
                .Node("Gather", "s0 first", "h"))),
            ["the last states of both directions, and those of all states"] = (ConvNodes.Units,
            model => DenseOfBoth(Recurrent(model, 1, 2).Node("RNN", "x w r b", "s0 h", Hidden, Direction("bidirectional"))),
            model => DenseOfBoth(Recurrent(model, 1, 2).Node("RNN", "x w r b", "s0", Hidden, Direction("bidirectional"))
                .Node("Gather", "s0 last", "e0").Node("Gather", "s0 first", "e1").Node("Slice", "e0 zero one zero", "f0")
                .Node("Slice", "e1 one two zero", "f1").Node("Concat", "f0 f1", "h", AttributeProto.Of("axis", 0)))),
            ["a sum with the last state, and with the last of all states"] = (ConvNodes.Units,
            model => Summed(Recurrent(model, 3, 1).Node("GRU", "x w r b", "s0 h", Hidden)),
            model => Summed(Recurrent(model, 3, 1).Node("GRU", "x w r b", "s0", Hidden).Node("Gather", "s0 last", "h"))),
            ["a token that an index of the data picks by Gather"] = (ConvNodes.Units,
            model => Picked(Steps(model).Node("Gather", "h last", "p", Last)),
            model => Picked(Steps(model).Node("ReduceMax", "steps", "s", AttributeProto.Of("keepdims", 0))
                .Node("Gather", "h s", "p", Last))),
            ["a token that indices of the data pick by GatherND"] = (ConvNodes.Units,
            model => Picked(Steps(model).Node("Gather", "h last", "p", Last)),
            model => Picked(Steps(model).Node("ReduceMax", "steps", "s", AttributeProto.Of("axes", [2L]),
                AttributeProto.Of("keepdims", 0)).Node("GatherND", "h s", "p", AttributeProto.Of("batch_dims", 1)))),
            ["a token that indices of the data pick by GatherElements"] = (ConvNodes.Units,
            model => Picked(Steps(model).Node("Gather", "h last", "p", Last)),
            model => Picked(Steps(model).Node("GatherElements", "h steps", "k", Last).Longs("one", 1)
                .Node("Squeeze", "k one", "p"))),
            ["a gate of filters as a convolution and as a product"] = (ConvNodes.Filters,
            model => Gated(AsConvolution(model), "Mul"), model => Gated(AsProduct(model), "Mul")),
            ["a summand of filters as a convolution and as a product"] = (ConvNodes.Filters,
            model => Gated(AsConvolution(model), "Add"), model => Gated(AsProduct(model), "Add")),
            ["a gate of channels at positions as a convolution and as a product"] = (ConvNodes.Units,
            model => Gated(AsConvolution(model), "Mul"), model => Gated(AsProduct(model), "Mul")),
        };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names => [.. Pairs.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void both_spellings_give_the_same_numbers(string name)
    {
        var (nodes, one, other) = Pairs[name];
        var original = new Original("one", Layered(one(new TinyModel(13)).Output("y").Proto), folder, isWired: true);
        Assert.Empty(original.Compare(Layered(other(new TinyModel(13)).Output("y").Proto), [], nodes).Differences);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(11)]
    public void a_matrix_product_in_parts_is_one(int opset)
    {
        var original = new Original("one", Named(Rows(new TinyModel(opset)).Weight("b", 4)
            .Node("MatMul", "x w", "m").Node("Add", "m b", "h").Node("Relu", "h", "a").Node("MatMul", "a v", "n")
            .Node("Elu", "n", "o").Weight("c", 3, 2).Node("MatMul", "o c", "y")), folder, isWired: false);
        var axes = opset < 13 ? [AttributeProto.Of("axes", [1L])] : Array.Empty<AttributeProto>();
        TinyModel Product(TinyModel model, string rows, string weight, string result) => (opset < 13
            ? model.Node("Unsqueeze", rows, $"{rows}1", AttributeProto.Of("axes", [2L]))
                .Node("Mul", $"{rows}1 {weight}", $"{rows}2").Node("ReduceSum", $"{rows}2", result, [.. axes, NoAxis])
            : model.Node("Unsqueeze", $"{rows} two", $"{rows}1").Node("Mul", $"{weight} {rows}1", $"{rows}2")
                .Node("ReduceSum", $"{rows}2 one", result, NoAxis));
        var parts = Rows(new TinyModel(opset)).Weight("b", 4).Weight("c", 3, 2).Longs("one", 1).Longs("two", 2);
        Product(parts, "x", "w", "m").Node("Add", "m b", "h").Node("Relu", "h", "a");
        Product(parts, "a", "v", "n").Node("Elu", "n", "o").Node("MatMul", "o c", "y");
        Assert.Empty(original.Compare(Named(parts), [], ConvNodes.Units).Differences);

        // Named by their results, as both spellings call them.
        static ModelProto Named(TinyModel model)
        {
            foreach (var node in model.Output("y").Proto.Graph.Node)
                node.Name = $"{node.OpType}@{node.Output[0]}";
            return model.Proto;
        }
    }
}
