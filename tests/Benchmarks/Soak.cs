using System.Diagnostics;
using System.Globalization;
using Emergence.Analyzer;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Benchmarks;

/// <summary>Many analyses in one process: neither memory nor handles may grow.</summary>
internal static class Soak
{
    private const int Lines = 20;
    private const double MostGrowth = 0.05;

    /// <summary>Analyses checkpoints in turn, and prints what the process holds meanwhile.</summary>
    /// <param name="folder">The checkpoints.</param>
    /// <param name="analyses">How many.</param>
    /// <returns>0; 1 where the second half of the run holds more than the first did.</returns>
    public static int Run(string folder, int analyses)
    {
        var files = CheckpointFinder.Find([folder]);
        var held = new List<(long Memory, long Managed, int Handles)>();
        Console.WriteLine("analyses  memory MiB  managed MiB  handles");
        for (var i = 1; i <= analyses; i++)
        {
            Analyze(files[i % files.Length], [.. files.Skip(i % files.Length).Take(1 + (i % 3))]);
            if (i % Math.Max(1, analyses / Lines) == 0)
            {
                held.Add(Held());
                var (memory, managed, handles) = held[^1];
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{i,8}  {memory / (double)(1 << 20),10:0.0}  {managed / (double)(1 << 20),11:0.00}  {handles,7}"));
            }
        }
        // What is loaded and compiled once is there after the first quarter.
        var early = held[(held.Count / 4)..(held.Count / 2)];
        var late = held[(held.Count * 3 / 4)..];
        var isFlat = late.Max(x => x.Memory) <= early.Max(x => x.Memory) * (1 + MostGrowth)
            && late.Max(x => x.Managed) <= early.Max(x => x.Managed) * (1 + MostGrowth)
            && late.Max(x => x.Handles) <= early.Max(x => x.Handles);
        Console.WriteLine(isFlat ? "flat" : "grows");
        return isFlat ? 0 : 1;
    }

    /// <summary>One analysis, reports included, of one to three checkpoints and one that is not there.</summary>
    private static void Analyze(string file, string[] series)
    {
        string[] checkpoints = [.. series, file + ".gone"];
        var settings = new AnalysisSettings { Device = Device.Cpu, Threads = 1 };
        var outcome = Analysis.RunAsync(
            new AnalysisRequest([.. checkpoints], settings, new ProbeOptions { Samples = 64 }), null, CancellationToken.None)
            .GetAwaiter().GetResult();
        if (outcome.Series.Checkpoints.Length != series.Length)
            throw new InvalidOperationException(outcome.Failures[0].Message);
        foreach (var writer in ReportWriters.All.Where(writer => !writer.OfUnits))
            writer.Write(outcome, Stream.Null);
    }

    private static (long Memory, long Managed, int Handles) Held()
    {
        var managed = GC.GetTotalMemory(forceFullCollection: true);
        using var process = Process.GetCurrentProcess();
        return (process.WorkingSet64, managed, Directory.Exists("/proc/self/fd")
            ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount);
    }
}
