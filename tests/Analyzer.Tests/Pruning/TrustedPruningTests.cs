using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Pruning;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>
/// Where numbers are computed from the channels that go, where zero makes something infinite or is not what is left, and where
/// channels depend on each other: what is cut computes what is zeroed, it is finite, and what cannot be had is said.
/// </summary>
public sealed class TrustedPruningTests : PruningTests
{
    private static readonly PruneOptions Half =
        new() { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };

    /// <summary>What stands between a convolution of eight filters, h, another, s, and the layer that reads a.</summary>
    private static readonly Dictionary<string, (Func<TinyModel, TinyModel> Build, string Said)> Kinds =
        new(StringComparer.Ordinal)
        {
            // Numbers computed from how many channels there are.
            ["scaled by the root of the width"] = (m =>
                Width(m).Node("Cast", "c", "f", Int("to", 1)).Node("Sqrt", "f", "r").Node("Div", "h r", "a"),
            "Div computes with their number"),
            ["shifted by the number of elements"] = (m =>
                m.Node("Size", "h", "c").Node("Cast", "c", "f", Int("to", 1)).Node("Mul", "h f", "a"),
            "Mul computes with their number"),
            ["joined with zeros of its shape"] = (m =>
                m.Node("Shape", "h", "c")
                    .Node("ConstantOfShape", "c", "o")
                    .Node("Concat", "h o", "j", Int("axis", 1))
                    .Weight("t", 8, 16, 1, 1)
                    .Node("Conv", "j t", "a"), "Concat computes with their number"),
            ["half of it by its width"] = (m =>
                Width(m)
                    .Longs("two", 2)
                    .Node("Unsqueeze", "c nil", "u")
                    .Node("Div", "u two", "d")
                    .Node("Slice", "s zero d one", "p")
                    .Weight("t", 8, 4, 1, 1)
                    .Node("Conv", "p t", "q")
                    .Node("Add", "h q", "a"), "Slice computes with their number"),
            ["reshaped as another"] = (m =>
                m.Longs("flat", 0, -1).Node("Reshape", "h flat", "l").Node("Shape", "s", "c").Node("Reshape", "l c", "a"),
            "Reshape computes with their number"),
            ["expanded as another"] = (m =>
                m.Node("ReduceMean", "s", "l", Ints("axes", 1))
                    .Node("Shape", "h", "c")
                    .Node("Expand", "l c", "e")
                    .Node("Add", "e h", "a"), "Expand computes with their number"),
            // A zero that makes something infinite.
            ["divided by a branch"] = (m => m.Node("Abs", "s", "d").Node("Div", "h d", "a"), "Div of zero is not finite"),
            ["a product with a negative power"] = (m =>
                m.Node("Abs", "s", "d").Scalar("minus", -0.5).Node("Pow", "d minus", "r").Node("Mul", "h r", "a"),
            "Pow of zero is not finite"),
            ["logarithm of what was shifted"] = (m =>
                m.Node("Abs", "h", "d")
                    .Initializer("shift", [8, 1, 1], Enumerable.Repeat(0.5, 8))
                    .Node("Add", "d shift", "e")
                    .Node("Log", "e", "a"), "Log of zero is not finite"),
            ["divided by its sum over positions"] = (m =>
                m.Node("Relu", "h", "d")
                    .Initializer("shift", [8, 1, 1], Enumerable.Repeat(0.5, 8))
                    .Node("Add", "d shift", "e")
                    .Node("ReduceSum", "e spatial", "t")
                    .Node("Div", "e t", "a"), "Div of zero is not finite"),
            ["divided by its deviation"] = (m =>
                m.Node("ReduceMean", "h", "t", Ints("axes", 2, 3))
                    .Node("Sub", "h t", "d")
                    .Node("Mul", "d d", "q")
                    .Node("ReduceMean", "q", "v", Ints("axes", 2, 3))
                    .Node("Sqrt", "v", "r")
                    .Node("Div", "d r", "a"), "Div of zero is not finite"),
            ["instance normalization without an epsilon"] = (m =>
                m.Weight("g", 8)
                    .Weight("b", 8)
                    .Node("InstanceNormalization", "h g b", "a",
                        new AttributeProto { Name = "epsilon", Type = AttributeProto.Types.AttributeType.Float, F = 0 }),
                    "InstanceNormalization of zero is not finite"),
            // What is left of a removed node, and goes on.
            ["gate of an output"] =
            (m => m.Node("Sigmoid", "s", "g").Node("Mul", "h g", "a").Output("g", [1, 8, 4, 4]), "Sigmoid of zero is not zero"),
            ["cosine that is added to what stays"] = (m =>
                m.Node("Cos", "h", "o")
                    .Weight("t", 8, 3, 1, 1)
                    .Node("Conv", "x t", "i")
                    .Node("ReduceMean", "o", "n", Ints("axes", 1))
                    .Node("Add", "i n", "a"), "Cos of zero is not zero"),
            ["softmax over channels"] = (m => m.Node("Softmax", "h", "a", Int("axis", 1)), "Exp of zero is not zero"),
            // What adds up along channels.
            ["summed up along channels"] =
            (m => m.Initializer("axis", [], [1], DataType.Int64).Node("CumSum", "h axis", "a"), "CumSum reads it"),
            // What another arithmetic makes of weights.
            ["weight normalized in the graph"] = (m =>
                m.Weight("t", 8, 8, 1, 1)
                    .Node("ReduceL2", "t", "n", Ints("axes", 1, 2, 3))
                    .Node("Div", "t n", "u")
                    .Node("Conv", "h u", "a"), "is shared or computed"),
        };

