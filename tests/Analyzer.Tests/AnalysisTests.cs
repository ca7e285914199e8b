using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Testing;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests;

/// <summary>
/// The whole flow on models whose weights are zero, so that each node's activation is its bias whatever the probe.
/// </summary>
public class AnalysisTests
{
    private static readonly AnalysisSettings OnCpu = new() { Device = Device.Cpu, Threads = 1 };

    [Fact]
    public async Task a_series_is_measured_checkpoint_by_checkpoint()
    {
        using var folder = new TemporaryFolder();
        // The worked chain 2, 3, 2 of docs/measures.md, first as there, then with everything alive.
        var first = Save(folder, "ckpt_000.onnx", epoch: 0, [-1, 1], [1, -1, 1], [1, -1]);
        var second = Save(folder, "ckpt_001.onnx", epoch: 1, [1, 1], [1, 1, 1], [1, 1]);
        var outcome = await Run(OnCpu, first, second);

        Assert.Empty(outcome.Failures);
        Assert.Equal([first, second], outcome.Series.Checkpoints.Select(checkpoint => checkpoint.File));
        Assert.Equal([0, 1], outcome.Series.Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Equal(["6", "0"], outcome.Series.Checkpoints.Select(checkpoint => $"{checkpoint.Measurements[0].Emergence}"));
        Assert.Equal([ZeroCause.None, ZeroCause.AllAlive],
            outcome.Series.Checkpoints.Select(checkpoint => checkpoint.Measurements[0].ZeroCause));
        // Weights 4·2 + 2·3 + 3·2, all zero, and seven biases, none zero.
        Assert.All(outcome.Series.Checkpoints,
            checkpoint => Assert.Equal((27, 7), (checkpoint.Parameters, checkpoint.ParametersNonzero)));
        // Their weights are all zero: whatever is alive is so by its bias.
        Assert.Equal([1, 2, 1], outcome.Series.Checkpoints[0].Measurements[0].Layers.Select(layer => layer.AliveByBias));
        Assert.Equal([4, 7], outcome.Series.Checkpoints.Select(checkpoint => checkpoint.Measurements[0].AliveByBias));
        Assert.Equal(6 / 7.0, outcome.Series.Checkpoints[0].Measurements[0].RelativeEmergence);
        Assert.Equal(Device.Cpu, outcome.Series.Checkpoints[0].Device);
        Assert.Equal(Checkpoint.Open(first).Sha256, outcome.Series.Checkpoints[0].Sha256);
        Assert.Matches(@"^\d+\.\d+\.\d+", outcome.Series.RuntimeVersion);
        Assert.Matches(@"^\d+\.\d+\.\d+$", outcome.Series.ToolVersion);
    }

    [Fact]
    public async Task a_nan_is_no_convergence()
    {
        using var folder = new TemporaryFolder();
        var outcome = await Run(OnCpu, Save(folder, "diverged.onnx", null, [1, 1], [1, float.NaN, 1], [1, 1]));
        var measurement = Assert.Single(outcome.Series.Checkpoints).Measurements[0];
        // A NaN in the middle makes every logit NaN.
        Assert.Equal([0, 1, 2], measurement.Layers.Select(layer => layer.NodesNan));
        Assert.Equal(3, measurement.NodesNan);
    }

    [Fact]
    public async Task one_checkpoint_that_fails_does_not_keep_the_others()
    {
        using var folder = new TemporaryFolder();
        var good = Save(folder, "good.onnx", 0, [1, 1], [1, 1, 1], [1, 1]);
        var damaged = folder.Write("damaged.onnx", [.. File.ReadAllBytes(good)[..40]]);
        var outcome = await Run(OnCpu, damaged, good);
        Assert.Equal(good, Assert.Single(outcome.Series.Checkpoints).File);
        var failure = Assert.Single(outcome.Failures);
        Assert.Equal(damaged, failure.File);
        Assert.Contains("damaged.onnx", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_strict_series_whose_structure_changes_is_refused()
    {
        using var folder = new TemporaryFolder();
        var small = Save(folder, "small.onnx", 0, [1, 1], [1, 1, 1], [1, 1]);
        var large = Save(folder, "large.onnx", 1, [1, 1], [1, 1, 1, 1], [1, 1]);
        var e = await Assert.ThrowsAsync<StructureException>(() =>
            Analysis.RunAsync(Request(OnCpu, small, large) with { IsStrictSeries = true }, null,
                TestContext.Current.CancellationToken));
        Assert.Equal(
            $"{large}: layer 1 is 'fc1' (Gemm, 4 nodes) where it was 'fc1' (Gemm, 3 nodes) in {small}: " +
            "the structure changes within the series; analyze the two apart", e.Message);
    }

    [Fact]
    public async Task layers_that_are_left_out_do_not_count()
    {
        using var folder = new TemporaryFolder();
        var file = Save(folder, "model.onnx", 0, [-1, 1], [1, -1, 1], [1, -1]);
        var outcome = await Run(OnCpu with { Exclude = ["fc1"] }, file);
        var checkpoint = Assert.Single(outcome.Series.Checkpoints);
        Assert.Equal(["fc0", "fc2"], checkpoint.Measurements[0].Layers.Select(layer => layer.Name));
        // One dead node before one alive.
        Assert.Equal("1", $"{checkpoint.Measurements[0].Emergence}");
        Assert.Equal((8 + 2) + (6 + 2), checkpoint.Parameters);
        await Assert.ThrowsAsync<UsageException>(() => Run(OnCpu with { Only = ["conv*"] }, file));
    }

    [Fact]
    public async Task thresholds_are_swept_in_one_run()
    {
        using var folder = new TemporaryFolder();
        var file = Save(folder, "model.onnx", 0, [0.05f, 0.2f], [0.0500001f, 0.04999f, 0.02f], [0.4f, 0]);
        var outcome = await Run(OnCpu with { Thresholds = [0.05f, 0f, 0.3f] }, file);
        var measurements = Assert.Single(outcome.Series.Checkpoints).Measurements;
        // Exactly 0.05f is dead; its neighbors of 1e-4 are borderline.
        Assert.Equal(["1,1,1", "2,3,1", "0,0,1"],
            measurements.Select(m => string.Join(',', m.Layers.Select(layer => layer.Alive))));
        Assert.Equal([1, 2, 0], measurements[0].Layers.Select(layer => layer.Borderline));
    }

    [Fact]
    public async Task emergence_past_a_double_is_the_same_exact_integer_in_every_output()
    {
        const int Depth = 160, Nodes = 120, Alive = 60;
        using var folder = new TemporaryFolder();
        float[] biases = [.. Enumerable.Repeat(1f, Alive), .. Enumerable.Repeat(-1f, Nodes - Alive)];
        var outcome = await Run(OnCpu, Save(folder, "deep.onnx", 0, [.. Enumerable.Repeat(biases, Depth)]));

        var (expected, paths) = (BigInteger.Zero, BigInteger.Zero);
        for (var layer = Depth - 2; layer >= 0; layer--)
        {
            paths = Alive + (Nodes * paths);
            expected += (Nodes - Alive) * paths;
        }
        Assert.True(expected > BigInteger.Pow(10, 308));
        var digits = expected.ToString(CultureInfo.InvariantCulture);

        var series = Text("series.csv").Split('\n').Take(2).Select(line => line.Split(',')).ToArray();
        var columns = series[0].Zip(series[1]).ToDictionary(pair => pair.First, pair => pair.Second);
        Assert.Equal(digits, columns["emergence"]);
        using var json = JsonDocument.Parse(Text("results.json"));
        var measurement = json.RootElement.GetProperty("checkpoints")[0].GetProperty("measurements")[0];
        Assert.Equal(digits, measurement.GetProperty("emergence").GetString());
        var log10 = measurement.GetProperty("emergence_log10").GetDouble();
        Assert.Equal(BigInteger.Log10(expected), log10, 1e-10);
        Assert.Equal(log10, double.Parse(columns["emergence_log10"], CultureInfo.InvariantCulture));
        Assert.Equal(JsonValueKind.Null, measurement.GetProperty("relative_emergence").ValueKind);
        Assert.Equal("", columns["relative_emergence"]);

        var table = ReportWriters.All.Single(writer => writer.Format == "table");
        using var stream = new MemoryStream();
        table.Write(outcome, stream);
        var row = Encoding.UTF8.GetString(stream.ToArray())
            .Split('\n')
            .Single(line => line.StartsWith("deep.onnx", StringComparison.Ordinal));
        Assert.Contains(log10.ToString("F3", CultureInfo.InvariantCulture), row, StringComparison.Ordinal);
        Assert.Contains($"{digits[0]}.{digits[1..3]}", row, StringComparison.Ordinal);
        Assert.Contains($"e+{digits.Length - 1}", row, StringComparison.Ordinal);

        string Text(string file)
        {
            using var stream = new MemoryStream();
            ReportWriters.All.Single(writer => writer.FileName == file).Write(outcome, stream);
            return Encoding.UTF8.GetString(stream.ToArray());
        }
    }

    [Fact]
    public async Task a_bootstrap_gives_intervals_and_marks_changes_within_them()
    {
        string[] files = [
            .. new[] { "001", "002",
            "003" }.Select(epoch => Path.Combine(SharedFiles.Repository, "models", "digits-mlp", $"ckpt_{epoch}.onnx"))];
        var settings = OnCpu with { Bootstrap = new BootstrapSettings(200) };
        var series = (
            await Analysis.RunAsync(new AnalysisRequest([.. files], settings, new ProbeOptions()), null,
            TestContext.Current.CancellationToken)).Series;
        foreach (var measurement in series.Checkpoints.Select(checkpoint => checkpoint.Measurements[0]))
        {
            Assert.True(measurement.Intervals!.Emergence.Holds(measurement.Emergence));
            Assert.True(measurement.Intervals.Alive.Holds(measurement.Alive));
            Assert.All(measurement.Layers, layer => Assert.True(layer.AliveInterval!.Value.Holds(layer.Alive)));
        }
        // E is 4008, 4014 and 3729, and its interval of epoch 2 some 450 wide.
        Assert.Equal([0, 1, 1],
            series.Checkpoints.Select(checkpoint =>
            checkpoint.Diagnostics.Count(diagnostic => diagnostic.Subject == "--bootstrap")));

        var e = await Assert.ThrowsAsync<UsageException>(() => Run(settings, files[0]));
        Assert.StartsWith("--bootstrap: needs at least 32 samples", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task progress_names_the_checkpoint_and_reaches_its_end()
    {
        using var folder = new TemporaryFolder();
        var files = new[] { Save(folder, "a.onnx", 0, [1], [1]), Save(folder, "b.onnx", 1, [1], [1]) };
        var reports = new Reports();
        await Analysis.RunAsync(Request(OnCpu, files), reports, TestContext.Current.CancellationToken);
        Assert.Equal([0, 1], reports.List.Select(report => report.Index).Distinct());
        Assert.All(reports.List, report => Assert.Equal((files[report.Index], 2), (report.File, report.Total)));
        Assert.All(reports.List.GroupBy(report => report.Index),
            group => Assert.Equal(group.Last().SamplesTotal, group.Last().SamplesDone));
    }

    /// <summary>Side by side or one after the other, in runs of any size: the same bytes.</summary>
    [Theory]
    [InlineData("digits-mlp")]
    [InlineData("digits-lenet")]
    public async Task threads_and_batch_do_not_affect_what_is_written(string name)
    {
        var files = Directory.GetFiles(Path.Combine(SharedFiles.Repository, "models", name), "*.onnx")
            .Order(StringComparer.Ordinal).Take(5).ToImmutableArray();
        var expected = await Written(1, 0);
        Assert.Contains("woke", expected, StringComparison.Ordinal);
        foreach (var (threads, batch) in new[] { (2, 0), (7, 0), (2, 1), (3, 7), (1, 256), (2, 256) })
            Assert.Equal(expected, await Written(threads, batch));

        async Task<string> Written(int threads, int batch)
        {
            var settings = new AnalysisSettings { Device = Device.Cpu, Threads = threads, Batch = batch };
            var outcome = await Analysis.RunAsync(
                new AnalysisRequest(files, settings, new ProbeOptions { Samples = 40 }), null,
                TestContext.Current.CancellationToken);
            Assert.Empty(outcome.Failures);
            // The settings themselves are written, too.
            outcome = outcome with { Series = outcome.Series with { Settings = new AnalysisSettings() } };
            return string.Concat(ReportWriters.All
                .Where(writer => writer.FileName is "series.csv" or "layers.csv" or "results.json")
                .Select(writer =>
                {
                    using var stream = new MemoryStream();
                    writer.Write(outcome, stream);
                    return Encoding.UTF8.GetString(stream.ToArray());
                }));
        }
    }

    [Fact]
    public async Task several_threads_refuse_the_same_checkpoint_and_tell_of_progress_in_order()
    {
        using var folder = new TemporaryFolder();
        string[] files =
        [
            .. Enumerable.Range(0, 9).Select(i =>
                Save(folder, $"{i}.onnx", i, [1, 1], i is 4 or 6 or 7 ? [1, 1, 1, 1] : [1, 1, 1], [1, 1])),
        ];
        var settings = OnCpu with { Threads = 4 };
        var e = await Assert.ThrowsAsync<StructureException>(() => Analysis.RunAsync(
            Request(settings, files) with { IsStrictSeries = true }, null, TestContext.Current.CancellationToken));
        Assert.StartsWith($"{files[4]}: ", e.Message, StringComparison.Ordinal);
        var reports = new Reports();
        await Analysis.RunAsync(Request(settings, files), reports, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 9), reports.List.Select(report => report.Index).Distinct());
        Assert.Equal(reports.List.Select(report => report.Index).Order(), reports.List.Select(report => report.Index));
    }

    [Fact]
    public async Task cancelling_ends_the_analysis()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        var request = Request(OnCpu, Save(folder, "a.onnx", 0, [1], [1]), Save(folder, "b.onnx", 1, [1], [1]));
        var reports = new Reports(report =>
        {
            if (report.Index == 1)
                source.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Analysis.RunAsync(request, reports, source.Token));
    }

    private static Task<AnalysisOutcome> Run(AnalysisSettings settings, params string[] files) =>
        Analysis.RunAsync(Request(settings, files), null, TestContext.Current.CancellationToken);

    private static AnalysisRequest Request(AnalysisSettings settings, params string[] files) =>
        new([.. files], settings, new ProbeOptions { Samples = 5 });

    /// <summary>A chain of dense layers from four inputs, with zero weights and these biases; ReLU after
    /// all but the last.</summary>
    private static string Save(TemporaryFolder folder, string name, int? epoch, params float[][] biases)
    {
        var graph = new GraphBuilder("mlp");
        var tensor = graph.Input("x", DataType.Float, "N", 4);
        var width = 4;
        for (var i = 0; i < biases.Length; i++)
        {
            var weight = graph.Initializer($"w{i}", [width, biases[i].Length], new float[width * biases[i].Length]);
            var bias = graph.Initializer($"b{i}", [biases[i].Length], biases[i]);
            graph.AddNode($"fc{i}", "Gemm", [tensor, weight, bias], [$"h{i}"]);
            tensor = i == biases.Length - 1 ? $"h{i}" : graph.Node("Relu", [$"h{i}"]);
            width = biases[i].Length;
        }
        graph.Output(tensor, DataType.Float, "N", width);
        var model = graph.Build(opset: 17, ir: 8, "tests");
        new CheckpointMetadata { Epoch = epoch }.WriteTo(model);
        var path = folder.Path(name);
        ModelFile.Save(model, path);
        return path;
    }

    private sealed class Reports(Action<AnalysisProgress>? then = null) : IProgress<AnalysisProgress>
    {
        public List<AnalysisProgress> List { get; } = [];

        public void Report(AnalysisProgress value)
        {
            List.Add(value);
            then?.Invoke(value);
        }
    }
}
