using Emergence.Analyzer.Tests.Cli;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>Shares of the samples and their merge as a shell sees them.</summary>
public sealed class SampleShardCommandTests : IDisposable
{
    private static readonly string Models = Path.Combine(SharedFiles.Repository, "models", "digits-mlp");

    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Shares_are_merged_to_the_files_of_one_run()
    {
        Assert.Equal(0, await AnalyzeAsync("whole"));
        foreach (var share in (int[])[3, 1, 2])
            Assert.Equal(0, await AnalyzeAsync($"shares/{share}", "--shard-samples", $"{share}/3"));
        Assert.Equal(["samples.shard"], Names("shares/2"));
        Assert.Equal(0, await shell.RunAsync("merge", At("shares/1"), At("shares"), "--out", At("merged"), "--quiet"));
        Assert.Equal(Names("whole"), Names("merged"));
        Assert.All(Names("whole"), name => Assert.True(
            File.ReadAllBytes(At($"whole/{name}")).AsSpan().SequenceEqual(File.ReadAllBytes(At($"merged/{name}"))), name));
        // A run of the whole takes the share away.
        Assert.Equal(0, await AnalyzeAsync("shares/2"));
        Assert.DoesNotContain("samples.shard", Names("shares/2"));
    }

    [Fact]
    public async Task What_cannot_be_merged_is_said()
    {
        Assert.Equal(0, await AnalyzeAsync("a/1", "--shard-samples", "1/2"));
        Assert.Equal(ExitCode.Failed, await shell.RunAsync("merge", At("a"), "--out", At("merged")));
        Assert.Contains("error: shard 2 of 2 is missing; run it with --shard-samples i/2", shell.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, await AnalyzeAsync("a/1", "--shard-samples", "2/2"));
        Assert.Contains("holds shard 1/2; give each shard a folder of its own", shell.Error, StringComparison.Ordinal);
        Assert.Equal(0, await AnalyzeAsync("b/1", "--shard", "1/2"));
        Assert.Equal(ExitCode.Failed, await shell.RunAsync("merge", At("a"), At("b"), "--out", At("merged")));
        Assert.Contains("hold parts of a series (--shard) and shares of samples (--shard-samples), which make no whole",
            shell.Error, StringComparison.Ordinal);
        File.WriteAllBytes(At("a/1/samples.shard"), [1, 2, 3]);
        Assert.Equal(ExitCode.Failed, await shell.RunAsync("merge", At("a"), "--out", At("merged")));
        Assert.Contains("is damaged or not whole", shell.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("merged")));
    }

    [Theory]
    [InlineData("--shard-samples 1/2: writes files for emergence-analyze merge; name a folder", "--shard-samples", "1/2")]
    [InlineData("there is no shard 3 of 2", "--shard-samples", "3/2", "--out", "x")]
    [InlineData("--shard-samples auto: no scheduler says which task this is", "--shard-samples", "auto", "--out", "x")]
    [InlineData("or write --shard-samples i/N", "--shard-samples", "auto", "--out", "x")]
    [InlineData("--shard: splits the series, --shard-samples the", "--shard-samples", "1/2", "--shard", "1/2", "--out", "x")]
    [InlineData("--cache: keeps results", "--shard-samples", "1/2", "--cache", "c", "--out", "x")]
    [InlineData("--null shuffle: runs other networks", "--shard-samples", "1/2", "--null", "shuffle:19", "--out", "x")]
    [InlineData("--measures rivals: reads the ranks", "--shard-samples", "1/2", "--measures", "rivals", "--out", "x")]
    [InlineData("--format: there are no numbers before", "--shard-samples", "1/2", "--format", "csv", "--out", "x")]
    [InlineData("--html: there are no numbers before", "--shard-samples", "1/2", "--html", "x.html", "--out", "x")]
    [InlineData("is judged on the whole series", "--shard-samples", "1/2", "--out", "x", "--fail-on", "alive_share < 1")]
    public async Task A_wrong_call_is_refused(string finding, params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await shell.RunAsync([Models, .. args]));
        Assert.Contains(finding, shell.Error, StringComparison.Ordinal);
    }

    private Task<int> AnalyzeAsync(string place, params string[] more) =>
        shell.RunAsync([Models, "--samples", "64", "--batch", "16", "--quiet", "--out", At(place), .. more]);

    private string At(string place) => Path.Combine(shell.Folder, place);

    private string[] Names(string place) => [.. Directory.GetFiles(At(place)).Select(file => Path.GetFileName(file)).Order()];
}
