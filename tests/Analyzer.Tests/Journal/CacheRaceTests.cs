using System.Diagnostics;
using System.Globalization;
using System.Text;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Journal;

/// <summary>Several processes measure one series with one cache, and are killed now and then: nothing is wrong or lost, and
/// hardly anything is done twice. tests/scale/cache.sh runs it with more of both.</summary>
public sealed class CacheRaceTests(ITestOutputHelper output) : IDisposable
{
    // "8 200": processes and checkpoints.
    private const string Sizes = "EMERGENCE_CACHE_RACE";
    private const int KillsOfEach = 1;

    private readonly TemporaryFolder folder = new();
    private int kills;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task processes_that_are_killed_and_started_again_share_their_work()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "signals are those of Linux and macOS");
        int[] sizes = [.. (Environment.GetEnvironmentVariable(Sizes) ?? "3 24").Split(' ')
            .Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        var (processes, checkpoints) = (sizes[0], sizes[1]);
        MakeSeries(checkpoints);
        // Watched folders are there before anything is written into them.
        for (var i = 0; i < 256; i++)
            Directory.CreateDirectory(folder.Path("cache", $"{i:x2}"));
        var kept = 0;
        using var watcher = new FileSystemWatcher(folder.Path("cache"), "*.measured")
        {
            IncludeSubdirectories = true,
            InternalBufferSize = 1 << 18,
            EnableRaisingEvents = true,
        };
        watcher.Renamed += (_, _) => Interlocked.Increment(ref kept);

        using (var reference = Start("whole", []))
            await reference.WaitForExitAsync(TestContext.Current.CancellationToken);
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, processes).Select(RunAsync));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;

        var expected = File.ReadAllBytes(folder.Path("whole", "results.json"));
        for (var i = 0; i < processes; i++)
            Assert.Equal(expected, File.ReadAllBytes(folder.Path($"out-{i}", "results.json")));
        // A killed process has lost one measurement at most.
        var work = kept + kills;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{processes} processes, {checkpoints} checkpoints, {kills} kills: {kept} results kept, total work at most {work} = "
            + $"{(double)work / checkpoints:0.00} times the least; {seconds:0.0} s"));
        Assert.InRange(kept, checkpoints, checkpoints * 6 / 5);
        Assert.InRange(work, checkpoints, Math.Max(checkpoints * 6 / 5, checkpoints + kills));
    }

    /// <summary>One that is killed at a random moment, with its worker, and started again.</summary>
    private async Task RunAsync(int number)
    {
        var random = new Random(number);
        for (var killed = 0; ; killed++)
        {
            using var process = Start($"out-{number}", ["--cache", folder.Path("cache")]);
            using var clock = new CancellationTokenSource(
                killed < KillsOfEach ? TimeSpan.FromMilliseconds(random.Next(300, 3000)) : TimeSpan.FromMinutes(5));
            try
            {
                await process.WaitForExitAsync(clock.Token);
                Assert.Equal(0, process.ExitCode);
                return;
            }
            catch (OperationCanceledException) when (killed < KillsOfEach)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
                Interlocked.Increment(ref kills);
            }
        }
    }

    private Process Start(string place, string[] more) => Process.Start(new ProcessStartInfo(
        Path.Combine(AppContext.BaseDirectory, "emergence-analyze"),
        [folder.Path("series"), "--samples", "64", "--threads", "1", "--quiet", "--out", folder.Path(place), .. more])
    {
        RedirectStandardOutput = true,
    })!;

    /// <summary>Copies of trained networks, each with a line of metadata of its own: another content each.</summary>
    private void MakeSeries(int checkpoints)
    {
        string[] models = Directory.GetFiles(Path.Combine(SharedFiles.Repository, "models", "digits-mlp"), "*.onnx");
        for (var i = 0; i < checkpoints; i++)
        {
            var value = Encoding.ASCII.GetBytes($"{i:0000}");
            byte[] entry = [0x0a, 4, .. "copy"u8, 0x12, 4, .. value];
            byte[] content = [.. File.ReadAllBytes(models[i % models.Length]), 0x72, (byte)entry.Length, .. entry];
            folder.Write($"series/copy-{i:0000}.onnx", content);
        }
    }
}
