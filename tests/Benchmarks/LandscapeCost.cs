using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Benchmarks;

/// <summary>
/// What a point of a landscape costs: moved weights and their loss, against a run of the model as the file is, in turn and on one
/// thread. Prints the throughput as a share of plain inference: median and quartiles of processor times.
/// </summary>
internal static class LandscapeCost
{
    /// <summary>Measures models: <c>landscape SAMPLES PAIRS FILE…</c>; the samples are the MNIST test set in DATA_DIR.</summary>
    public static void Run(ReadOnlySpan<string> args)
    {
        var (samples, pairs) = (
            int.Parse(args[0], CultureInfo.InvariantCulture), int.Parse(args[1], CultureInfo.InvariantCulture));
        Console.WriteLine("| model | samples | points a second | of plain inference | quartiles |\n| --- | ---: | ---: | ---: "
        + "| ---: |");
        foreach (var path in args[2..])
        {
            var (speed, shares) = Measure(path, samples, pairs);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {path} | {samples} | {speed:0.0} | {shares[pairs / 2]:0.00} | {shares[pairs / 4]:0.00} to "
                + $"{shares[pairs * 3 / 4]:0.00} |"));
        }
    }

    private static (double Speed, double[] Shares) Measure(string path, int samples, int pairs)
    {
        var settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1 };
        var sessions = SessionFactory.Create(settings);
        var options = new ProbeOptions
        {
            Samples = samples,
            Data = ["mnist"],
            DataDir = Environment.GetEnvironmentVariable("DATA_DIR"),
            Scale = 1f / 255,
        };
        var (model, probe) =
            TracedCheckpoint.On(Checkpoint.Open(path), settings, new ProbeCache(options), sessions, null, default);
        var form = model.Form(probe, sessions, default);
        var plan = BatchPlan.Create(form.Graph, probe.Samples, 0);
        ImmutableArray<string> outputs = [.. form.Model.Graph.Output.Select(output => output.Name)];
        using var session = sessions.Open(form.Model, path);
        using var runner = new ProbeRunner(form.Graph.Inputs, probe, plan, path);
        using var surface = LossSurface.Open(model, probe, settings, new LossSettings(LossKind.CrossEntropy), default);
        using var worker = surface.NewWorker();
        var (first, second) = (RandomDirections.Gaussian(surface.Tensors, Normalization.Filter, 0, 0),
            RandomDirections.Gaussian(surface.Tensors, Normalization.Filter, 0, 1));
        double Plain() => Time(() =>
        {
            foreach (var segment in plan.Segments)
                runner.Run(session, outputs, segment, _ => { }, default);
        });
        double Point(int index) => Time(() => worker.At([new Move(first, 0.01 * index), new Move(second, 0.3)], default));
        Plain();
        Point(1);
        var (shares, spent) = (new double[pairs], 0.0);
        for (var i = 0; i < pairs; i++)
        {
            var (plain, point) = i % 2 == 0 ? (Plain(), Point(i)) : Swapped(Point(i), Plain());
            shares[i] = plain / point;
            spent += point;
        }
        Array.Sort(shares);
        return (pairs / spent, shares);

        static (double, double) Swapped(double point, double plain) => (plain, point);
    }

    // Of one call the clock of processor times is too coarse.
    private static double Time(Action work)
    {
        const int times = 8;
        using var process = Process.GetCurrentProcess();
        var start = process.TotalProcessorTime;
        for (var i = 0; i < times; i++)
            work();
        process.Refresh();
        return (process.TotalProcessorTime - start).TotalSeconds / times;
    }
}
