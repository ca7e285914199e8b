using System.Text.Json;
using Emergence.Testing;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Tests.Cli;

public sealed class WatchCommandTests : IDisposable
{
    private static readonly string[] Models =
        [.. Directory.GetFiles(Path.Combine(SharedFiles.Repository, "models", "digits-mlp"), "*.onnx").Order()];

    private readonly Shell shell = new();
    private readonly string run;

    public WatchCommandTests() => run = Directory.CreateDirectory(Path.Combine(shell.Folder, "run")).FullName;

    public void Dispose() => shell.Dispose();

    // Below any activation: every node is alive, E is 0, and six checkpoints settle it.
    private Task<int> WatchAsync(params string[] options) => shell.RunAsync(
        ["watch", run, "--every", "0.01", "--data", "random", "--samples", "32", "--threshold", "-1000", .. options]);

    private void Put(int model, string? name = null) =>
        File.Copy(Models[model], Path.Combine(run, name ?? Path.GetFileName(Models[model])), overwrite: true);

    private JsonDocument Results() => JsonDocument.Parse(File.ReadAllText(Path.Combine(shell.Folder, "out", "results.json")));

    [Fact]
    public async Task A_watch_ends_with_0_at_the_checkpoint_that_settles_the_run()
    {
        var watch = WatchAsync("--out", Path.Combine(shell.Folder, "out"));
        for (var model = 0; model < Models.Length && !watch.IsCompleted; model++)
        {
            Put(model);
            await UntilAsync(() => watch.IsCompleted || shell.Error.Contains($"(epoch {model}):", StringComparison.Ordinal));
        }
        Assert.Equal(0, await watch);
        Assert.Contains("ckpt_005.onnx (epoch 5): E 0, 106 of 106 nodes alive; settled\n", shell.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("ckpt_006", shell.Error, StringComparison.Ordinal);
        Assert.Contains("verdict: settled, since epoch 0", shell.Output, StringComparison.Ordinal);
        using var results = Results();
        Assert.Equal(6, results.RootElement.GetProperty("checkpoints").GetArrayLength());
        Assert.True(File.Exists(Path.Combine(shell.Folder, "out", "report.html")));
    }

    [Fact]
    public async Task What_a_watch_finds_is_what_an_analysis_of_the_same_files_finds()
    {
        for (var model = 0; model < 6; model++)
            Put(model);
        Assert.Equal(0, await WatchAsync("--quiet", "--format", "json"));
        using var other = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await other.RunAsync(run, "--quiet", "--format", "json", "--data", "random", "--samples", "32",
            "--threshold", "-1000"));
        Assert.Equal(other.Output, shell.Output);
    }

