using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>A model that mixes the samples of a run, or decides once for all of them, runs one sample at a time.</summary>
public class SampleMixingTests
{
    private const string Normalizes = "normalizes over the samples of a run";
    private const string Combines = "combines the samples of a run";
    private const string Loses = "does not keep the samples of a run apart";

    // Each stands between two dense layers: h is [batch, 4], m must be.
    private static readonly Dictionary<string, (Func<TinyModel, TinyModel> Between, string How)> Mixing = new()
    {
        ["DynamicQuantizeLinear"] = (model =>
            model.Node("DynamicQuantizeLinear", "h", "q scale zero").Node("DequantizeLinear", "q scale zero", "m"),
            "takes one scale for all samples of a run"),
        ["BatchNormalization"] = (model =>
            model.Weight("s", 4).Weight("b", 4).Initializer("mean", [4], [0, 0, 0, 0]).Initializer("var", [4], [1, 1, 1, 1])
            .Node("BatchNormalization", "h s b mean var", "m rm rv", AttributeProto.Of("training_mode", 1L)), Normalizes),
        ["MeanVarianceNormalization"] =
            (model => model.Node("MeanVarianceNormalization", "h", "m", AttributeProto.Of("axes", [0L])), Normalizes),
        ["Softmax"] = (model => model.Node("Softmax", "h", "m", AttributeProto.Of("axis", 0L)), Normalizes),
        ["LogSoftmax"] = (model => model.Node("LogSoftmax", "h", "m", AttributeProto.Of("axis", -2L)), Normalizes),
        ["LpNormalization"] = (model => model.Node("LpNormalization", "h", "m", AttributeProto.Of("axis", 0L)), Normalizes),
        ["LayerNormalization"] = (model =>
            model.Initializer("s", [1, 4], [1, 1, 1, 1]).Node("LayerNormalization", "h s", "m", AttributeProto.Of("axis", 0L)),
            Normalizes),
        ["CumSum"] = (model => model.Initializer("axis", [], [0], DataType.Int64).Node("CumSum", "h axis", "m"), Combines),
        ["ReduceMean"] =
            (model => model.Node("ReduceMean", "h", "mean", AttributeProto.Of("axes", [0L])).Node("Sub", "h mean", "m"), Loses),
        ["ReduceMax over all"] = (model => model.Node("ReduceMax", "h", "max").Node("Div", "h max", "m"), Loses),
        ["a product of samples"] =
            (model => model.Node("Transpose", "h", "t").Node("MatMul", "h t", "pairs").Node("MatMul", "pairs h", "m"), Loses),
        ["the first sample"] = (model =>
            model.Initializer("zero", [], [0], DataType.Int64)
                .Node("Gather", "h zero", "first", AttributeProto.Of("axis", 0L))
                .Node("Sub", "h first", "m"), Combines),
        ["Slice of one sample"] = (model =>
            model.Longs("zero", 0).Longs("one", 1).Node("Slice", "h zero one zero", "first").Node("Sub", "h first", "m"), Loses),
        ["samples backwards"] = (model =>
            model.Longs("last", -1)
                .Longs("before", -100)
                .Longs("zero", 0)
                .Longs("step", -1)
                .Node("Slice", "h last before zero step", "back")
                .Node("Sub", "h back", "m"), Combines),
        ["If"] = (model =>
            model.Scalar("half", 0.5)
                .Node("ReduceMean", "h", "mean", AttributeProto.Of("keepdims", 0L))
                .Node("Greater", "mean half", "c")
            .Node("If", "c", "m", AttributeProto.Of("then_branch", Body("Neg")), AttributeProto.Of("else_branch", Body("Abs"))),
            Loses),
        ["Loop"] = (model => model.Node("ReduceMax", "h", "max", AttributeProto.Of("keepdims", 0L)).Node("Ceil", "max", "ceil")
            .Node("Cast", "ceil", "trips", AttributeProto.Of("to", (long)DataType.Int64))
                .Node("Loop", "trips  h", "m", AttributeProto.Of("body", Trip())), Loses),
        ["Scan over the samples"] = (model => model.Initializer("start", [4], [0, 0, 0, 0])
            .Node("Scan", "start h", "end m", AttributeProto.Of("body", Step()), AttributeProto.Of("num_scan_inputs", 1L)),
            "steps through the samples of a run"),
    };

