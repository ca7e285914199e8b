using Emergence.Analyzer.Tests.Cli;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>Shards and their merge as a shell sees them.</summary>
public sealed class MergeCommandTests : IDisposable
{
    private static readonly string Models = Path.Combine(SharedFiles.Repository, "models", "digits-mlp");

    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Shards_are_merged_to_the_files_of_one_run()
    {
        Assert.Equal(0, await AnalyzeAsync("whole"));
        foreach (var shard in (int[])[3, 1, 2])
            Assert.Equal(0, await AnalyzeAsync($"shards/{shard}", "--shard", $"{shard}/3"));
        Assert.Contains("results.shard", Names("shards/2"));
        // What was compared with a checkpoint of another shard is there: the rows of the parts are those of the whole.
        foreach (var table in (string[])["series.csv", "layers.csv"])
            Assert.Equal(Rows($"whole/{table}"), Enumerable.Range(1, 3).SelectMany(shard => Rows($"shards/{shard}/{table}")));
        Assert.Equal(0, await shell.RunAsync("merge", At("shards/1"), At("shards"), "--out", At("merged"), "--quiet"));
        AssertSameFiles("whole", "merged");
        // Started again, as clusters do: nothing is measured twice, and nothing changes.
        using var again = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await again.RunAsync(Models, "--samples", "64", "--out", At("shards/2"), "--shard", "2/3"));
        Assert.Contains("measured before", again.Error, StringComparison.Ordinal);
        Assert.Equal(0, await shell.RunAsync("merge", At("shards"), "--out", At("merged"), "--quiet"));
        AssertSameFiles("whole", "merged");
    }

    [Fact]
    public async Task Stdout_and_gates_are_those_of_one_run()
    {
        const string Gate = "alive_share < 0.999";
        string[] formats = ["--format", "csv", "--format", "md", "--quiet", "--fail-on", Gate];
        using var whole = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(ExitCode.Gate, await whole.RunAsync([Models, "--samples", "64", .. formats]));
        foreach (var shard in (int[])[1, 2])
            Assert.Equal(0, await AnalyzeAsync($"s{shard}", "--shard", $"{shard}/2"));
        using var merged = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(ExitCode.Gate, await merged.RunAsync(["merge", At("s2"), At("s1"), .. formats]));
        Assert.Equal(whole.Output, merged.Output);
        Assert.Equal(whole.Error, merged.Error);
    }

    /// <summary>A shard whose only checkpoint is damaged, and one that has none, are parts like others.</summary>
    [Fact]
    public async Task A_shard_without_a_result_is_a_part_of_the_whole()
    {
        var damaged = shell.File("damaged.onnx");
        string[] series = [damaged, Path.Combine(Models, "ckpt_001.onnx"), Path.Combine(Models, "ckpt_002.onnx")];
        Assert.Equal(ExitCode.Partial, await shell.RunAsync([.. series, "--samples", "64", "--quiet", "--out", At("whole")]));
        for (var shard = 1; shard <= 5; shard++)
        {
            var code = await shell.RunAsync(
                [.. series, "--samples", "64", "--quiet", "--out", At($"s/{shard}"), "--shard", $"{shard}/5"]);
            Assert.Contains("results.json", Names($"s/{shard}"));
            Assert.Equal(HasDamaged(shard) ? ExitCode.Partial : 0, code);
        }
        Assert.Equal(ExitCode.Partial, await shell.RunAsync("merge", At("s"), "--out", At("merged"), "--quiet"));
        AssertSameFiles("whole", "merged");

        bool HasDamaged(int shard) =>
            File.ReadAllText(At($"s/{shard}/results.json")).Contains("damaged.onnx", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_killed_task_left_is_left_out_and_what_is_missing_is_said()
    {
        Assert.Equal(0, await AnalyzeAsync("s/1", "--shard", "1/2"));
        Directory.CreateDirectory(At("s/2/.emergence-journal"));
        Assert.Equal(ExitCode.Failed, await shell.RunAsync("merge", At("s"), "--out", At("merged")));
        Assert.Contains(
            $"warning: {At("s/2")}: holds no shard that was finished; left out", shell.Error, StringComparison.Ordinal);
        Assert.Contains("error: shard 2 of 2 is missing; run it with --shard i/2", shell.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(At("merged")));
    }

    [Theory]
    [InlineData(2, "no folder given", "merge")]
    [InlineData(2, "nowhere: no such directory", "merge", "nowhere")]
    [InlineData(1, "there is no part of a series to merge", "merge", ".")]
    public async Task A_wrong_call_is_said_to_be_one(int code, string finding, params string[] args)
    {
        Assert.Equal(code, await shell.RunAsync([.. args.Select(arg => arg == "." ? shell.Folder : arg)]));
        Assert.Contains(finding, shell.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--shard 1/2: writes files for emergence-analyze merge; name a folder", "--shard", "1/2")]
    [InlineData("there is no shard 3 of 2", "--shard", "3/2")]
    [InlineData("is not i/N", "--shard", "half")]
    [InlineData("expected a number of shards behind auto/", "--shard", "auto/none")]
    [InlineData("is judged on the whole series", "--shard", "1/2", "--out", "x", "--fail-on", "alive_share < 1")]
    public async Task A_wrong_shard_is_refused(string finding, params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await shell.RunAsync([Models, .. args]));
        Assert.Contains(finding, shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_one_shard_is_neither_anothers_nor_the_wholes()
    {
        Assert.Equal(0, await AnalyzeAsync("s1", "--shard", "1/1"));
        Assert.Equal(ExitCode.Usage, await shell.RunAsync("merge", At("s1"), "--out", At("s1")));
        Assert.Contains("is one of the shards; name another folder", shell.Error, StringComparison.Ordinal);
        Assert.Equal(0, await AnalyzeAsync("s1", "--shard", "1/2"));
        Assert.Equal(ExitCode.Usage, await AnalyzeAsync("s1", "--shard", "2/2"));
        Assert.Contains("holds shard 1/2; give each shard a folder of its own", shell.Error, StringComparison.Ordinal);
    }

    /// <summary>A part is not the whole: its last checkpoint is not the last.</summary>
    [Fact]
    public async Task A_part_is_neither_compared_nor_a_baseline()
    {
        Assert.Equal(0, await AnalyzeAsync("s1", "--shard", "1/2"));
        Assert.Equal(ExitCode.Failed, await shell.RunAsync("compare", At("s1"), At("s1")));
        Assert.Contains("is shard 1/2 of a series, not the whole", shell.Error, StringComparison.Ordinal);
        // A run of the whole takes the part away.
        Assert.Equal(0, await AnalyzeAsync("s1"));
        Assert.DoesNotContain("results.shard", Names("s1"));
    }

    private Task<int> AnalyzeAsync(string place, params string[] more) =>
        shell.RunAsync([Models, "--samples", "64", "--quiet", "--out", At(place), .. more]);

    private string At(string place) => Path.Combine(shell.Folder, place);

    private IEnumerable<string> Rows(string table) => File.ReadLines(At(table)).Skip(1);

    private string[] Names(string place) => [.. Directory.GetFiles(At(place)).Select(file => Path.GetFileName(file)).Order()];

    private void AssertSameFiles(string one, string other)
    {
        Assert.Equal(Names(one), Names(other));
        Assert.All(Names(one), name =>
            Assert.True(Content(one, name).AsSpan().SequenceEqual(Content(other, name)), name));

        byte[] Content(string place, string name) => File.ReadAllBytes(At($"{place}/{name}"));
    }
}