    /// <summary>Blocks whose removed nodes all leave the file.</summary>
    private static readonly Dictionary<string, Func<TinyModel, TinyModel>> Couplings = new(StringComparer.Ordinal)
    {
        ["gate"] = m => m.Node("Sigmoid", "s", "g").Node("Mul", "h g", "a"),
        ["residual"] = m => m.Weight("t", 8, 8, 3, 3).Node("Conv", "h t", "q", Ints("pads", 1, 1, 1, 1)).Node("Add", "h q", "a"),
        ["squeeze and excitation"] = m =>
            m.Node("GlobalAveragePool", "h", "p")
                .Weight("t", 4, 8, 1, 1)
                .Node("Conv", "p t", "q")
                .Node("Relu", "q", "r")
                .Weight("u", 8, 4, 1, 1)
                .Node("Conv", "r u", "v")
                .Node("Sigmoid", "v", "g")
                .Node("Mul", "h g", "a"),
        ["groups"] = m => m.Weight("t", 8, 2, 1, 1).Node("Conv", "h t", "q", Int("group", 4)).Node("Relu", "q", "a"),
        ["groups in groups"] = m =>
            m.Weight("t", 8, 2, 1, 1)
                .Node("Conv", "h t", "q", Int("group", 4))
                .Weight("u", 8, 4, 1, 1)
                .Node("Conv", "q u", "a", Int("group", 2)),
        ["halves that gate each other"] = m =>
            m.Node("Split", "h", "l r", Int("axis", 1)).Node("Mul", "l r", "o").Node("Concat", "o l", "a", Int("axis", 1)),
        ["pixel shuffle there and back"] = m =>
            m.Weight("t", 8, 8, 1, 1)
                .Node("Conv", "h t", "o")
                .Node("SpaceToDepth", "o", "q", Int("blocksize", 2))
                .Weight("u", 32, 32, 1, 1)
                .Node("Conv", "q u", "v")
                .Node("DepthToSpace", "v", "a", Int("blocksize", 2)),
        ["shape of its own width"] = m =>
            Width(m)
                .Node("Unsqueeze", "c nil", "u")
                .Longs("n", 1)
                .Longs("p", 16)
                .Node("Concat", "n u p", "t", Int("axis", 0))
                .Node("Reshape", "h t", "l")
                .Longs("back", 0, 0, 4, 4)
                .Node("Reshape", "l back", "a"),
    };

    public static TheoryData<string> KindNames => [.. Kinds.Keys];

    public static TheoryData<string> CouplingNames => [.. Couplings.Keys];

