using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

/// <summary><c>--cache</c> and the command that looks after it.</summary>
public sealed class CacheCommandTests : IDisposable
{
    private static readonly string Models = Path.Combine(SharedFiles.Repository, "models", "digits-mlp");

    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    private string Cache => Path.Combine(shell.Folder, "cache");

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task A_cache_is_filled_found_again_shown_and_pruned()
    {
        string[] call = [Models, "--samples", "64", "--cache", Cache];
        Assert.Equal(0, await shell.RunAsync(call));
        Assert.DoesNotContain("found in the cache", shell.Error, StringComparison.Ordinal);
        Assert.Equal(0, await shell.RunAsync([.. call, "--out", Path.Combine(shell.Folder, "out")]));
        Assert.Contains($"note: {Cache}: 11 of 11 checkpoints were found in the cache", shell.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(shell.Folder, "out", ".emergence-journal")));
        Assert.StartsWith("results  11\n", await AnswerAsync("cache", "show", Cache), StringComparison.Ordinal);
        Assert.StartsWith("removed  0 results, 0.0 MiB\nresults  11\n",
            await AnswerAsync("cache", "prune", Cache, "--unused", "1d"), StringComparison.Ordinal);
        Assert.StartsWith("removed  11 results",
            await AnswerAsync("cache", "prune", Cache, "--size", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_size_of_a_cache_is_limited_at_the_end_of_a_run()
    {
        Assert.Equal(0, await shell.RunAsync(Models, "--samples", "64", "--cache", Cache, "--cache-size", "1"));
        Assert.StartsWith("results  0\n", await AnswerAsync("cache", "show", Cache), StringComparison.Ordinal);
    }

    /// <summary>Whatever becomes of a cache, the answer is the same.</summary>
    [Fact]
    public async Task A_damaged_cache_is_measured_again_and_one_that_cannot_be_written_is_said()
    {
        string[] call = [Models, "--samples", "64", "--format", "json", "--quiet"];
        var expected = await AnswerAsync(call);
        Assert.Equal(expected, await AnswerAsync([.. call, "--cache", Cache]));
        foreach (var file in Directory.GetFiles(Cache, "*.measured", SearchOption.AllDirectories))
            File.WriteAllBytes(file, [.. File.ReadAllBytes(file).Reverse()]);
        Assert.Equal(expected, await AnswerAsync([.. call, "--cache", Cache]));
        var below = Path.Combine(shell.File("file"), "below");
        using var other = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await other.RunAsync([.. call, "--cache", below]));
        Assert.Equal(expected, other.Output);
        Assert.Contains("; results of this run are not shared", other.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cache-size: limits the folder of --cache; name it", "--cache-size", "1G")]
    [InlineData(": is a file; name a directory", "--cache", "file")]
    [InlineData("nowhere: no such directory", "cache", "show", "nowhere")]
    [InlineData("give --size or --unused", "cache", "prune", ".")]
    [InlineData("cache show removes nothing", "cache", "show", ".", "--size", "1G")]
    [InlineData("empty: expected show or prune", "cache", "empty", ".")]
    public async Task A_wrong_call_is_refused(string finding, params string[] args)
    {
        shell.File("file");
        string[] call = [.. args.Select(arg => arg is "file" or "." ? Path.Combine(shell.Folder, arg) : arg)];
        Assert.Equal(ExitCode.Usage, await shell.RunAsync(args[0] == "cache" ? call : [Models, .. call]));
        Assert.Contains(finding, shell.Error, StringComparison.Ordinal);
    }

    private static async Task<string> AnswerAsync(params string[] args)
    {
        using var shell = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await shell.RunAsync(args));
        return shell.Output;
    }
}
