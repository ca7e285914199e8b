using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Onnx;


namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>The batch axis of each input is found: by names, by what recurrent layers, convolutions and
/// products take it for.</summary>
public class BatchAxisTests
{
    private static readonly AttributeProto Hidden = AttributeProto.Of("hidden_size", 3L);

    private static readonly Dictionary<string, (TinyModel Model, string Axes)> Cases = new()
    {
        ["a GRU's state by name"] = (
            Recurrent(3)
                .Declared("x", "batch time 4")
                .Declared("h", "1 batch 3")
                .Turned("x", "t")
                .Node("GRU", "t w r   h", "o", Hidden)
                .Output("o"), "x 0, h 1"),
        ["two states of an LSTM"] = (
            Recurrent(4)
                .Declared("h", "1 batch 3")
                .Declared("c", "1 batch 3")
                .Declared("x", "time batch 4")
                .Node("LSTM", "x w r   h c", "o", Hidden)
                .Output("o"),
            "h 1, c 1, x 1"),
        ["states without names"] = (
            Recurrent(4)
                .Declared("x", "5 2 4")
                .Declared("h", "1 2 3")
                .Declared("c", "1 2 3")
                .Node("LSTM", "x w r   h c", "o", Hidden)
                .Output("o"), "x 1, h 1, c 1"),
        ["a state whose name says little"] = (
            Recurrent(1).Declared("h", "1 k 3").Declared("x", "t k 4").Node("RNN", "x w r   h", "o", Hidden).Output("o"),
            "h 1, x 1"),
        ["a name that says batch of the time"] = (
            Recurrent(1).Declared("x", "batch_size time 4").Node("RNN", "x w r", "o", Hidden).Output("o"), "x 1"),
        ["a batch of one and a free state"] = (
            Recurrent(3).Declared("x", "time 1 4").Declared("h", "1 1 3").Node("GRU", "x w r   h", "o", Hidden).Output("o"),
            "x 1, h 1"),
        ["the states of two layers in one input"] = (
            Recurrent(1)
                .Weight("w2", 1, 3, 3)
                .Declared("x", "time batch 4")
                .Declared("h", "2 batch 3")
                .Longs("zero", 0)
                .Longs("one", 1)
                .Longs("two", 2)
                .Node("Slice", "h zero one zero", "h0")
                    .Node("Slice", "h one two zero", "h1")
                    .Node("RNN", "x w r   h0", "o", Hidden)
                .Node("Squeeze", "o one", "s").Node("RNN", "s w2 r   h1", "p", Hidden).Output("p"), "x 1, h 1"),
        ["the states of two layers, batch first, one of them used"] = (
            Recurrent(1).Declared("x", "1 5 4").Declared("h", "1 2 3").Longs("zero", 0).Longs("one", 1)
                .Turned("x", "t").Node("Slice", "h zero one one", "h0").Node("RNN", "t w r   h0", "o", Hidden).Output("o"),
                "x 0, h 0"),
        ["on the third axis"] = (
            Recurrent(1)
                .Declared("x", "5 4 batch")
                .Node("Transpose", "x", "t", AttributeProto.Of("perm", [0L, 2L, 1L]))
                .Node("RNN", "t w r", "o", Hidden)
                .Output("o"), "x 2"),
        ["on the third axis, fixed"] = (
            Recurrent(1)
                .Declared("x", "5 4 2")
                .Node("Transpose", "x", "t", AttributeProto.Of("perm", [0L, 2L, 1L]))
                .Node("RNN", "t w r", "o", Hidden)
                .Output("o"), "x 2"),
        ["a free axis of time and no batch"] = (
            Recurrent(1)
                .Declared("x", "time 4")
                .Longs("one", 1)
                .Node("Unsqueeze", "x one", "u")
                .Node("RNN", "u w r", "o", Hidden)
                .Output("o"), "x -1"),
        ["behind a layer of its own"] = (
            Recurrent(1)
                .Weight("d", 4, 4)
                .Declared("x", "a b 4")
                .Node("MatMul", "x d", "p")
                .Node("Relu", "p", "q")
                .Node("RNN", "q w r", "o", Hidden)
                .Output("o"), "x 1"),
        ["features alone"] =
            (new TinyModel(13).Declared("x", "6").Weight("w", 6, 3).Node("MatMul", "x w", "y").Output("y"), "x -1"),
        ["features in a row of one"] = (
            new TinyModel(13)
                .Declared("x", "6")
                .Weight("w", 6, 3)
                .Longs("row", 1, -1)
                .Node("Reshape", "x row", "r")
                .Node("Gemm", "r w", "y")
                .Output("y"), "x -1"),
        ["an image of channels first"] =
            (Convolution().Node("Unsqueeze", "x zero", "u").Node("Conv", "u w", "y").Output("y"), "x -1"),
        ["an image of channels last"] = (
            Convolution("6 6 4")
                .Node("Unsqueeze", "x zero", "u")
                .Node("Transpose", "u", "t", AttributeProto.Of("perm", [0L, 3L, 1L, 2L]))
                .Node("Conv", "t w", "y")
                .Output("y"),
            "x -1"),
        ["an image of free size"] =
            (Convolution("4 height width").Node("Unsqueeze", "x zero", "u").Node("Conv", "u w", "y").Output("y"), "x -1"),
        ["a signal along free time"] = (
            new TinyModel(13)
                .Declared("x", "time 4")
                .Weight("w", 3, 4, 3)
                .Longs("zero", 0)
                .Node("Transpose", "x", "t")
                .Node("Unsqueeze", "t zero", "u")
                .Node("Conv", "u w", "y").Output("y"), "x -1"),
        ["an image behind the batch"] = (
            Convolution("4 6 6 b")
                .Node("Transpose", "x", "t", AttributeProto.Of("perm", [3L, 0L, 1L, 2L]))
                .Node("Conv", "t w", "y")
                .Output("y"), "x 3"),
        ["one name on two axes"] = (
            new TinyModel(13)
                .Declared("x", "n 4")
                .Declared("adjacency", "n n")
                .Weight("w", 4, 3)
                .Node("MatMul", "adjacency x", "s")
                .Node("MatMul", "s w", "y")
                .Output("y"),
            "x -1, adjacency -1"),
        ["a value for all samples"] = (
            new TinyModel(13)
                .Declared("x", "batch length 4")
                .Declared("shift", "length 4")
                .Weight("w", 4, 3)
                .Node("Add", "x shift", "s")
                .Node("MatMul", "s w", "y")
                .Output("y"),
            "x 0, shift -1"),
        ["two numbers for all samples"] = (
            new TinyModel(13)
                .Declared("x", "batch 2")
                .Declared("scale", "2")
                .Weight("w", 2, 3)
                .Node("Mul", "x scale", "s")
                .Node("MatMul", "s w", "y")
                .Output("y"), "x 0, scale -1"),
        ["tokens first"] = (
            new TinyModel(13).Declared("x", "length examples 4").Weight("w", 4, 4).Weight("v", 4, 3).Node("MatMul", "x w", "h")
                .Node("Transpose", "h", "q", AttributeProto.Of("perm", [1L, 0L, 2L]))
                    .Node("Transpose", "h", "k", AttributeProto.Of("perm", [1L, 2L, 0L]))
                .Node("MatMul", "q k", "scores")
                    .Node("Softmax", "scores", "a")
                    .Node("MatMul", "a q", "z")
                    .Node("MatMul", "z v", "y")
                    .Output("y"), "x 1"),
        ["tokens without a batch"] = (
            new TinyModel(13)
                .Declared("x", "length 4")
                .Weight("w", 4, 4)
                .Weight("v", 4, 3)
                .Node("MatMul", "x w", "h")
                .Node("Transpose", "h", "k")
                .Node("MatMul", "h k", "scores")
                    .Node("Softmax", "scores", "a")
                    .Node("MatMul", "a h", "z")
                    .Node("MatMul", "z v", "y")
                    .Output("y"), "x -1"),
        ["rows, as ever"] =
            (new TinyModel(13).Declared("x", "5 6").Weight("w", 6, 3).Node("MatMul", "x w", "y").Output("y"), "x 0"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task is_found(string name)
    {
        var (model, axes) = Cases[name];
        // Masks are compared with a reference that feeds one sample at a time.
        var graph = TracedRun.Traces(model.Proto);
        Assert.Equal(axes, string.Join(", ", graph.Inputs.Select(input => $"{input.Name} {input.BatchAxis}")));
        Assert.Null(graph.Mixer);
        var one = await WholeAnalysis.Of(model, new ProbeOptions { Samples = 16 }, WholeAnalysis.OnCpu with { Batch = 1 });
        var many = await WholeAnalysis.Of(model, new ProbeOptions { Samples = 16 }, WholeAnalysis.OnCpu with { Batch = 7 });
        Assert.Equal(WholeAnalysis.Numbers(one), WholeAnalysis.Numbers(many));
        Assert.Equal(axes.Contains("-1", StringComparison.Ordinal),
            many.Diagnostics.Any(diagnostic => diagnostic.Message == "has no batch axis: samples run one at a time"));
    }

    [Fact]
    public void a_layout_of_batch_first_is_read_from_the_operator()
    {
        var model = Recurrent(3)
            .Declared("x", "a b 4")
            .Declared("h", "a 1 3")
            .Node("GRU", "x w r   h", "o", Hidden, AttributeProto.Of("layout", 1L))
            .Output("o");
        Assert.Equal([0, 0], TracedRun.OnlyTraces(model.Proto).Inputs.Select(input => input.BatchAxis));
    }

    [Fact]
    public void an_axis_that_the_data_decided_stays()
    {
        using var folder = new Tests.Checkpoints.TemporaryFolder();
        ModelFile.Save(Cases["rows, as ever"].Model.Proto, folder.Path("tiny.onnx"));
        var graph = LayerTracer.Trace(Checkpoint.Open(folder.Path("tiny.onnx")),
            new TraceOptions { BatchAxes = new Dictionary<string, int> { ["x"] = -1 }.ToImmutableDictionary() });
        Assert.Equal(-1, Assert.Single(graph.Inputs).BatchAxis);
    }

    [Theory]
    [InlineData("LSTM", 4, 2)]
    [InlineData("GRU", 3, 1)]
    [InlineData("RNN", 1, 1)]
    public void zero_initial_states_are_no_parameters_and_others_are(string op, int gates, int states)
    {
        LayerGraph Graph(double value)
        {
            var model = Recurrent(gates).Declared("x", "5 1 4");
            foreach (var state in new[] { "h", "c" }.Take(states))
                model.Initializer(state, [1, 1, 3], [value, value, value]);
            return TracedRun.Traces(model.Node(op, $"x w r   {string.Join(' ', new[] { "h", "c" }.Take(states))}", "o", Hidden)
                .Output("o").Proto);
        }

        var weights = gates * 3 * (4 + 3);
        Assert.Equal((weights, 0, 0),
            (Graph(0).Parameters.Sum(parameter => parameter.Count), Graph(0).UntracedParameters, Graph(0).Diagnostics.Length));
        Assert.Equal((weights + 3 * states, 0, 0),
            (Graph(0.5).Parameters.Sum(parameter => parameter.Count), Graph(0.5).UntracedParameters,
            Graph(0.5).Diagnostics.Length));
    }

    private static TinyModel Recurrent(int gates) => new TinyModel(14).Weight("w", 1, 3 * gates, 4).Weight("r", 1, 3 * gates, 3);

    private static TinyModel Convolution(string input = "4 6 6") =>
        new TinyModel(13).Declared("x", input).Weight("w", 2, 4, 3, 3).Longs("zero", 0);
}

file static class Layout
{
    /// <summary>Batch and time in the other order.</summary>
    public static TinyModel Turned(this TinyModel model, string from, string to) =>
        model.Node("Transpose", from, to, AttributeProto.Of("perm", [1L, 0L, 2L]));
}
