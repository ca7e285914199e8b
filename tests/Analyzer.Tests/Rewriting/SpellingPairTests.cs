using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing.Networks;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>The smallest pairs of spellings that a rewrite of a larger network has told apart.</summary>
public sealed class SpellingPairTests : IDisposable
{
    private static readonly AttributeProto Kernel = AttributeProto.Of("kernel_shape", [2L, 2L]);
    private static readonly AttributeProto First = AttributeProto.Of("axis", 0);
    private static readonly AttributeProto One = AttributeProto.Of("value", TensorValues.FromLongs("", [1], [1]));
    private static readonly AttributeProto Last = AttributeProto.Of("axis", 1);
    private static readonly AttributeProto NoAxis = AttributeProto.Of("keepdims", 0);
    private static readonly AttributeProto Hidden = AttributeProto.Of("hidden_size", 4);
    private static readonly double[] Head = [0, 0.5, -1, 0.25, 0, 0.5, 1, -0.5, 0, 0, 0, 1];

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

    /// <summary>Two nodes of the first layer are dead, and one of them feeds no alive node.</summary>
    internal static TinyModel Rows(TinyModel model, params long?[] shape) =>
        Weights(model.Input("x", shape is [] ? [null, 4] : shape));

    private static TinyModel Weights(TinyModel model) => model
        .Initializer("w", [4, 4], [0, 0, 1, 0.5, 0, 0, -1, 1, 0, 0, 0.5, -1, 0, 0, -0.25, -0.5])
        .Initializer("v", [4, 3], Head);

    private static TinyModel Tokens(TinyModel model) => Tokens(model, "Expand", "w v");

    /// <summary>Two tokens a sample, their products with two matrices and a bias, each repeated for each sample or as it is
    /// stored.</summary>
    private static TinyModel Tokens(TinyModel model, string op, string matrices, string bias = "c")
    {
        Repeats(Weights(model.Input("x", [null, 2, 4])).Initializer("c", [4], [0.25, -0.5, 0, 0.25]), op, 4, 4);
        if (bias == "ce")
            model.Longs("along", 2, 4).Node("Concat", "n along", "biases", First)
                .Node("Expand", "c biases", "ce");
        if (matrices.Contains("wt", StringComparison.Ordinal))
            model.Node("Transpose", "w", "w1").Node("Expand", "w1 sizes", "w2")
                .Node("Transpose", "w2", "wt", AttributeProto.Of("perm", 0, 2, 1));
        if (matrices.EndsWith("ve", StringComparison.Ordinal))
            model.Node("Unsqueeze", "v zero", "v1").Node("Tile", "v1 times", "ve");
        var names = matrices.Split(' ');
        return model.Node("MatMul", $"x {names[0]}", "h0").Node("Add", $"h0 {bias}", "h").Node("Relu", "h", "a")
            .Node("MatMul", $"a {names[1]}", "y");
    }

    /// <summary>Two tokens a sample, to each of which a row of a table is added: by stored places or by those that follow from
    /// the shape.</summary>
    private static TinyModel Placed(TinyModel model, string stored, Func<TinyModel, TinyModel>? places = null)
    {
        Weights(model.Input("x", [null, 2, 4])).Weight("table", 3, 4).Longs("one", 1).Longs("zero", 0).Longs("two", 2)
            .Longs("places", [.. stored.Split(' ').Select(long.Parse)])
            .Node("Shape", "x", "shape").Node("Slice", "shape zero two", "both");
        return (places?.Invoke(model) ?? model.Node("Identity", "places", "at")).Node("Gather", "table at", "p")
            .Node("MatMul", "x w", "h0").Node("Add", "h0 p", "h").Node("Relu", "h", "a").Node("MatMul", "a v", "y");
    }

    /// <summary>A layer of which two parts, l and r, go into products of their own.</summary>
    private static TinyModel Parts(TinyModel model, int left, int right, Func<TinyModel, TinyModel>? parts = null)
    {
        Rows(model).Weight("u", left, 4).Weight("t", right, 4).Longs("sizes", left, right)
            .Initializer("first", [], [0], DataType.Int64).Initializer("second", [], [1], DataType.Int64)
            .Initializer("last", [], [-1], DataType.Int64).Node("MatMul", "x w", "h").Node("Relu", "h", "a");
        return (parts?.Invoke(model) ?? model.Node("Split", "a sizes", "l r", Last)).Node("MatMul", "l u", "m")
            .Node("MatMul", "r t", "k").Node("Add", "m k", "z").Node("MatMul", "z v", "y");
    }

    private static TinyModel Halves(TinyModel model) => model.Node("Split", "a sizes", "l0 r0", Last);

    private static TinyModel Columns(TinyModel model) => Weights(model.Input("x", [null, 4, 2])).Weight("u", 3, 4);

    /// <summary>w for each sample, as [samples, rows, columns].</summary>
    private static TinyModel Repeats(TinyModel model, string op, long rows, long columns)
    {
        model.Longs("zero", 0).Longs("ones", 1, 1).Longs("matrix", rows, columns).Node("Shape", "x", "shape")
            .Node("Gather", "shape zero", "n").Node("Concat", "n matrix", "sizes", First)
            .Node("Concat", "n ones", "times", First).Node("Unsqueeze", "w zero", "w0");
        return model.Node(op, op == "Tile" ? "w0 times" : "w0 sizes", "we");
    }