    [Theory]
    [InlineData("--until", "leveling_off", 0)]
    [InlineData("--until", "diverged", 3, "--fail-on", "alive_share == 1")]
    [InlineData("--fail-on", "alive.change > 100", 0)]
    public async Task The_goal_and_gates_decide(string option, string value, int code, params string[] more)
    {
        for (var model = 0; model < 6; model++)
            Put(model);
        Assert.Equal(code, await WatchAsync([option, value, .. more]));
        Assert.Equal(code == 3, shell.Error.Contains("gate: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_diverges_ends_the_watch_with_3()
    {
        Put(0);
        File.WriteAllBytes(Path.Combine(run, "ckpt_001.onnx"), Edited(1, Poison));
        Assert.Equal(3, await WatchAsync());
        Assert.Contains("verdict: diverged, since epoch 1", shell.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_its_time_a_watch_says_where_the_run_stands()
    {
        Put(0);
        File.WriteAllBytes(Path.Combine(run, "half.onnx"), File.ReadAllBytes(Models[1])[..3000]);
        var watch = WatchAsync("--timeout", "2h");
        await UntilAsync(() => shell.Error.Contains("(epoch 0)", StringComparison.Ordinal)
            && shell.Error.Contains("half.onnx", StringComparison.Ordinal));
        shell.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await watch);
        Assert.Contains($"error: {run}: the verdict after 7200 s is 'cannot tell', not 'settled'; ", shell.Error,
            StringComparison.Ordinal);
        Assert.Matches(@"warning: .*half\.onnx: is truncated.*; it is not in the result\n", shell.Error);
    }

    [Fact]
    public async Task A_checkpoint_that_comes_late_or_again_takes_its_place()
    {
        Put(0);
        Put(2);
        var watch = WatchAsync("--out", Path.Combine(shell.Folder, "out"));
        await UntilAsync(() => shell.Error.Contains("(epoch 2)", StringComparison.Ordinal));
        Put(1);
        await UntilAsync(() => shell.Error.Contains("(epoch 1)", StringComparison.Ordinal));
        Put(3, "ckpt_000.onnx");
        await UntilAsync(() => shell.Error.Contains("was written again", StringComparison.Ordinal));
        Put(4);
        Put(5);
        Put(6);
        Assert.Equal(0, await watch);
        using var results = Results();
        Assert.Equal([1, 2, 3, 4, 5, 6], results.RootElement.GetProperty("checkpoints").EnumerateArray()
            .Select(checkpoint => checkpoint.GetProperty("epoch").GetInt32()));
    }

    [Fact]
    public async Task What_was_taken_away_does_not_start_the_series_again_and_again()
    {
        Put(0);
        Put(1);
        var watch = WatchAsync();
        await UntilAsync(() => shell.Error.Contains("(epoch 1)", StringComparison.Ordinal));
        File.Delete(Path.Combine(run, Path.GetFileName(Models[0])));
        // Written again, it takes the one that is gone out of the series.
        Put(2, Path.GetFileName(Models[1]));
        await UntilAsync(() => shell.Error.Contains("(epoch 2)", StringComparison.Ordinal));
        for (var model = 3; model < 8; model++)
        {
            Put(model);
            await UntilAsync(() => watch.IsCompleted
                || shell.Error.Contains($"(epoch {model}):", StringComparison.Ordinal));
        }
        Assert.Equal(0, await watch);
        Assert.Equal(2, shell.Error.Split("(epoch 2)").Length);
    }

    [Fact]
    public async Task A_checkpoint_that_cannot_be_analyzed_is_named_and_makes_it_4()
    {
        for (var model = 0; model < 6; model++)
            Put(model);
        File.WriteAllBytes(Path.Combine(run, "odd.onnx"), Edited(0, model => model.Graph.Node.Clear()));
        Assert.Equal(4, await WatchAsync());
        Assert.Matches(@"error: .*odd\.onnx: ", shell.Error);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_watch_of_a_directory_that_is_not_there()
    {
        using var end = new CancellationTokenSource();
        var watch = shell.RunAsync(end.Token, "watch", Path.Combine(shell.Folder, "none"), "--every", "0.01");
        await UntilAsync(() => shell.Error.Contains("nothing there yet", StringComparison.Ordinal));
        await end.CancelAsync();
        Assert.Equal(130, await watch);
    }

    [Fact]
    public async Task A_file_is_no_directory_to_watch()
    {
        Assert.Equal(2, await shell.RunAsync("watch", Models[0]));
        Assert.Equal($"error: {Models[0]}: is a file; name the directory that training writes into, or a pattern\n", shell.Error);
    }

    private static byte[] Edited(int model, Action<ModelProto> edit)
    {
        var edited = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Models[model]));
        edit(edited);
        return edited.ToByteArray();
    }

    private static void Poison(ModelProto model)
    {
        var weights = model.Graph.Initializer.First(tensor => tensor.Dims.Count == 2);
        var bytes = weights.RawData.ToByteArray();
        BitConverter.TryWriteBytes(bytes, float.NaN);
        weights.RawData = ByteString.CopyFrom(bytes);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var tries = 0; !holds(); tries++)
        {
            Assert.True(tries < 6000, "nothing happened for a minute");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
