using System.Diagnostics;
using System.Globalization;

namespace Emergence.Benchmarks;

/// <summary>Processor time of programs, of those that they start included.</summary>
internal static class ProcessorTime
{
    // A tick of /proc is a hundredth of a second for every program.
    private const double TicksPerSecond = 100;

    /// <summary>Runs a program to its end on one thread.</summary>
    /// <returns>The seconds it took, and what it printed.</returns>
    public static (double Time, string[] Lines) Of(string program, params string[] call)
    {
        var before = TimeOfChildren();
        var start = new ProcessStartInfo(program, call) { RedirectStandardOutput = true };
        // Libraries of linear algebra start threads of their own.
        start.Environment["OMP_NUM_THREADS"] = start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? (TimeOfChildren() - before, output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            : throw new InvalidOperationException($"{program}: exit code {process.ExitCode}");
    }

    /// <summary>Why a program fails; null where it does not.</summary>
    public static string? Failure(string program, string[] call)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, call) { RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : said.Trim().Split('\n')[^1];
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }

    /// <summary>Processor time of the processes that have ended, and of those that they started and waited for.</summary>
    private static double TimeOfChildren()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        // The name in front may hold spaces; cutime and cstime are the 14th and 15th behind it.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture))
            / TicksPerSecond;
    }
}
