using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Emergence.Analyzer.Containment;

namespace Emergence.Benchmarks;

/// <summary>
/// What containment costs: the program as users start it, and its worker alone, which this process starts as a supervisor would,
/// in turn. Prints the ratios of processor and waiting times and the differences, medians and quartiles.
/// </summary>
internal static partial class ContainmentCost
{
    private const int Children = -1;
    private const string WorkerVariable = Emergence.Analyzer.Containment.Worker.Variable;

    private static readonly string[] Units =
        ["processor time, ratio", "waiting time, ratio", "processor time, ms more", "waiting time, ms more"];

    /// <summary>Measures: <c>containment PROGRAM PAIRS ARGUMENT…</c>, arguments as of a call that ends with 0.</summary>
    public static int Run(string[] args)
    {
        var (program, pairs, call) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture), args[2..]);
        // Files and libraries are read from the disk only once.
        Contained(program, call);
        Worker(program, call);
        var rows = new double[Units.Length][];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = new double[pairs];
        for (var i = 0; i < pairs; i++)
        {
            var first = i % 2 == 0 ? Contained(program, call) : Worker(program, call);
            var second = i % 2 == 0 ? Worker(program, call) : Contained(program, call);
            var (both, alone) = i % 2 == 0 ? (first, second) : (second, first);
            rows[0][i] = both.Processor / alone.Processor;
            rows[1][i] = both.Waiting / alone.Waiting;
            rows[2][i] = 1000 * (both.Processor - alone.Processor);
            rows[3][i] = 1000 * (both.Waiting - alone.Waiting);
        }
        foreach (var (unit, row) in Units.Zip(rows))
        {
            Array.Sort(row);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{unit}: {row[pairs / 2]:0.000}, quartiles {row[pairs / 4]:0.000} to {row[pairs * 3 / 4]:0.000}"));
        }
        return 0;
    }

    private static (double Processor, double Waiting) Contained(string program, string[] call) => Measure(() =>
    {
        using var process = Process.Start(Silent(program, call))!;
        return EndOf(process);
    });

    private static (double Processor, double Waiting) Worker(string program, string[] call) => Measure(() =>
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var start = Silent(program, call);
        start.RedirectStandardInput = true;
        start.Environment[WorkerVariable] = pipe.GetClientHandleAsString();
        using var process = Process.Start(start)!;
        pipe.DisposeLocalCopyOfClientHandle();
        using var orders = new BinaryWriter(process.StandardInput.BaseStream, Encoding.UTF8);
        new Supervisor(errorWidth: null).Brief(orders);
        pipe.CopyTo(Stream.Null);
        return EndOf(process);
    });

    private static ProcessStartInfo Silent(string program, string[] call) =>
        new(program, call) { RedirectStandardOutput = true, RedirectStandardError = true };

    private static int EndOf(Process process)
    {
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }

    private static (double Processor, double Waiting) Measure(Func<int> run)
    {
        var (before, started) = (TimeOfChildren(), Stopwatch.GetTimestamp());
        var code = run();
        return code == 0
            ? (TimeOfChildren() - before, Stopwatch.GetElapsedTime(started).TotalSeconds)
            : throw new InvalidOperationException($"exit code {code}");
    }

    /// <summary>Seconds of the processes that have ended, and of those that they started and waited for.</summary>
    private static double TimeOfChildren()
    {
        // Two times, each in seconds and microseconds, and fourteen counts.
        var usage = new long[18];
        return GetUsage(Children, usage) == 0
            ? usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6)
            : throw new InvalidOperationException("the system does not tell the time of ended processes");
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetUsage(int who, [Out] long[] usage);
}
