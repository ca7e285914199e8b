using System.Globalization;
using Emergence.Measuring.Settings;

namespace Emergence.Benchmarks;

/// <summary>
/// What counting costs inside the session: random samples through a model as the file is, through its instrumented form, and
/// through the form that runs in batches of that size without counters, in turn. Prints the ratios of processor times on one
/// thread: medians, and the quartiles of the first.
/// </summary>
internal static class CountingCost
{
    private const int GuardSamples = 512, GuardPairs = 9;

    /// <summary>Measures models: <c>counting STATISTIC SAMPLES PAIRS FILE…</c>.</summary>
    public static void Run(ReadOnlySpan<string> args)
    {
        var statistic = Enum.Parse<Statistic>(args[0], ignoreCase: true);
        var (samples, pairs) = (
            int.Parse(args[1], CultureInfo.InvariantCulture), int.Parse(args[2], CultureInfo.InvariantCulture));
        Console.WriteLine("| model | samples a run | counted / plain | quartiles | counted / plain in such runs |\n"
            + "| --- | ---: | ---: | ---: | ---: |");
        foreach (var path in args[3..])
        {
            using var runs = new ModelRuns(path, samples, statistic);
            var (ratios, alone) = Measure(runs, pairs);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {path} | {runs.Whole.Segments[0].RunSize}, {runs.Grouped.Segments[0].RunSize} | {ratios[pairs / 2]:0.00} | "
                + $"{ratios[pairs / 4]:0.00} to {ratios[pairs * 3 / 4]:0.00} | {alone[pairs / 2]:0.00} |"));
        }
    }

    /// <summary>
    /// Fails where counting costs more than a limit: <c>guard LIMIT FILE…</c>. It sees a change that makes counting expensive, on
    /// any machine; the ratios themselves are for a quiet one.
    /// </summary>
    /// <returns>0; 1 where a ratio is above the limit.</returns>
    public static int Guard(string[] args)
    {
        var (limit, code) = (double.Parse(args[0], CultureInfo.InvariantCulture), 0);
        foreach (var path in args[1..])
        {
            foreach (var statistic in (Statistic[])[Statistic.Mean, Statistic.Share])
            {
                using var runs = new ModelRuns(path, GuardSamples, statistic);
                var ratio = Measure(runs, GuardPairs).Ratios[GuardPairs / 2];
                var word = ratio <= limit ? "" : $", more than {limit.ToString(CultureInfo.InvariantCulture)}";
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{path}, {statistic}: {ratio:0.00} of plain inference{word}"));
                code = ratio <= limit ? code : 1;
            }
        }
        return code;
    }

    private static (double[] Ratios, double[] Alone) Measure(ModelRuns runs, int pairs)
    {
        var (plain, inSuchRuns, counted) = (runs.Plain(), runs.InSuchRuns(), runs.Counted());
        plain();
        inSuchRuns();
        counted();
        var (ratios, alone) = (new double[pairs], new double[pairs]);
        for (var i = 0; i < pairs; i++)
        {
            var before = i % 2 == 0 ? plain() : 0;
            var counting = counted();
            ratios[i] = counting / (i % 2 == 0 ? before : plain());
            alone[i] = counting / inSuchRuns();
        }
        Array.Sort(ratios);
        Array.Sort(alone);
        return (ratios, alone);
    }
}
