using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>
/// Networks with a loop, each beside the same network with its iterations one after the other. A weight has the same name in
/// both, but for what stands in front of the last slash.
/// </summary>
internal static class UnrolledNetworks
{
    private static readonly string[] Gates = ["z", "r", "n"];

    /// <summary>An RNN behind a dense layer, its state read by another one: a Scan over the second axis of its input.</summary>
    public static TinyModel ScanRnn(int steps, int opset = 13)
    {
        var body = new TinyModel(opset).Input("h", [null, 3]).Input("x_t", [null, 4]).Weight("w", 4, 3).Weight("r", 3, 3)
            .Weight("b", 3);
        RnnStep(body, "x_t", "h", "next");
        body.Node("Identity", "next", "out").Output("next", [null, 3]).Output("out", [null, 3]);
        return Rnn(steps, opset).Node("Scan", "start a", "last all", Body(body), AttributeProto.Of("num_scan_inputs", 1),
                AttributeProto.Of("scan_input_axes", [1L]), AttributeProto.Of("scan_output_axes", [1L]))
            .Weight("u", 3, 2).Node("MatMul", "all u", "y").Output("y");
    }

    /// <summary>The same without a Scan.</summary>
    public static TinyModel UnrolledRnn(int steps, int opset = 13)
    {
        var tiny = Rnn(steps, opset).Weight("w", 4, 3).Weight("r", 3, 3).Weight("b", 3);
        var state = "start";
        for (var t = 0; t < steps; t++)
        {
            tiny.Initializer($"t{t}", [], [t], DataType.Int64).Node("Gather", $"a t{t}", $"x{t}", AttributeProto.Of("axis", 1));
            RnnStep(tiny, $"x{t}", state, $"h{t}");
            tiny.Longs($"shape{t}", 0, 1, 3).Node("Reshape", $"h{t} shape{t}", $"row{t}");
            state = $"h{t}";
        }
        var rows = string.Join(' ', Enumerable.Range(0, steps).Select(t => $"row{t}"));
        return tiny.Node("Concat", rows, "all", AttributeProto.Of("axis", 1))
            .Weight("u", 3, 2).Node("MatMul", "all u", "y").Output("y");
    }

    /// <summary>A GRU as a loop over its time steps: weights of the input lie outside, those of the state in the body.</summary>
    public static TinyModel LoopGru(int steps)
    {
        var body = new TinyModel(13).Input("i", [], DataType.Int64).Input("go", [], DataType.Bool).Input("h", [null, 3]);
        StateWeights(body).Node("Gather", "x i", "x_t", AttributeProto.Of("axis", 1));
        GruStep(body, "x_t", "h", "next").Node("Identity", "go", "on").Node("Identity", "next", "out")
            .Output("on", [], DataType.Bool).Output("next", [null, 3]).Output("out", [null, 3]);
        return InputWeights(Sequence(steps)).Initializer("times", [], [steps], DataType.Int64)
            .Node("Loop", "times  start", "last all", Body(body)).Weight("u", 3, 2).Node("MatMul", "last u", "y").Output("y");
    }

    /// <summary>The same without a Loop.</summary>
    public static TinyModel UnrolledGru(int steps)
    {
        var tiny = StateWeights(InputWeights(Sequence(steps)));
        var state = "start";
        for (var t = 0; t < steps; t++)
        {
            tiny.Initializer($"t{t}", [], [t], DataType.Int64).Node("Gather", $"x t{t}", $"x{t}", AttributeProto.Of("axis", 1));
            GruStep(tiny, $"x{t}", state, $"h{t}");
            state = $"h{t}";
        }
        return tiny.Weight("u", 3, 2).Node("MatMul", $"{state} u", "y").Output("y");
    }

    /// <summary>A convolution applied several times, its kernel captured.</summary>
    public static TinyModel LoopConvolution(int steps, int batch)
    {
        var body = new TinyModel(11).Input("i", [], DataType.Int64).Input("go", [], DataType.Bool).Input("h", [null, 2, 5, 5]);
        Convolve(body, "h", "next").Node("Identity", "go", "on").Output("on", [], DataType.Bool).Output("next", [null, 2, 5, 5]);
        return Image(batch).Initializer("times", [], [steps], DataType.Int64).Node("Loop", "times  x", "y", Body(body))
            .Output("y");
    }

