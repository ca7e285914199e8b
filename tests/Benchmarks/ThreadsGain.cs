using System.Diagnostics;
using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>
/// What a second thread gains on a series: the program with <c>--threads 1</c> and with <c>--threads 2</c>, in turn. Prints the
/// ratio of waiting times, median and quartiles, and fails where the two do not print the same.
/// </summary>
internal static class ThreadsGain
{
    /// <summary>Measures: <c>threads PROGRAM PAIRS ARGUMENT…</c>, arguments as of a call that prints CSV.</summary>
    public static int Run(string[] args)
    {
        var (program, pairs, call) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), args[2..]);
        var ratios = new double[pairs];
        for (var i = 0; i < pairs; i++)
        {
            var (first, second) = i % 2 == 0 ? (1, 2) : (2, 1);
            var (a, b) = (Time(program, first, call), Time(program, second, call));
            if (a.Output != b.Output)
            {
                Console.Error.WriteLine("error: one thread and two do not print the same");
                return 1;
            }
            ratios[i] = i % 2 == 0 ? a.Time / b.Time : b.Time / a.Time;
        }
        Array.Sort(ratios);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"one thread / two: {ratios[pairs / 2]:0.00}, quartiles {ratios[pairs / 4]:0.00} to {ratios[pairs * 3 / 4]:0.00}"));
        return 0;
    }

    private static (TimeSpan Time, string Output) Time(string program, int threads, string[] call)
    {
        var start = new ProcessStartInfo(program, [.. call, "--threads", $"{threads}"]) { RedirectStandardOutput = true };
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? (Stopwatch.GetElapsedTime(started), output)
            : throw new InvalidOperationException($"exit code {process.ExitCode}");
    }
}
