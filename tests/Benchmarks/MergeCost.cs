using System.Diagnostics;
using System.Globalization;
using Emergence.Analyzer;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Sharding;

namespace Emergence.Benchmarks;

/// <summary>What planning and merging cost for a series of any length.</summary>
internal static class MergeCost
{
    /// <summary>Splits, writes, reads and joins series of these lengths, and prints a row for each.</summary>
    /// <param name="lengths">How many checkpoints.</param>
    /// <param name="isSettled">Whether they have stopped developing, which is when the verdict costs most.</param>
    public static void Run(IEnumerable<int> lengths, bool isSettled)
    {
        Console.WriteLine("checkpoints  shards  MiB in files  plan s  read and join s  live MiB  verdict s  series.csv s");
        foreach (var length in lengths)
            Run(new MadeSeries(length, isSettled));
    }

    private static void Run(MadeSeries series)
    {
        var folder = Directory.CreateTempSubdirectory("emergence-merge-").FullName;
        try
        {
            var plan = Time(series.Plan, out _);
            series.WriteShards(folder);
            var bytes = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var join = Time(() => AnalysisOutcome.Of(
                [.. ShardMerge.Join(ShardFolder.Find([folder], ShardKinds.Series, Fail), Fail).Select(part => part.Part)]),
                out var outcome);
            var live = GC.GetTotalMemory(forceFullCollection: true) - before;
            var verdict = Time(() => outcome.Verdicts, out _);
            var csv = Time(() =>
            {
                SeriesCsv.Write(outcome, Stream.Null);
                return true;
            }, out _);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{series.Length,11}  {series.Shards,6}  {Mebibytes(bytes),12:0.0}  {plan,6:0.00}  {join,15:0.00}  "
                + $"{Mebibytes(live),8:0.0}  {verdict,9:0.00}  {csv,12:0.00}"));
            GC.KeepAlive(outcome);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Fail(string warning) => throw new InvalidOperationException(warning);

    private static double Mebibytes(long bytes) => bytes / (double)(1 << 20);

    private static double Time<T>(Func<T> work, out T result)
    {
        var started = Stopwatch.GetTimestamp();
        result = work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
