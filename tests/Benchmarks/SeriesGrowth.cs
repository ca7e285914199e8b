using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>
/// What a series takes as it grows: copies of one file through the program, in turn. Prints the processor time of a checkpoint
/// and the peak of memory for each length, each the median.
/// </summary>
internal static class SeriesGrowth
{
    private static readonly int[] Lengths = [10, 100, 1000];

    /// <summary>Measures: <c>series PROGRAM ROUNDS FILE ARGUMENT…</c>, arguments as of a call of the program.</summary>
    /// <returns>0; 1 where a call failed.</returns>
    public static int Run(string[] args)
    {
        var (program, rounds, call) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), args[3..]);
        var (times, peaks) = (Table(rounds), Table(rounds));
        for (var round = 0; round < rounds; round++)
        {
            for (var at = 0; at < Lengths.Length; at++)
            {
                using var series = new CopiedSeries(args[2], Lengths[at]);
                string[] whole = [.. series.Paths, .. call];
                times[at][round] = ProcessorTime.Of(program, whole).Time / Lengths[at];
                var (code, peak, _, _) = PeakMemory.Of(program, whole);
                if (code != 0)
                {
                    Console.Error.WriteLine($"error: exit code {code} on {Lengths[at]} checkpoints");
                    return 1;
                }
                peaks[at][round] = peak / (double)(1 << 20);
            }
        }
        Console.WriteLine("| checkpoints | ms of a checkpoint | peak, MiB |\n| ---: | ---: | ---: |");
        foreach (var (length, time, peak) in Lengths.Zip(times, peaks))
        {
            Array.Sort(time);
            Array.Sort(peak);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {length:N0} | {time[rounds / 2] * 1000:0.0} | {peak[rounds / 2]:0} |"));
        }
        return 0;
    }

    private static double[][] Table(int rounds) => [.. Lengths.Select(_ => new double[rounds])];
}