    private static readonly Dictionary<string, Func<TinyModel, TinyModel>> Apart = new()
    {
        ["Softmax"] = model => model.Node("Softmax", "h", "m"),
        ["LayerNormalization"] = model => model.Initializer("s", [4], [1, 1, 1, 1]).Node("LayerNormalization", "h s", "m"),
        ["ReduceMean"] = model =>
            model.Node("ReduceMean", "h", "mean", AttributeProto.Of("axes", [1L])).Node("Sub", "h mean", "m"),
        ["CumSum"] = model => model.Initializer("axis", [], [1], DataType.Int64).Node("CumSum", "h axis", "m"),
        ["samples used twice"] = model => model.Node("Neg", "h", "n").Node("Concat", "h n", "m", AttributeProto.Of("axis", 0L)),
        ["the shape of a run"] = model => model.Node("Shape", "h", "shape").Node("Reshape", "h shape", "m"),
        ["a Reshape that splits"] = model =>
            model.Longs("split", -1, 2, 2).Longs("join", -1, 4).Node("Reshape", "h split", "s").Node("Reshape", "s join", "m"),
        ["a Softmax over all of the output"] = model =>
            model.Node("ReduceMean", "h", "mean of a run").Output("mean of a run").Node("Relu", "h", "m"),
    };

    public static TheoryData<string> MixingNames => [.. Mixing.Keys];

    public static TheoryData<string> ApartNames => [.. Apart.Keys];

    [Theory]
    [MemberData(nameof(MixingNames))]
    public async Task is_named_and_no_number_depends_on_the_batch(string name)
    {
        var (between, how) = Mixing[name];
        var results = new List<string>();
        foreach (var batch in new[] { 0, 1, 3, 7 })
        {
            var result = await WholeAnalysis.Of(Model("batch", between), new ProbeOptions { Samples = 16 },
                WholeAnalysis.OnCpu with { Batch = batch });
            Assert.Contains($"{how}: samples run one at a time", string.Join('\n', result.Diagnostics), StringComparison.Ordinal);
            results.Add(WholeAnalysis.Numbers(result));
        }
        Assert.Single(results.Distinct());
    }

    [Theory]
    [MemberData(nameof(ApartNames))]
    public async Task samples_that_stay_apart_run_together(string name)
    {
        var results = new List<string>();
        foreach (var batch in new[] { 1, 8 })
        {
            var result = await WholeAnalysis.Of(Model("batch", Apart[name]), new ProbeOptions { Samples = 16 },
                WholeAnalysis.OnCpu with { Batch = batch });
            Assert.DoesNotContain(result.Diagnostics,
                diagnostic => diagnostic.Message.Contains("at a time", StringComparison.Ordinal));
            results.Add(WholeAnalysis.Numbers(result));
        }
        Assert.Equal(results[0], results[1]);
    }

    [Fact]
    public async Task a_fixed_batch_that_is_mixed_is_warned_of()
    {
        var result = await WholeAnalysis.Of(Model("4", Mixing["Softmax"].Between), new ProbeOptions { Samples = 16 });
        Assert.Contains(
            "m: this Softmax normalizes over the samples of a run: as the batch is fixed at 4, every number depends on which "
            + "samples share a run; export the model with batch 1",
            result.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Warning)
                .Select(diagnostic => $"{diagnostic}"));
        result = await WholeAnalysis.Of(Model("1", Mixing["Softmax"].Between), new ProbeOptions { Samples = 16 });
        Assert.DoesNotContain("share a run", string.Join('\n', result.Diagnostics), StringComparison.Ordinal);
    }

    private static TinyModel Model(string batch, Func<TinyModel, TinyModel> between) => between(
            new TinyModel(17, 9).Declared("x", $"{batch} 4").Weight("w", 4, 4).Weight("v", 4, 3).Node("MatMul", "x w", "h"))
        .Node("MatMul", "m v", "y").Output("y");

    private static GraphProto Body(string op) => new()
    {
        Name = op,
        Node = { new NodeProto { OpType = op, Input = { "h" }, Output = { "o" } } },
        Output = { Value("o", DataType.Float, 2) },
    };

    private static GraphProto Trip() => new()
    {
        Name = "trip",
        Input = { Value("i", DataType.Int64, 0), Value("go", DataType.Bool, 0), Value("state", DataType.Float, 2) },
        Node =
        {
            new NodeProto { OpType = "Identity", Input = { "go" }, Output = { "on" } },
            new NodeProto { OpType = "Neg", Input = { "state" }, Output = { "next" } },
        },
        Output = { Value("on", DataType.Bool, 0), Value("next", DataType.Float, 2) },
    };

    private static GraphProto Step() => new()
    {
        Name = "step",
        Input = { Value("sum", DataType.Float, 1), Value("row", DataType.Float, 1) },
        Node =
        {
            new NodeProto { OpType = "Add", Input = { "sum", "row" }, Output = { "total" } },
            new NodeProto { OpType = "Identity", Input = { "total" }, Output = { "each" } },
        },
        Output = { Value("total", DataType.Float, 1), Value("each", DataType.Float, 1) },
    };

    private static ValueInfoProto Value(string name, DataType type, int rank)
    {
        var shape = new TensorShapeProto();
        for (var axis = 0; axis < rank; axis++)
            shape.Dim.Add(new TensorShapeProto.Types.Dimension());
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new() { ElemType = (int)type, Shape = shape } }
        };
    }
}
