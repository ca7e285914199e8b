using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Inference;

/// <summary>
/// Models that were exported for one sample run in batches where their samples stay apart, and one at a time where they do
/// not; the numbers are those of single runs either way.
/// </summary>
public sealed class FreedBatchTests : IDisposable
{
    private static readonly Dictionary<string, Func<TinyModel>> Freed = new()
    {
        ["nothing repeats it"] = () => Dense(Flat(5), "x", 5, "y").Output("y"),
        ["a reshape names it"] = () => Dense(Image().Longs("s", 1, 16).Node("Reshape", "x s", "f"), "f", 16, "y").Output("y"),
        ["a reshape leaves another size open"] = () =>
            Dense(Image().Longs("s", 1, -1).Node("Reshape", "x s", "f"), "f", 16, "y").Output("y"),
        ["tokens are joined with it"] = () => Dense(Dense(
            Tokens().Longs("s", 6, 4).Node("Reshape", "x s", "f"), "f", 4, "h").Longs("back", 1, 6, 5)
            .Node("Reshape", "h back", "t").Node("ReduceMean", "t", "m", AttributeProto.Of("axes", [1L]),
                AttributeProto.Of("keepdims", 0)), "m", 5, "y").Output("y"),
        ["a class token"] = () => Dense(
            Tokens().Weight("cls", 1, 1, 4).Node("Concat", "cls x", "t", AttributeProto.Of("axis", 1)), "t", 4, "y").Output("y"),
        ["a class token that is expanded"] = () => Dense(
            Tokens().Weight("cls", 1, 1, 4).Longs("s", 1, 1, 4).Node("Expand", "cls s", "c")
                .Node("Concat", "c x", "t", AttributeProto.Of("axis", 1)), "t", 4, "y").Output("y"),
        ["an expansion that names the last axes alone"] = () => Dense(
            Flat(5).Longs("s", 1).Node("Expand", "x s", "e"), "e", 5, "y").Output("y"),
        ["first states of a recurrent layer"] = () => Dense(
            new TinyModel(13).Input("x", [6, 1, 4], batchAxis: 1).Weight("w", 1, 12, 4).Weight("r", 1, 12, 3)
                .Longs("hs", 1, 1, 3).Node("ConstantOfShape", "hs", "h0")
                .Node("LSTM", "x w r   h0 h0", "s  q", AttributeProto.Of("hidden_size", 3))
                    .Longs("qs", 1, 3)
                    .Node("Reshape", "q qs", "f"), "f", 3, "y").Output("y"),
        ["sizes of a resize"] = () => Dense(
            Image().Weight("k", 2, 1, 3, 3).Node("Conv", "x k", "c").Node("Relu", "c", "a").Longs("z", 1, 2, 4, 4)
                .Node("Resize", "a   z", "r", AttributeProto.Of("mode", "nearest")).Longs("s", 1, 32)
                .Node("Reshape", "r s", "f"), "f", 32, "y").Output("y"),
    };

    private static readonly Dictionary<string, Func<TinyModel>> Kept = new()
    {
        ["a softmax over the samples"] = () => Dense(Flat(5).Node("Softmax", "x", "p", AttributeProto.Of("axis", 0)), "p", 5, "y")
            .Output("y"),
        ["a mean over the samples"] = () => Dense(Flat(5).Node("ReduceMean", "x", "m", AttributeProto.Of("axes", [0L]),
            AttributeProto.Of("keepdims", 1)).Node("Sub", "x m", "d"), "d", 5, "y").Output("y"),
        ["the first row alone is written"] = () => Dense(
            Flat(5).Initializer("at", [1, 1], [0], DataType.Int64).Weight("row", 1, 5)
                .Node("ScatterND", "x at row", "u"), "u", 5, "y").Output("y"),
        ["no axis of samples is left"] = () => Dense(
            Flat(5).Longs("axes", 0).Node("Squeeze", "x axes", "v").Longs("s", 5, 1).Node("Reshape", "v s", "c")
                .Node("Transpose", "c", "r"), "r", 5, "y").Output("y"),
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Free => [.. Freed.Keys];

    public static TheoryData<string> Unfree => [.. Kept.Keys];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Free))]
    public void a_model_of_one_sample_runs_several_where_they_stay_apart(string name)
    {
        var (alone, together) = Measured(Freed[name]());
        Assert.Contains(together.Diagnostics, IsFreed);
        Same(alone, together);
    }

    [Theory]
    [MemberData(nameof(Unfree))]
    public void a_model_that_mixes_samples_runs_one_at_a_time(string name)
    {
        var (alone, together) = Measured(Kept[name]());
        Assert.DoesNotContain(together.Diagnostics, IsFreed);
        Same(alone, together);
    }

    private static bool IsFreed(Diagnostic diagnostic) => diagnostic.Subject == "batch";

    private static void Same(ModelMeasurement alone, ModelMeasurement together)
    {
        Assert.Equal(
            alone.Measurements[0].Layers.Select(layer => (layer.Name, layer.Nodes, layer.Alive, layer.AliveMultiplicity)),
            together.Measurements[0].Layers.Select(layer => (layer.Name, layer.Nodes, layer.Alive, layer.AliveMultiplicity)));
        Assert.All(alone.Measurements[0].Layers.Zip(together.Measurements[0].Layers),
            pair => Assert.Equal(pair.First.Mask, pair.Second.Mask));
        Assert.Equal(alone.Measurements[0].Emergence, together.Measurements[0].Emergence);
    }

    // Alone: as the model is, which takes one sample a run.
    private (ModelMeasurement Alone, ModelMeasurement Together) Measured(TinyModel tiny)
    {
        foreach (var node in tiny.Proto.Graph.Node)
            node.Name = node.Output.First(output => output.Length > 0);
        var path = folder.Path("model.onnx");
        ModelFile.Save(tiny.Proto, path);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var checkpoint = Checkpoint.Open(path);
        var token = TestContext.Current.CancellationToken;
        var together = Measurer.Measure(checkpoint, settings, new ProbeOptions { Samples = 40 }, token);
        var sessions = SessionFactory.Create(settings);
        var (traced, probe) = TracedCheckpoint.On(
            checkpoint, settings, new ProbeCache(new ProbeOptions { Samples = 40 }), sessions, null, token);
        var profile = new ActivationRecorder(traced.Checkpoint.Model, path, traced.Graph, sessions, settings)
            .Record(probe, null, token);
        var alone = new ModelMeasurement(
            Measurements.Of(traced.Graph, profile, settings), profile, []);
        return (alone, together);
    }

    private static TinyModel Flat(int features) => new TinyModel(13).Input("x", [1, features]);

    private static TinyModel Image() => new TinyModel(13).Input("x", [1, 1, 4, 4]);

    private static TinyModel Tokens() => new TinyModel(13).Input("x", [1, 6, 4]);

    private static TinyModel Dense(TinyModel model, string from, int features, string to) =>
        model.Weight($"w-{to}", features, 5).Node("MatMul", $"{from} w-{to}", $"p-{to}").Node("Relu", $"p-{to}", to);
}
