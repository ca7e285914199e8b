using System.Diagnostics;
using System.Globalization;
using Emergence.Measuring.Settings;

namespace Emergence.Benchmarks;

/// <summary>
/// Counting inside the session against handing every activation out and adding it up outside, in turn, each in processes of
/// its own: processor time on one thread, and the peak of resident memory. Activations are handed out in runs of 64 and of 256
/// samples, or of as many as the file is made for, and the faster of the two counts. For models of float32.
/// </summary>
internal static class ExposeCost
{
    private static readonly int[] Batches = [64, 256];

    /// <summary>Measures: <c>expose SAMPLES PAIRS FILE…</c>.</summary>
    public static int Run(string[] args)
    {
        var pairs = int.Parse(args[1], CultureInfo.InvariantCulture);
        Console.WriteLine("| model | samples a run | counted / exposed | quartiles | MiB counted | MiB exposed | ratio |\n"
            + "| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (var path in args[2..])
        {
            (double Time, double Peak) Once(int batch) => Measure(args[0], batch, path);
            var best = Batches.MinBy(batch => Once(batch).Time);
            var (ratios, counted, exposed) = (new double[pairs], new double[pairs], new double[pairs]);
            for (var i = 0; i < pairs; i++)
            {
                var first = i % 2 == 0 ? Once(0) : default;
                var other = Once(best);
                var inside = i % 2 == 0 ? first : Once(0);
                (ratios[i], counted[i], exposed[i]) = (inside.Time / other.Time, inside.Peak, other.Peak);
            }
            foreach (var values in (double[][])[ratios, counted, exposed])
                Array.Sort(values);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {path} | {best} | {ratios[pairs / 2]:0.00} | {ratios[pairs / 4]:0.00} to {ratios[pairs * 3 / 4]:0.00} | "
                + $"{counted[pairs / 2]:0} | {exposed[pairs / 2]:0} | {counted[pairs / 2] / exposed[pairs / 2]:0.00} |"));
        }
        return 0;
    }

    /// <summary>One process: <c>way SAMPLES BATCH FILE</c>, counted inside where the batch is 0. Prints ms and MiB.</summary>
    public static int Way(string[] args)
    {
        int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
        using var runs = new ModelRuns(args[2], Number(0), Statistic.Mean);
        var way = Number(1) == 0 ? runs.Counted() : runs.Exposed(Number(1));
        way();
        var time = way();
        using var process = Process.GetCurrentProcess();
        var peak = process.PeakWorkingSet64 / (double)(1 << 20);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time} {peak}"));
        return 0;
    }

    private static (double Time, double Peak) Measure(string samples, int batch, string path)
    {
        var (_, lines) = ProcessorTime.Of(Environment.ProcessPath!, "way", samples, $"{batch}", path);
        var (time, peak) = (lines[0].Split(' ')[0], lines[0].Split(' ')[1]);
        return (double.Parse(time, CultureInfo.InvariantCulture), double.Parse(peak, CultureInfo.InvariantCulture));
    }
}