    /// <summary>The same without a Loop.</summary>
    public static TinyModel UnrolledConvolution(int steps, int batch)
    {
        var tiny = Image(batch);
        for (var t = 0; t < steps; t++)
            Convolve(tiny, t == 0 ? "x" : $"h{t - 1}", $"h{t}");
        return tiny.Node("Identity", $"h{steps - 1}", "y").Output("y");
    }

    /// <summary>A loop that takes one branch in its first two iterations and another one after them.</summary>
    public static TinyModel Nested(int steps)
    {
        var (early, late) = (new TinyModel(13).Weight("v", 4, 4), new TinyModel(13).Weight("w", 4, 4).Weight("b", 4));
        early.Node("MatMul", "h v", "p").Node("Relu", "p", "chosen").Output("chosen", [null, 4]);
        late.Node("MatMul", "h w", "p").Node("Add", "p b", "q").Node("Relu", "q", "chosen").Output("chosen", [null, 4]);
        var body = new TinyModel(13).Input("i", [], DataType.Int64).Input("go", [], DataType.Bool).Input("h", [null, 4])
            .Initializer("two", [], [2], DataType.Int64).Node("Less", "i two", "c").Node("Identity", "go", "on")
            .Node("If", "c", "next",
                AttributeProto.Of("then_branch", early.Proto.Graph), AttributeProto.Of("else_branch", late.Proto.Graph))
            .Output("on", [], DataType.Bool).Output("next", [null, 4]);
        return new TinyModel(13).Input("x", [null, 4]).Initializer("times", [], [steps], DataType.Int64)
            .Node("Loop", "times  x", "last", Body(body)).Weight("u", 4, 2).Node("MatMul", "last u", "y").Output("y");
    }

    /// <summary>The same without a Loop or an If.</summary>
    public static TinyModel UnrolledNested(int steps)
    {
        var tiny = new TinyModel(13).Input("x", [null, 4]).Weight("v", 4, 4).Weight("w", 4, 4).Weight("b", 4);
        for (var t = 0; t < steps; t++)
        {
            var h = t == 0 ? "x" : $"h{t - 1}";
            if (t < 2)
                tiny.Node("MatMul", $"{h} v", $"p{t}").Node("Relu", $"p{t}", $"h{t}");
            else
                tiny.Node("MatMul", $"{h} w", $"p{t}").Node("Add", $"p{t} b", $"q{t}").Node("Relu", $"q{t}", $"h{t}");
        }
        return tiny.Weight("u", 4, 2).Node("MatMul", $"h{steps - 1} u", "y").Output("y");
    }

    /// <summary>A loop inside a branch; behind a shape that only a run tells, a second layer.</summary>
    public static TinyModel LoopInBranch(int steps)
    {
        var body = new TinyModel(13).Input("i", [], DataType.Int64).Input("go", [], DataType.Bool).Input("h", [null, 4]);
        body.Weight("v", 4, 4).Node("MatMul", "h v", "p").Node("Relu", "p", "q")
            // Two rows of two, whatever the sample holds.
            .Node("Abs", "h", "size").Node("ReduceMax", "size", "most", AttributeProto.Of("keepdims", 0)).Scalar("nothing", 0)
            .Node("Mul", "most nothing", "none").Node("Cast", "none", "zero", AttributeProto.Of("to", (long)DataType.Int64))
            .Longs("rows", -1, 2, 2).Node("Add", "rows zero", "shape").Node("Reshape", "q shape", "pairs")
            .Weight("w", 2, 2).Node("MatMul", "pairs w", "r").Longs("back", -1, 4).Node("Reshape", "r back", "next")
            .Node("Identity", "go", "on").Output("on", [], DataType.Bool).Output("next", [null, 4]);
        var yes = new TinyModel(13)
            .Initializer("times", [], [steps], DataType.Int64)
            .Node("Loop", "times  x", "chosen", Body(body))
            .Output("chosen", [null, 4]);
        var no = new TinyModel(13).Node("Identity", "x", "chosen").Output("chosen", [null, 4]);
        return new TinyModel(13).Input("x", [null, 4]).Scalar("half", 0.5)
            .Node("ReduceMax", "x", "high", AttributeProto.Of("keepdims", 0)).Node("Greater", "high half", "c")
            .Node("If", "c", "h", AttributeProto.Of("then_branch", yes.Proto.Graph),
                AttributeProto.Of("else_branch", no.Proto.Graph))
            .Weight("u", 4, 2).Node("MatMul", "h u", "y").Output("y");
    }

