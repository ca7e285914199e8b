using System.Diagnostics;
using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>Resident memory of a program and all that it starts, looked at every 10 ms.</summary>
internal static class PeakMemory
{
    /// <summary>Runs a program to its end.</summary>
    /// <returns>Its exit code, the most bytes it took, the waiting time and what it printed.</returns>
    public static (int ExitCode, long Peak, TimeSpan Time, string Output) Of(string program, string[] call)
    {
        var (started, peak) = (Stopwatch.GetTimestamp(), 0L);
        using var process = Process.Start(new ProcessStartInfo(program, call) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        while (!process.WaitForExit(10))
            peak = Math.Max(peak, Resident(process.Id));
        return (process.ExitCode, peak, Stopwatch.GetElapsedTime(started), output.GetAwaiter().GetResult());
    }

    /// <summary>Resident bytes of a process and all that it started; 0 for one that has gone.</summary>
    private static long Resident(int process)
    {
        try
        {
            var pages = File.ReadAllText($"/proc/{process}/statm").Split(' ')[1];
            var children = File.ReadAllText($"/proc/{process}/task/{process}/children");
            return (long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize)
                + children.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Sum(child => Resident(int.Parse(child, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