    private static TinyModel Product(TinyModel model) => model.Input("x", [null, 2, 4, 4]).Weight("w", 2, 3).Weight("v", 3, 2)
        .Initializer("c", [3], [2, 0.5, 4]).Initializer("v0", [3], [0.5, -0.25, 1])
        .Node("Transpose", "x", "xt", AttributeProto.Of("perm", [0L, 2, 3, 1])).Node("MatMul", "xt w", "ht")
        .Node("Transpose", "ht", "h", AttributeProto.Of("perm", [0L, 3, 1, 2]));

    private static TinyModel Pooled(TinyModel model) =>
        model.Node("GlobalAveragePool", "p", "g").Node("Flatten", "g", "f").Node("MatMul", "f v", "y");

    /// <summary>Sequences of 5 steps of 3 features, and the weights of a recurrent layer of 4 units.</summary>
    private static TinyModel Recurrent(TinyModel model, int gates, int directions) => model.Input("x", [5, null, 3], batchAxis: 1)
        .Weight("w", directions, 4 * gates, 3).Weight("r", directions, 4 * gates, 4).Weight("b", directions, 8 * gates)
        .Initializer("first", [], [0], DataType.Int64).Initializer("last", [], [-1], DataType.Int64)
        .Longs("zero", 0).Longs("one", 1).Longs("two", 2).Initializer("v", [4, 3], Head);

    private static TinyModel Dense(TinyModel model) => model.Node("Squeeze", "h zero", "s").Node("MatMul", "s v", "y");

    private static TinyModel DenseOfBoth(TinyModel model) => model.Node("Slice", "h zero one zero", "h1")
        .Node("Slice", "h one two zero", "h2").Node("Concat", "h1 h2", "hs", AttributeProto.Of("axis", 2))
        .Node("Squeeze", "hs zero", "s").Initializer("u", [8, 3], [.. Head, .. Head.Reverse()]).Node("MatMul", "s u", "y");

    private static TinyModel Summed(TinyModel model) => model.Weight("u", 3, 4).Node("Gather", "x first", "x0")
        .Node("MatMul", "x0 u", "p").Node("Squeeze", "h zero", "hs").Node("Add", "hs p", "s").Node("MatMul", "s v", "y");

    private static GraphProto Body(string op, string x) => new()
    {
        Name = op,
        Node = { new NodeProto { OpType = op, Input = { x }, Output = { $"of_{op}" } } },
        Output =
        {
            new ValueInfoProto
            {
                Name = $"of_{op}",
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            },
        },
    };

    /// <summary>Sequences of 5 tokens, and steps that are computed from them, all of them the last.</summary>
    private static TinyModel Steps(TinyModel model) => Rows(model, [null, 5, 4]).Initializer("last", [], [4], DataType.Int64)
        .Initializer("none", [], [0], DataType.Int64).Node("MatMul", "x w", "h").Node("ArgMax", "x", "a", Last)
        .Node("Mul", "a none", "b").Node("Add", "b last", "steps");

    private static TinyModel Picked(TinyModel model) => model.Node("Relu", "p", "r").Node("MatMul", "r v", "y");

    /// <summary>Three filters, and what two products of their means make for each.</summary>
    private static TinyModel Filters(TinyModel model) => model.Input("x", [null, 2, 4, 4]).Weight("w", 3, 2, 2, 2)
        .Weight("k1", 4, 3, 1, 1).Weight("k2", 3, 4, 1, 1).Initializer("v", [3, 3], Head[..9])
        .Node("Conv", "x w", "h0").Node("Relu", "h0", "h").Node("GlobalAveragePool", "h", "p");

    private static TinyModel AsConvolution(TinyModel model) => Filters(model).Node("Conv", "p k1", "a0").Node("Relu", "a0", "a")
        .Node("Conv", "a k2", "g0").Node("Sigmoid", "g0", "g");

    private static TinyModel AsProduct(TinyModel model) => Filters(model).Longs("behind", 2, 3)
        .Node("Flatten", "k1", "f1").Node("Transpose", "f1", "t1").Node("Flatten", "k2", "f2").Node("Transpose", "f2", "t2")
        .Node("Flatten", "p", "pf").Node("MatMul", "pf t1", "a0").Node("Relu", "a0", "a").Node("MatMul", "a t2", "g0")
        .Node("Sigmoid", "g0", "g1").Node("Unsqueeze", "g1 behind", "g");

    private static TinyModel Gated(TinyModel model, string op) => model.Node(op, "h g", "o").Node("GlobalAveragePool", "o", "m")
        .Node("Flatten", "m", "f").Node("MatMul", "f v", "y");

    private static AttributeProto Direction(string direction) => AttributeProto.Of("direction", direction);

    /// <summary>A file of a version in which every stored tensor is an input too; that of the condition is left out, as some
    /// write it.</summary>
    private static TinyModel Old(TinyModel model)
    {
        model.Proto.IrVersion = 3;
        foreach (var tensor in model.Proto.Graph.Initializer.Where(tensor => tensor.Name != "yes"))
        {
            var shape = new TensorShapeProto();
            shape.Dim.AddRange(tensor.Dims.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
            model.Proto.Graph.Input.Add(new ValueInfoProto
            {
                Name = tensor.Name,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = shape } },
            });
        }
        return model;
    }

    /// <summary>The layers numbered in their order, so that those of two spellings are known to be the same layer.</summary>
    internal static ModelProto Layered(ModelProto model)
    {
        var layers = 0;
        foreach (var node in model.Graph.Node)
        {
            node.Name = node.OpType is "MatMul" or "Einsum" or "Conv" or "GRU" or "RNN"
                ? $"{node.OpType}@{layers++}" : $"other {node.Output[0]}";
        }
        return model;
    }
}