    /// <summary>An RNN as a loop whose state starts with a stored row, and whose weights are handed on as states too.</summary>
    public static TinyModel LoopRnn(int steps, params double[] start)
    {
        var body = new TinyModel(13).Input("i", [], DataType.Int64).Input("go", [], DataType.Bool).Input("h", [null, 3])
            .Input("w", [4, 3]).Input("r", [3, 3]).Weight("b", 3).Node("Gather", "x i", "x_t", AttributeProto.Of("axis", 1));
        RnnStep(body, "x_t", "h", "next");
        body.Node("Identity", "go", "on").Node("Identity", "w", "w_out").Output("on", [], DataType.Bool).Output("next")
            .Output("w_out").Output("r");
        return new TinyModel(13).Input("x", [null, steps, 4]).Weight("w_in", 4, 3).Weight("r_in", 3, 3)
            .Initializer("start", [1, 3], start)
            .Initializer("times", [], [steps], DataType.Int64)
            .Node("Loop", "times  start w_in r_in", "last w_last r_last", Body(body))
            .Weight("u", 3, 2).Node("MatMul", "last u", "y").Output("y");
    }

    /// <summary>The same without a Loop.</summary>
    public static TinyModel UnrolledLoopRnn(int steps, params double[] start)
    {
        var tiny = new TinyModel(13).Input("x", [null, steps, 4]).Initializer("start", [1, 3], start);
        tiny.Initializer("w", [4, 3], TinyModel.Quarters(12, "w_in".Sum(c => c)))
            .Initializer("r", [3, 3], TinyModel.Quarters(9, "r_in".Sum(c => c))).Weight("b", 3);
        // With a part of the input, times zero: the first product is computed like the others then.
        tiny.Longs("zero", 0).Longs("three", 3).Longs("one", 1).Scalar("nothing", 0);
        for (var t = 0; t < steps; t++)
        {
            tiny.Initializer($"t{t}", [], [t], DataType.Int64).Node("Gather", $"x t{t}", $"x{t}", AttributeProto.Of("axis", 1));
            if (t == 0)
                tiny.Node("Slice", "x0 zero three one", "part").Node("Mul", "part nothing", "nulls")
                    .Node("Add", "nulls start", "begin");
            RnnStep(tiny, $"x{t}", t == 0 ? "begin" : $"h{t - 1}", $"h{t}");
        }
        return tiny.Weight("u", 3, 2).Node("MatMul", $"h{steps - 1} u", "y").Output("y");
    }

    /// <summary>Two branches, one of two layers and one of one; which, the largest input of a sample decides.</summary>
    public static TinyModel Branches()
    {
        var yes = Wide(new TinyModel(13)).Output("chosen", [null, 3]);
        var no = Narrow(new TinyModel(13)).Output("chosen", [null, 3]);
        return Dense().Scalar("half", 0.5).Node("ReduceMax", "x", "most", AttributeProto.Of("keepdims", 0))
            .Node("Greater", "most half", "c")
            .Node("If", "c", "h", AttributeProto.Of("then_branch", yes.Proto.Graph),
            AttributeProto.Of("else_branch", no.Proto.Graph))
            .Weight("u", 3, 2).Node("MatMul", "h u", "y").Output("y");
    }

    /// <summary>The same with one of the branches alone.</summary>
    public static TinyModel Branch(bool condition) =>
        (condition ? Wide(Dense()) : Narrow(Dense())).Weight("u", 3, 2).Node("MatMul", "chosen u", "y").Output("y");

    /// <summary>A body as an attribute.</summary>
    public static AttributeProto Body(TinyModel body) => AttributeProto.Of("body", body.Proto.Graph);