    [Theory]
    [MemberData(nameof(KindNames))]
    public void what_cannot_be_had_is_left_and_said(string name)
    {
        var checkpoint = Open(Model(Kinds[name].Build));
        foreach (var options in (PruneOptions[])[Half, Half with { Amount = 0.25, Norm = UnitNorm.L1 },
            Half with { Amount = 0.75, Scope = PruneScope.Global }])
            AssertSame(checkpoint, options, options with { Shrink = true });
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true });
        Assert.Contains(pruned.Diagnostics,
            diagnostic => diagnostic.Message.Contains(Kinds[name].Said, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(CouplingNames))]
    public void coupled_nodes_leave_the_file_together(string name)
    {
        var checkpoint = Open(Model(Couplings[name]));
        AssertSame(checkpoint, Half, Half with { Shrink = true });
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true });
        Assert.All(pruned.Layers, layer => Assert.Equal(layer.UnitsRemoved, layer.UnitsCut));
        // As many as asked for.
        Assert.All(pruned.Layers.Where(layer => layer.IsSelected), layer => Assert.Equal(layer.Units / 2, layer.UnitsRemoved));
    }

    [Fact]
    public void whole_heads_of_an_attention_are_removed()
    {
        var model = new TinyModel(17).Input("x", [1, 5, 6]);
        foreach (var part in (string[])["q", "k", "v"])
        {
            model.Weight($"w{part}", 6, 8)
                .Node("MatMul", $"x w{part}", $"p{part}")
                .Longs($"s{part}", 0, 0, 4, 2)
                .Node("Reshape", $"p{part} s{part}", $"r{part}")
                .Node("Transpose", $"r{part}", part, Ints("perm", part == "k" ? [0L, 2, 3, 1] : [0, 2, 1, 3]));
        }
        model.Node("MatMul", "q k", "scores")
            .Node("Softmax", "scores", "weights", Int("axis", -1))
            .Node("MatMul", "weights v", "heads")
            .Node("Transpose", "heads", "t", Ints("perm", 0, 2, 1, 3))
            .Longs("flat", 0, 0, 8)
                .Node("Reshape", "t flat", "f")
                .Weight("wo", 8, 3)
                .Node("MatMul", "f wo", "y")
                .Output("y", [1, 5, 3]);
        var checkpoint = Open(model.Proto);
        AssertSame(checkpoint, Half, Half with { Shrink = true });
        var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true, Strict = true });
        Assert.Equal([4, 4, 4, 0], pruned.Layers.Select(layer => layer.UnitsCut));
        Assert.Equal([0L, 0L, 2L, 2L], Stored(pruned).Longs("sq"));
    }

    [Fact]
    public void recurrent_units_leave_the_file()
    {
        foreach (var (op, gates) in ((string, int)[])[("LSTM", 4), ("GRU", 3), ("RNN", 1)])
        {
            var model = new TinyModel(17)
                .Input("x", [5, 1, 3], batchAxis: 1)
                .Weight("w", 1, 6 * gates, 3)
                .Weight("r", 1, 6 * gates, 6)
                .Weight("b", 1, 12 * gates)
                .Weight("start", 1, 1, 6)
                .Node(op, "x w r b  start", "all last", Int("hidden_size", 6))
                    .Longs("zero", 0)
                    .Node("Squeeze", "last zero", "l")
                    .Weight("u", 6, 2)
                    .Node("MatMul", "l u", "y")
                    .Output("y", [1, 2]);
            var checkpoint = Open(model.Proto);
            AssertSame(checkpoint, Half, Half with { Shrink = true });
            var pruned = Pruner.Prune(checkpoint, Half with { Shrink = true, Strict = true });
            Assert.Equal((6, 3), (pruned.Layers[0].Units, pruned.Layers[0].UnitsCut));
            Assert.Equal([1L, 3L * gates, 3L], Stored(pruned).Dims("r"));
        }
    }

    [Fact]
    public void a_bias_of_one_number_goes_with_the_removed_nodes()
    {
        var model = new TinyModel(17)
            .Input("x", [1, 3])
            .Weight("w", 3, 4)
            .Initializer("b", [1], [0.5])
            .Node("Gemm", "x w b", "h")
            .Weight("v", 4, 4)
            .Scalar("c", 0.25)
            .Node("MatMul", "h v", "g")
            .Node("Add", "g c", "k")
            .Weight("u", 4, 2).Node("MatMul", "k u", "y").Output("y", [1, 2]);
        var checkpoint = Open(model.Proto);
        var pruned = Pruner.Prune(checkpoint, Half);
        foreach (var (node, input) in ((int, int)[])[(0, 2), (2, 1)])
            Assert.Equal(2, Stored(pruned).Doubles(pruned.Model.Graph.Node[node].Input[input]).Count(value => value == 0));
        AssertSame(checkpoint, Half, Half with { Shrink = true });
        Assert.Equal([2, 2, 0], Pruner.Prune(checkpoint, Half with { Shrink = true }).Layers.Select(layer => layer.UnitsCut));
    }

    [Fact]
    public void each_layer_keeps_a_share_unless_told_otherwise()
    {
        var model = new TinyModel(17)
            .Input("x", [1, 3])
            .Weight("w", 3, 40)
            .Node("MatMul", "x w", "h")
            .Weight("v", 40, 2)
            .Node("MatMul", "h v", "y")
            .Output("y", [1, 2]);
        var checkpoint = Open(model.Proto);
        var much = Half with { Amount = 0.95 };
        var kept = Pruner.Prune(checkpoint, much);
        Assert.Equal(36, kept.Layers[0].UnitsRemoved);
        Assert.Contains(kept.Diagnostics,
            diagnostic => diagnostic.Message.StartsWith("keeps 4 of its 40 nodes", StringComparison.Ordinal));
        var all = Pruner.Prune(checkpoint, much with { MinKeep = 0 });
        Assert.Equal(38, all.Layers[0].UnitsRemoved);
        Assert.Empty(all.Diagnostics);
    }

    private static ModelProto Model(Func<TinyModel, TinyModel> build)
    {
        var model = new TinyModel(17)
            .Input("x", [1, 3, 4, 4])
            .Weight("first", 8, 3, 1, 1)
            .Weight("shifts", 8)
            .Node("Conv", "x first shifts", "h")
            .Weight("second", 8, 3, 1, 1).Weight("others", 8).Node("Conv", "x second others", "s")
            .Longs("zero", 0).Longs("one", 1).Longs("nil", 0).Longs("spatial", 2, 3);
        return build(model).Weight("last", 2, 8, 1, 1).Node("Conv", "a last", "y").Output("y", [1, 2, 4, 4])
            .Node("Relu", "s", "side").Weight("next", 2, 8, 1, 1).Node("Conv", "side next", "z").Output("z", [1, 2, 4, 4]).Proto;
    }

    private static TinyModel Width(TinyModel model) =>
        model.Node("Shape", "h", "shape").Initializer("at", [], [1], DataType.Int64).Node("Gather", "shape at", "c");

    private static AttributeProto Int(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static AttributeProto Ints(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };
}
