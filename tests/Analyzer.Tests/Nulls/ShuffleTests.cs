using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Analyzer.Tests.Landscapes;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Nulls;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Nulls;

/// <summary>Networks with shuffled weights.</summary>
public class ShuffleTests
{
    [Fact]
    public void a_draw_is_the_network_of_a_file_with_the_weights_in_that_order()
    {
        using var folder = new TemporaryFolder();
        var path = LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier());
        var probe = LandscapeRun.Labeled(folder);
        var settings = WholeAnalysis.OnCpu with { Wired = true, Nulls = [new(NullKind.Shuffle, 9, Seed: 4)] };
        var (model, _) = Trace(path, probe, settings);
        var shuffle = new WeightShuffle(model.Checkpoint, model.Traced);
        var expected = Enumerable.Range(0, 9).Select(draw =>
        {
            var file = folder.Path($"draw{draw}.onnx");
            ModelFile.Save(shuffle.Apply(model.Checkpoint.Model, 4, draw), file);
            return Measured(file, probe, settings with { Nulls = [] });
        }).ToArray();
        var measured = Measured(path, probe, settings);
        foreach (var (measure, number) in new (NullMeasure, Func<Measurement, EmergenceValue>)[]
        {
            (NullMeasure.Emergence, measurement => measurement.Emergence),
            (NullMeasure.EmergenceActive, measurement => measurement.EmergenceActive),
            (NullMeasure.EmergenceWired, measurement => measurement.EmergenceWired!.Value),
        })
        {
            Assert.Equal(NullResult.Of(settings.Nulls[0], measure, number(measured), [.. expected.Select(number)]),
                measured.Nulls.Single(result => result.Measure == measure));
        }
        Assert.True(expected.Select(measurement => measurement.Emergence).Distinct().Count() > 1);
    }

    [Fact]
    public void only_the_order_of_weights_changes_and_tied_ones_stay_tied()
    {
        using var folder = new TemporaryFolder();
        var values = TinyModel.Sixteenths(20, 3);
        var path = LandscapeRun.Save(folder, "tied.onnx", new TinyModel(13).Declared("x", "batch 4")
            .Initializer("w", [4, 5], values).Initializer("b", [5], TinyModel.Sixteenths(5, 1))
            .Initializer("v", [5, 4], Enumerable.Range(0, 20).Select(i => values[i % 4 * 5 + i / 4]))
            .Node("MatMul", "x w", "h").Node("Add", "h b", "i").Node("Relu", "i", "r").Node("MatMul", "r v", "y")
            .Output("y", [null, 4]));
        var (model, _) = Trace(path, new ProbeOptions { Samples = 4 }, WholeAnalysis.OnCpu);
        var shuffle = new WeightShuffle(model.Checkpoint, model.Traced);
        var before = new StoredTensors(model.Checkpoint.Model, null);
        var after = new StoredTensors(shuffle.Apply(model.Checkpoint.Model, 0, 0), null);
        Assert.Equal(before.Doubles("b"), after.Doubles("b"));
        Assert.NotEqual(before.Doubles("w"), after.Doubles("w"));
        Assert.Equal(before.Doubles("w").Order(), after.Doubles("w").Order());
        var shuffled = after.Doubles("w");
        Assert.Equal(Enumerable.Range(0, 20).Select(i => shuffled[i % 4 * 5 + i / 4]), after.Doubles("v"));
    }

    [Theory]
    [InlineData(13)]
    [InlineData(18)]
    public void batch_normalizations_get_the_statistics_of_their_own_inputs(int opset)
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(opset).Declared("x", "batch 2 3 3").Weight("k", 4, 2, 1, 1).Weight("w", 36, 5);
        foreach (var (name, size) in new[] { ("1", 4), ("2", 5) })
        {
            model.Initializer($"s{name}", [size], Enumerable.Repeat(1.0, size)).Initializer($"b{name}", [size], new double[size])
                .Initializer($"m{name}", [size], Enumerable.Repeat(7.0, size)).Initializer($"v{name}", [size],
                    Enumerable.Repeat(9.0, size));
        }
        var path = LandscapeRun.Save(folder, "bn.onnx", model
            .Node("Conv", "x k", "c").Node("BatchNormalization", "c s1 b1 m1 v1", "n1").Node("Relu", "n1", "r")
            .Node("Flatten", "r", "f").Node("MatMul", "f w", "h").Node("BatchNormalization", "h s2 b2 m2 v2", "n2")
            .Output("n2", [null, 5]));
        var data = WholeAnalysis.Data(folder, "x.npy", 12, 2, 3, 3);
        var (traced, probe) = Trace(path, new ProbeOptions { Data = [data] }, WholeAnalysis.OnCpu);
        var statistics = new NormalizationStatistics(traced.Checkpoint, traced.Traced);
        Assert.Equal((2, 0), (statistics.Count, statistics.Others));
        var sessions = SessionFactory.Create(WholeAnalysis.OnCpu);
        var recomputed = statistics.Recompute(traced.Checkpoint.Model, traced.Graph, probe, sessions, path, default);
        recomputed.Graph.Output.Add(new ValueInfoProto { Name = "n1" });
        using var session = sessions.Open(recomputed, path);
        using var runner = new ProbeRunner(traced.Graph.Inputs, probe, BatchPlan.Create(traced.Graph, 12, 0), path);
        runner.Run(session, ["n1", "n2"], new ProbeSegment(0, 12, 12, null), run =>
        {
            // Behind a normalization by its own statistics every channel has mean 0 and variance 1.
            AssertStandard(run.Outputs[0].GetTensorDataAsSpan<float>(), 4, 9);
            AssertStandard(run.Outputs[1].GetTensorDataAsSpan<float>(), 5, 1);
        }, default);

        static void AssertStandard(ReadOnlySpan<float> values, int channels, int positions)
        {
            for (var channel = 0; channel < channels; channel++)
            {
                var own = new List<double>();
                for (var i = 0; i < values.Length; i++)
                {
                    if (i / positions % channels == channel)
                        own.Add(values[i]);
                }
                Assert.Equal(0, own.Average(), 1e-5);
                Assert.Equal(1, own.Average(value => value * value), 1e-3);
            }
        }
    }

    [Fact]
    public async Task comparisons_are_in_every_answer()
    {
        using var folder = new TemporaryFolder();
        var path = LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier());
        var probe = LandscapeRun.Labeled(folder);
        var settings = WholeAnalysis.OnCpu with
        {
            Wired = true,
            Nulls = [new(NullKind.Shuffle, 19), new(NullKind.Place, 19), new(NullKind.Spread, 19)],
        };
        var outcome = await Analysis.RunAsync(new AnalysisRequest([path], settings, probe), null,
            TestContext.Current.CancellationToken);
        var measurement = outcome.Series.Checkpoints[0].Measurements[0];
        Assert.Equal(9, measurement.Nulls.Length);
        // On a chain of dense layers E knows counts only, which stay.
        var placed = measurement.Nulls.Single(result => result is { Model.Kind: NullKind.Place, Measure: NullMeasure.Emergence });
        Assert.Equal((1, 1, null), (placed.Above, placed.Below, placed.Z));
        var table = Text("table");
        Assert.Contains("shuffled: z and two-sided p of E against 19 draws of the weights of each layer in random order (seed "
        + "0); one side is at least 0.05", table, StringComparison.Ordinal);
        Assert.Contains("placed: z and two-sided p of E_w", table, StringComparison.Ordinal);
        Assert.Contains("\"p_limit\": 0.05", Text("json"), StringComparison.Ordinal);
        Assert.Contains(",emergence_z,emergence_p,", Text("csv"), StringComparison.Ordinal);

        string Text(string format)
        {
            using var stream = new MemoryStream();
            Emergence.Analyzer.Reports.ReportWriters.All.Single(writer => writer.Format == format).Write(outcome, stream);
            return System.Text.Encoding.UTF8.GetString(stream.ToArray());
        }
    }

    [Fact]
    public async Task quantized_weights_are_not_shuffled()
    {
        using var folder = new TemporaryFolder();
        var model = new TinyModel(13).Declared("x", "batch 6")
            .Initializer("w", [6, 3], TinyModel.Quarters(18, 1).Select(value => value * 4), DataType.Int8).Scalar("s", 0.25)
            .Node("DequantizeLinear", "w s", "f").Node("MatMul", "x f", "y").Output("y", [null, 3]);
        var e = await Assert.ThrowsAsync<UserException>(() => WholeAnalysis.Of(model, new ProbeOptions { Samples = 4 },
            WholeAnalysis.OnCpu with { Nulls = [new(NullKind.Shuffle, 3)] }));
        Assert.Contains("'w' is quantized, and in another order its integers would meet other scales", e.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shuffel:9", "--null: 'shuffel': expected shuffle, place or spread; did you mean 'shuffle'?")]
    [InlineData("shuffle", "--null: 'shuffle' names no number of draws; write shuffle:N with N of at least 1, as in shuffle:999")]
    [InlineData("place:0", "--null: 'place:0' names no number of draws")]
    [InlineData("place:3 --null place:4", "--null place: is given twice; give each kind once")]
    [InlineData("place:3 --statistic sample", "--null: is not offered per sample")]
    public async Task what_cannot_be_drawn_is_said(string given, string message)
    {
        using var shell = new Shell();
        Assert.Equal(2, await shell.RunAsync([shell.File("a.onnx"), "--null", .. given.Split(' ')]));
        Assert.Contains(message, shell.Error, StringComparison.Ordinal);
    }

    private static (TracedCheckpoint Model, Probe Probe) Trace(string path, ProbeOptions probe, AnalysisSettings settings) =>
        TracedCheckpoint.On(Checkpoint.Open(path), settings, new ProbeCache(probe), SessionFactory.Create(settings), null,
            default);

    private static Measurement Measured(string path, ProbeOptions probe, AnalysisSettings settings)
    {
        var (model, samples) = Trace(path, probe, settings);
        return model.Measure(samples, SessionFactory.Create(settings), null, default).Measurements[0];
    }
}