    private static TinyModel Image(int batch) => new TinyModel(11).Input("x", [batch > 0 ? batch : null, 2, 5, 5])
        .Weight("k", 2, 2, 3, 3).Weight("kb", 2);

    private static TinyModel Convolve(TinyModel tiny, string h, string next) =>
        tiny.Node("Conv", $"{h} k kb", $"{next}_c", AttributeProto.Of("pads", [1L, 1L, 1L, 1L])).Node("Relu", $"{next}_c", next);

    private static TinyModel Wide(TinyModel tiny) => tiny.Weight("v1", 6, 5).Weight("c1", 5).Node("MatMul", "a v1", "p0")
        .Node("Add", "p0 c1", "p1")
        .Node("Relu", "p1", "p").Weight("v2", 5, 3).Node("MatMul", "p v2", "q").Node("Relu", "q", "chosen");

    private static TinyModel Narrow(TinyModel tiny) => tiny.Weight("v3", 6, 3).Node("MatMul", "a v3", "p")
        .Node("LeakyRelu", "p", "chosen", AttributeProto.Of("alpha", 0.25f));

    private static TinyModel Dense() => new TinyModel(13).Input("x", [null, 4]).Weight("w0", 4, 6)
        .Node("MatMul", "x w0", "h0").Node("Relu", "h0", "a");

    private static TinyModel Rnn(int steps, int opset) =>
        Start(new TinyModel(opset).Input("x", [null, steps, 2]).Weight("w0", 2, 4).Node("MatMul", "x w0", "a0")
            .Node("Relu", "a0", "a"), 2);

    private static TinyModel Sequence(int steps) => Start(new TinyModel(13).Input("x", [null, steps, 4]), 4);

    /// <summary>A first state from two layers: what reads it comes behind what reads the input, as in later steps.</summary>
    private static TinyModel Start(TinyModel tiny, long width) => tiny.Initializer("first", [], [0], DataType.Int64)
        .Node("Gather", "x first", "x_first", AttributeProto.Of("axis", 1)).Weight("s1", width, 5)
        .Node("MatMul", "x_first s1", "s1_0").Node("Relu", "s1_0", "s1_1")
        .Weight("s2", 5, 3).Node("MatMul", "s1_1 s2", "s2_0").Node("Relu", "s2_0", "start");

    private static void RnnStep(TinyModel tiny, string x, string h, string next) => tiny
        .Node("MatMul", $"{x} w", $"{next}_x").Node("MatMul", $"{h} r", $"{next}_r")
        .Node("Add", $"{next}_x {next}_r", $"{next}_s")
        .Node("Add", $"{next}_s b", $"{next}_b").Node("Relu", $"{next}_b", next);

    private static TinyModel InputWeights(TinyModel tiny) =>
        Gates.Aggregate(tiny, (model, gate) => model.Weight($"w{gate}", 4, 3));

    private static TinyModel StateWeights(TinyModel tiny) =>
        Gates.Aggregate(tiny, (model, gate) => model.Weight($"r{gate}", 3, 3)).Scalar("one", 1);

    private static TinyModel GruStep(TinyModel tiny, string x, string h, string next)
    {
        foreach (var gate in Gates)
            tiny.Node("MatMul", $"{x} w{gate}", $"{next}_x{gate}").Node("MatMul", $"{h} r{gate}", $"{next}_h{gate}");
        foreach (var gate in Gates[..2])
        {
            tiny.Node("Add", $"{next}_x{gate} {next}_h{gate}", $"{next}_s{gate}")
                .Node("HardSigmoid", $"{next}_s{gate}", $"{next}_{gate}", AttributeProto.Of("alpha", 0.25f),
                AttributeProto.Of("beta", 0.5f));
        }
        return tiny.Node("Mul", $"{next}_r {next}_hn", $"{next}_g").Node("Add", $"{next}_xn {next}_g", $"{next}_sn")
            .Node("Relu", $"{next}_sn", $"{next}_n")
            .Node("Sub", $"one {next}_z", $"{next}_k").Node("Mul", $"{next}_k {next}_n", $"{next}_new")
            .Node("Mul", $"{next}_z {h}", $"{next}_old")
            .Node("Add", $"{next}_new {next}_old", next);
    }
}
