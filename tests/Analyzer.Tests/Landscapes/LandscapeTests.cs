using System.Collections.Immutable;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>Landscapes as a user measures them.</summary>
public class LandscapeTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(2, 7)]
    public void the_same_seed_gives_the_same_grid_bit_for_bit(int workers, int batch)
    {
        using var folder = new TemporaryFolder();
        var path = LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier());
        var request = LandscapeRun.Request(LandscapeRun.Labeled(folder), path);
        var first = LandscapeRun.Of(request);
        var second = LandscapeRun.Of(request with { Loss = request.Loss with { Workers = workers, SamplesAtATime = batch } });
        Assert.Equal(first.Grid.Values.AsEnumerable(), second.Grid.Values);
        Assert.Equal(first.Numbers.Select(number => number.Value), second.Numbers.Select(number => number.Value));
        Assert.NotEqual(first.Grid.Values.AsEnumerable(), LandscapeRun.Of(request with { Seed = 1 }).Grid.Values);
    }

    [Fact]
    public void an_interrupted_run_goes_on_where_it_stopped()
    {
        using var folder = new TemporaryFolder();
        var path = LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier());
        var request = LandscapeRun.Request(LandscapeRun.Labeled(folder), path);
        var whole = LandscapeRun.Of(request);
        request = request with { Journal = folder.Path("journal") };
        using var stop = new CancellationTokenSource();
        var progress = new Interruption(stop, after: 30);
        Assert.Throws<OperationCanceledException>(() => new LandscapeAnalysis(request, progress).Run(stop.Token));
        var file = Directory.GetFiles(request.Journal).Single();
        // As where the process dies in the middle of a record.
        File.AppendAllBytes(file, [1, 2, 3, 4, 5]);
        var outcome = new LandscapeAnalysis(request).Run(default);
        Assert.Equal(30, outcome.Resumed);
        Assert.Equal(whole.Grid.Values.AsEnumerable(), outcome.Landscapes[0].Grid.Values);
        Assert.Equal(whole.Numbers.Select(number => number.Value), outcome.Landscapes[0].Numbers.Select(number => number.Value));
        // Another question has no use for the answers.
        Assert.Equal(0, new LandscapeAnalysis(request with { Seed = 3 }).Run(default).Resumed);
    }

    [Fact]
    public void between_two_checkpoints_the_barrier_is_the_height_above_the_straight_line()
    {
        using var folder = new TemporaryFolder();
        // The loss is (u·v − 1)², 0 at (1, 1) and at (−1, −1), 1 halfway.
        string Product(string name, double u, double v) => LandscapeRun.Save(folder, name, new TinyModel(13).Declared("x",
            "batch 1")
            .Initializer("u", [1, 1], [u]).Initializer("v", [1, 1], [v]).Node("MatMul", "x u", "h").Node("MatMul", "h v", "y")
            .Output("y", [null, 1]));
        var (a, b) = (Product("a.onnx", 1, 1), Product("b.onnx", -1, -1));
        var x = WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode([1], DataType.Float), 1, 1);
        var request = LandscapeRun.Request(new ProbeOptions { Data = [x] }, a, b) with
        {
            Directions = DirectionKind.Between,
            Loss = new LossSettings(LossKind.SquaredError) { Targets = LossTargets.Read(x) },
        };
        var line = LandscapeRun.Of(request);
        Assert.Equal(1, line.Number("barrier").Value!.Value, 1e-6);
        Assert.Equal(0, line.Grid.Values[0].Loss);
        Assert.Equal(0, line.Grid.Values[^1].Loss);
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], line.Grid.X);
        Assert.Null(line.Number("accuracy_barrier").Value);
        Assert.Equal(2, line.Number("roughness").Value!.Value, 1e-6);
    }

    [Fact]
    public void both_ends_of_a_line_are_the_checkpoints_with_their_running_statistics()
    {
        using var folder = new TemporaryFolder();
        string Normalized(string name, double mean, int seed) => LandscapeRun.Save(folder, name,
            new TinyModel(13).Declared("x", "batch 6").Weight($"w{seed}"[..1], 6, 3)
                .Initializer("s", [3], [1, 2, 1]).Initializer("b", [3], [0, 0, seed]).Initializer("m", [3], [mean, 0, 0])
                .Initializer("v", [3], [1, 1, 1 + mean])
                .Node("MatMul", "x w", "h").Node("BatchNormalization", "h s b m v", "y").Output("y", [null, 3]));
        var probe = LandscapeRun.Labeled(folder);
        var (a, b) = (Normalized("a.onnx", 0, 0), Normalized("b.onnx", 0.5, 1));
        var line = LandscapeRun.Of(LandscapeRun.Request(probe, a, b) with { Directions = DirectionKind.Between });
        using var first = LandscapeRun.Open(a, probe);
        using var last = LandscapeRun.Open(b, probe);
        Assert.Equal(first.Center, line.Grid.Values[0]);
        Assert.Equal(last.Center, line.Grid.Values[^1]);
        Assert.Contains(line.Diagnostics, diagnostic => diagnostic.Subject == "statistics");
    }

    [Fact]
    public void the_path_of_a_series_lies_where_its_weights_are()
    {
        using var folder = new TemporaryFolder();
        ImmutableArray<string> files = [.. Enumerable.Range(0, 4)
            .Select(i => LandscapeRun.Save(folder, $"ckpt_{i}.onnx", LandscapeRun.Classifier(seed: i)))];
        var probe = LandscapeRun.Labeled(folder);
        var plane = LandscapeRun.Of(LandscapeRun.Request(probe, files) with { Directions = DirectionKind.Trajectory });
        using var last = LandscapeRun.Open(files[^1], probe);
        Assert.Equal(last.Center, plane.Center);
        Assert.Equal(files, plane.Path.Select(place => place.File));
        foreach (var (file, place) in files.Zip(plane.Path))
        {
            using var surface = LandscapeRun.Open(file, probe);
            var distance = surface.Tensors.Zip(last.Tensors, (mine, its) =>
                mine.Values.ToArray().Zip(its.Values.ToArray(), (x, y) => (x - y) * (x - y)).Sum()).Sum();
            Assert.Equal(distance, place.X * place.X + place.Y * place.Y + place.OffPlane * place.OffPlane, 1e-9);
        }
        Assert.Equal((0, 0), (plane.Path[^1].X, plane.Path[^1].Y));
        Assert.InRange(plane.ExplainedVariance.Sum(), 0.5, 1);
        Assert.True(plane.ExplainedVariance[0] >= plane.ExplainedVariance[1]);
        Assert.True(plane.Grid.X[0] < plane.Path.Min(place => place.X) && plane.Grid.X[^1] > plane.Path.Max(place => place.X));
    }

    private sealed class Interruption(CancellationTokenSource stop, int after) : IProgress<AnalysisProgress>
    {
        public void Report(AnalysisProgress value)
        {
            if (value.SamplesDone == after)
                stop.Cancel();
        }
    }
}
