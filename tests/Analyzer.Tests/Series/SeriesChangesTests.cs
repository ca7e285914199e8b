using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Pruning;
using Emergence.Testing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>
/// What changed between checkpoints, mostly of chains 2, 3, 2 whose weights are zero: the activation of a node is then its
/// bias, cut off at zero but for the last layer.
/// </summary>
public sealed class SeriesChangesTests : IDisposable
{
    private static readonly AnalysisSettings OnCpu = new() { Device = Device.Cpu, Threads = 1 };

    // Biases of norm 13, and others 3, 12 and 4 away: one node wakes, one dies, and one is dead in both.
    private static readonly double[][] Before = [[0, 3], [0, 4, 0], [0, 12]], After = [[3, 3], [-12, 0, 0], [0, 12]];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(DataType.Float)]
    [InlineData(DataType.Double)]
    [InlineData(DataType.Float16)]
    public async Task a_checkpoint_is_compared_with_the_one_before(DataType type)
    {
        var series = await Run(OnCpu, Chain("a.onnx", Before, type), Chain("b.onnx", After, type));
        Assert.Equal(new Changes(null, null, null, null), Of(series[0]));
        Assert.Equal(new Changes(13 / 13.0, 5 / 13.0, 1, 1), Of(series[1]));
        Assert.Equal([1, 0, 0], series[1].Measurements[0].Layers.Select(layer => layer.Woke));
        Assert.Equal([0, 1, 0], series[1].Measurements[0].Layers.Select(layer => layer.Died));
        Assert.All(series[0].Measurements[0].Layers, layer => Assert.Equal((null, null), (layer.Woke, layer.Died)));
    }

    [Fact]
    public async Task nothing_changes_between_equal_checkpoints()
    {
        var series = await Run(OnCpu, Chain("a.onnx", Before), Chain("b.onnx", Before), Chain("c.onnx", After));
        Assert.Equal(new Changes(0, 0, 0, 0), Of(series[1]));
        Assert.Equal(new Changes(1, 5 / 13.0, 1, 1), Of(series[2]));
    }

    [Fact]
    public async Task a_checkpoint_that_fails_is_passed_over()
    {
        var (first, last) = (Chain("a.onnx", Before), Chain("c.onnx", After));
        var damaged = folder.Write("b.onnx", [.. File.ReadAllBytes(first)[..40]]);
        Assert.Equal(new Changes(1, 5 / 13.0, 1, 1), Of((await Run(OnCpu, first, damaged, last))[^1]));
        Assert.Equal(new Changes(null, null, null, null), Of((await Run(OnCpu, damaged, last))[0]));
    }

    [Fact]
    public async Task each_threshold_has_its_own_woke_and_died()
    {
        var settings = OnCpu with { Thresholds = [0.05f, 3.5f, -1f] };
        var measurements = (await Run(settings, Chain("a.onnx", Before), Chain("b.onnx", After)))[1].Measurements;
        Assert.Equal([(1, 1), (0, 1), (0, 0)],
            measurements.Select(measurement => (measurement.Woke!.Value, measurement.Died!.Value)));
        Assert.All(measurements, measurement => Assert.Equal(5 / 13.0, measurement.ActivationChange));
    }

    [Theory]
    [InlineData(Statistic.Mean, 10)]
    [InlineData(Statistic.Max, 10)]
    [InlineData(Statistic.AbsMean, 0)]
    [InlineData(Statistic.AbsMax, 0)]
    public async Task the_change_is_that_of_the_statistic_asked_for(Statistic statistic, double moved)
    {
        var series =
            await Run(OnCpu with { Statistic = statistic }, Chain("a.onnx", [[0, 12], [-5]]), Chain("b.onnx", [[0, 12], [5]]));
        Assert.Equal(moved / 13, series[1].Measurements[0].ActivationChange);
        Assert.Equal(10 / 13.0, series[1].WeightChange);
    }

    [Fact]
    public async Task shares_of_samples_differ_by_threshold()
    {
        var settings = OnCpu with { Statistic = Statistic.Share, Thresholds = [0.05f, 3.5f] };
        var measurements = (await Run(settings, Chain("a.onnx", Before), Chain("b.onnx", After)))[1].Measurements;
        // Above 0.05 on every sample: three nodes, then another three, two of them the same; above 3.5 two, then one of them.
        Assert.Equal([Math.Sqrt(2) / Math.Sqrt(3), 1 / Math.Sqrt(2)],
            measurements.Select(measurement => measurement.ActivationChange!.Value));
    }

    [Fact]
    public async Task single_samples_have_no_statistic_to_compare()
    {
        var series = await Run(OnCpu with { Statistic = Statistic.Sample }, Chain("a.onnx", Before), Chain("b.onnx", After));
        Assert.Equal(new Changes(1, null, null, null), Of(series[1]));
    }

    [Fact]
    public async Task a_nan_or_a_norm_of_zero_leaves_the_change_undefined()
    {
        double[][] zero = [[0, 0], [0, 0, 0], [0, 0]], nan = [[0, 3], [0, double.NaN, 0], [0, 12]];
        var series =
            await Run(OnCpu, Chain("a.onnx", zero), Chain("b.onnx", Before), Chain("c.onnx", nan), Chain("d.onnx", Before));
        Assert.Equal(new Changes(null, null, 3, 0), Of(series[1]));
        // The NaN reaches every logit.
        Assert.Equal(new Changes(null, null, 0, 2), Of(series[2]));
        Assert.Equal(new Changes(null, null, 2, 0), Of(series[3]));
    }

    [Fact]
    public async Task only_the_layers_that_count_are_compared()
    {
        var series = await Run(OnCpu with { Exclude = ["fc1"] }, Chain("a.onnx", Before), Chain("b.onnx", After));
        Assert.Equal(new Changes(3 / Math.Sqrt(9 + 144), 3 / Math.Sqrt(9 + 144), 1, 0), Of(series[1]));
    }

    [Fact]
    public async Task pruning_changes_the_weights_by_the_norm_of_what_it_cuts()
    {
        var path = Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_010.onnx");
        var original = Checkpoint.Open(path);
        var pruned = Pruner.Prune(original, new PruneOptions { Amount = 0.5 }).Model;
        ModelFile.Save(pruned, folder.Path("pruned.onnx"));

        var (cut, all) = (0.0, 0.0);
        var kept = new StoredTensors(pruned, null);
        foreach (var tensor in original.Model.Graph.Initializer)
        {
            foreach (var (was, value) in TensorValues.ToDoubles(tensor, null).Zip(kept.Doubles(tensor.Name)))
            {
                cut += value == 0 ? was * was : 0;
                all += was * was;
            }
        }
        Assert.True(cut > 0);
        Assert.Equal(Math.Sqrt(cut / all), (await Run(OnCpu, path, folder.Path("pruned.onnx")))[1].WeightChange!.Value, 1e-12);
    }

    [Theory]
    [InlineData(true, true, 1)]
    [InlineData(false, true, 2)]
    [InlineData(true, false, 2)]
    [InlineData(false, false, 2)]
    public async Task a_weight_counts_once_where_it_is_tied_in_both(bool tiedBefore, bool tiedAfter, int copies)
    {
        // Two weights, each stored for itself; where they are tied the second has the values of the first.
        double[] first = [.. Enumerable.Range(1, 16)], second = [.. first.Reverse()];
        double[] movedFirst = [.. first.Select(value => value + 1)], movedSecond = [.. second.Select(value => value + 2)];
        var before = tiedBefore ? first : second;
        var after = tiedAfter ? movedFirst : movedSecond;
        var series = await Run(OnCpu, Tied("a.onnx", first, before, bias: 10), Tied("b.onnx", movedFirst, after, bias: 12));

        static double Square(IEnumerable<double> values) => values.Sum(value => value * value);
        var moved = 16 + 2 * 2 + (copies - 1) * Square(before.Zip(after, (was, now) => now - was));
        var length = Square(first) + 10 * 10 + (copies - 1) * Square(before);
        Assert.Equal(Math.Sqrt(moved) / Math.Sqrt(length), series[1].WeightChange);
    }

    [Fact]
    public async Task quantized_weights_are_compared_as_what_they_stand_for()
    {
        string Quantized(string name, double scale, double zero) => Save(name, new TinyModel(13).Input("x", [null, 2])
            .Initializer("w", [2, 2], [2, 6, 6, 2], DataType.Int8).Scalar("s", scale).Initializer("z", [], [zero], DataType.Int8)
            .Node("DequantizeLinear", "w s z", "wd").Node("MatMul", "x wd", "y").Output("y", [null, 2]));
        var series = await Run(OnCpu, Quantized("a.onnx", 0.5, 0), Quantized("b.onnx", 0.75, 0), Quantized("c.onnx", 0.75, 4));
        // (2, 6, 6, 2) · 0.75 is (-2, 2, 2, -2) · 0.75 with another zero point: each is 4 less.
        Assert.Equal([null, 0.5, 8 / Math.Sqrt(80)], series.Select(checkpoint => checkpoint.WeightChange));
    }

    [Fact]
    public async Task integers_whose_scale_is_not_stored_do_not_compare()
    {
        var weight =
            new TinyModel(13).Input("x", [null, 2]).Initializer("w", [2, 2], [2, 6, 6, 2], DataType.Int8).Weight("v", 2, 3)
            .Node("DynamicQuantizeLinear", "x", "q s z")
                .Node("MatMulInteger", "q w z", "i")
                .Node("Cast", "i", "f", AttributeProto.Of("to", 1))
            .Node("Mul", "f s", "h").Node("MatMul", "h v", "y").Output("y", [null, 3]);
        // The scale of this bias is the product of those of the input and the weight.
        var bias = new TinyModel(13).Input("x", [null, 1, 2, 2]).Scalar("s", 0.5).Initializer("z", [], [0], DataType.Uint8)
            .Initializer("w", [1, 1, 1, 1], [2], DataType.Int8)
                .Initializer("wz", [], [0], DataType.Int8)
                .Initializer("b", [1], [3], DataType.Int32)
            .Node("QuantizeLinear", "x s z", "q")
                .Node("QLinearConv", "q s z w s wz s z b", "o")
                .Node("DequantizeLinear", "o s z", "y")
                .Output("y");
        foreach (var model in (TinyModel[])[weight, bias])
        {
            var series = await Run(OnCpu, Save("a.onnx", model), Save("b.onnx", model));
            Assert.Equal(new Changes(null, 0, 0, 0), Of(series[1]));
        }
    }

    [Fact]
    public async Task other_samples_do_not_compare()
    {
        var path = Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_001.onnx");
        var model = ModelFile.Read(path);
        (CheckpointMetadata.Read(model) with { Mean = [0.25f] }).WriteTo(model);
        ModelFile.Save(model, folder.Path("shifted.onnx"));
        Assert.Equal(new Changes(0, null, null, null), Of((await Run(OnCpu, path, folder.Path("shifted.onnx")))[1]));
    }

    [Fact]
    public async Task changes_do_not_depend_on_the_batch()
    {
        string[] files = [.. Enumerable.Range(0, 4)
            .Select(i => Path.Combine(SharedFiles.Repository, "models", "digits-mlp", $"ckpt_{i:000}.onnx"))];
        var series = await Run(OnCpu, files);
        var whole = series.Select(Of).ToArray();
        foreach (var (before, now) in series.Zip(series.Skip(1), (one, next) => (one.Measurements[0], next.Measurements[0])))
            Assert.Equal(now.Alive, before.Alive + now.Woke - now.Died);
        Assert.All(whole[1..],
            changes => Assert.True(changes is { Weights: > 0, Activations: > 0, Woke: not null, Died: not null }));
        foreach (var batch in (int[])[1, 7, 64])
            Assert.Equal(whole, (await Run(OnCpu with { Batch = batch }, files)).Select(Of));
    }

    [Fact]
    public async Task no_model_of_another_exporter_differs_from_itself()
    {
        foreach (var name in SharedModels.Analysable())
        {
            var path = SharedFiles.Require(["models", .. name.Split('/')]);
            var outcome = await Analysis.RunAsync(new([path, path], OnCpu, new() { Samples = 2 }), null,
                TestContext.Current.CancellationToken);
            var changes = Of(outcome.Series.Checkpoints[1]);
            Assert.True(changes == new Changes(0, 0, 0, 0), $"{name}: {changes}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task a_file_that_is_replaced_meanwhile_is_not_compared(bool isDeleted)
    {
        var (first, second) = (Chain("a.onnx", Before), Chain("b.onnx", After));
        var replace = new Progress(report =>
        {
            if (report.Index == 1 && isDeleted)
                File.Delete(first);
            else if (report.Index == 1)
                File.Copy(second, first, overwrite: true);
        });
        var outcome = await Analysis.RunAsync(new([first, second], OnCpu, new() { Samples = 5 }), replace,
            TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        Assert.Equal(new Changes(null, 5 / 13.0, 1, 1), Of(outcome.Series.Checkpoints[1]));
        var finding = isDeleted
            ? $"could not be read again ({first}: does not exist; check the path)"
            : "is no longer the file that was analyzed";
        Assert.Contains(
            Diagnostic.Warning(first,
                $"{finding}, so weight_change is not known; leave the files as they are while a series is analyzed"),
            outcome.Series.Checkpoints[1].Diagnostics);
    }

    /// <summary>A chain of dense layers from four inputs, with zero weights and these biases; ReLU after
    /// all but the last.</summary>
    private string Chain(string name, double[][] biases, DataType type = DataType.Float)
    {
        var model = new TinyModel(17).Input("x", [null, 4], type);
        var (tensor, width) = ("x", 4);
        for (var i = 0; i < biases.Length; i++)
        {
            model.Initializer($"w{i}", [width, biases[i].Length], new double[width * biases[i].Length], type)
                .Initializer($"b{i}", [biases[i].Length], biases[i], type)
                .Node("Gemm", $"{tensor} w{i} b{i}", $"h{i}");
            model.Proto.Graph.Node[^1].Name = $"fc{i}";
            (tensor, width) = ($"h{i}", biases[i].Length);
            if (i < biases.Length - 1)
                model.Node("Relu", tensor, tensor = $"y{i}");
        }
        return Save(name, model.Output(tensor, [null, width], type));
    }

    /// <summary>Two layers of four nodes and a last one of a single bias.</summary>
    private string Tied(string name, double[] one, double[] two, double bias) =>
        Save(name, new TinyModel(17).Input("x", [null, 4])
        .Initializer("one", [4, 4], one).Initializer("two", [4, 4], two)
        .Initializer("w", [4, 1], new double[4]).Initializer("b", [1], [bias])
        .Node("MatMul", "x one", "h").Node("Relu", "h", "y").Node("MatMul", "y two", "g").Node("Relu", "g", "z")
        .Node("Gemm", "z w b", "out").Output("out", [null, 1]));

    private string Save(string name, TinyModel model)
    {
        ModelFile.Save(model.Proto, folder.Path(name));
        return folder.Path(name);
    }

    private static async Task<IReadOnlyList<CheckpointResult>> Run(AnalysisSettings settings, params string[] files)
    {
        var outcome = await Analysis.RunAsync(new([.. files], settings, new ProbeOptions { Samples = 40 }), null,
            TestContext.Current.CancellationToken);
        return outcome.Series.Checkpoints;
    }

    private static Changes Of(CheckpointResult checkpoint)
    {
        var measurement = checkpoint.Measurements[0];
        return new(checkpoint.WeightChange, measurement.ActivationChange, measurement.Woke, measurement.Died);
    }

    private sealed record Changes(double? Weights, double? Activations, int? Woke, int? Died);

    private sealed class Progress(Action<AnalysisProgress> then) : IProgress<AnalysisProgress>
    {
        public void Report(AnalysisProgress value) => then(value);
    }
}
