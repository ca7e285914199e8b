using System.Text.Json;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Pruning;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>What ranks candidates, beyond their magnitude.</summary>
public sealed class ImportanceTests : IDisposable
{
    private readonly Shell shell = new();

    public void Dispose() => shell.Dispose();

    private string In(string name) => Path.Combine(shell.Folder, name);

    /// <summary>Inputs in [0, 1): of four units the second, the largest, is never above zero, and the third hardly.</summary>
    private string Model()
    {
        var model = new TinyModel(17).Input("x", [null, 2])
            .Initializer("w", [2, 4], [1, -9, 0.01, 2, 1, -9, 0.01, 2]).Node("MatMul", "x w", "h").Node("Relu", "h", "r")
            .Initializer("v", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]).Node("MatMul", "r v", "y").Output("y", [null, 2]).Proto;
        model.Graph.Node[0].Name = "first";
        model.Graph.Node[2].Name = "last";
        ModelFile.Save(model, In("net.onnx"));
        return In("net.onnx");
    }

    private static bool[] RemovedIn(string path)
    {
        var weights = new StoredTensors(ModelFile.Read(path), null).Doubles("w");
        return [.. Enumerable.Range(0, 4).Select(unit => weights[unit] == 0)];
    }

    [Fact]
    public async Task nodes_of_least_activity_go_first()
    {
        var model = Model();
        string[] call = ["prune", model, "--structure", "nodes", "--amount", "0.25", "--keep-output"];
        Assert.Equal(0, await shell.RunAsync([.. call, "--out", In("l2.onnx")]));
        Assert.Equal([false, false, true, false], RemovedIn(In("l2.onnx")));
        Assert.Equal(0, await shell.RunAsync([.. call, "--out", In("a.onnx"), "--importance", "activation", "--samples", "64"]));
        Assert.Equal([false, true, false, false], RemovedIn(In("a.onnx")));
        Assert.Equal("activation", PruningRecord.ReadAll(ModelFile.Read(In("a.onnx"))).Single().Norm);
    }

    [Fact]
    public async Task exactly_the_dead_nodes_are_removed_and_what_that_changes_is_said()
    {
        Assert.Equal(0,
            await shell.RunAsync("prune", Model(), "--dead", "--samples", "64", "--out", In("d.onnx"), "--format", "json"));
        Assert.Equal([false, true, true, false], RemovedIn(In("d.onnx")));
        using var json = JsonDocument.Parse(shell.Output);
        var effect = json.RootElement.GetProperty("outputs")[0].GetProperty("effect");
        Assert.Equal(64, effect.GetProperty("samples").GetInt32());
        // Two dead nodes with two alive ones behind them, before and after: zeroed, they are what they were.
        Assert.Equal(("4", "4"),
            (effect.GetProperty("emergence_before").GetString(), effect.GetProperty("emergence").GetString()));
        Assert.InRange(effect.GetProperty("output_change").GetDouble(), 0, 0.01);
        using var other = new Shell();
        Assert.Equal(0,
            await other.RunAsync("prune", In("net.onnx"), "--dead", "--shrink", "--samples", "64", "--out", In("s.onnx"),
            "--quiet"));
        Assert.Contains("on 64 samples output changed by", other.Output, StringComparison.Ordinal);
        Assert.Contains("E 4 before, 0 now", other.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task weights_count_by_what_they_are_multiplied_with()
    {
        // Of the last layer, the weights that read the second unit are multiplied with nothing.
        Assert.Equal(0,
            await shell.RunAsync("prune", Model(), "--only", "last", "--amount", "0.25", "--importance", "wanda", "--samples",
            "64", "--out", In("w.onnx")));
        Assert.Equal([1, 2, 0, 0, 5, 6, 7, 8], new StoredTensors(ModelFile.Read(In("w.onnx")), null).Doubles("v"));
    }

    [Fact]
    public async Task random_numbers_rank_by_their_seed()
    {
        var model = Model();
        foreach (var structure in (string[])["weights", "nodes"])
        {
            var files = new List<byte[]>();
            foreach (var seed in (string[])["1", "1", "2", "3", "4"])
            {
                Assert.Equal(0,
                    await shell.RunAsync("prune", model, "--structure", structure, "--amount", "0.5", "--importance", "random",
                    "--seed", seed, "--out", In("r.onnx"), "--keep-output"));
                files.Add(File.ReadAllBytes(In("r.onnx")));
            }
            Assert.Equal(files[0], files[1]);
            Assert.Contains(files, file => !file.SequenceEqual(files[0]));
        }
    }

    [Theory]
    [InlineData("--dead --amount 0.5", "--amount does not go with --dead, which removes what is dead; leave out one of them")]
    [InlineData("--dead --min-keep 0.5", "--min-keep does not go with --dead, which ranks nothing; leave it out")]
    [InlineData("--amount 0.5 --importance wanda --structure nodes",
        "--importance wanda goes with --structure weights only; choose another")]
    [InlineData("--amount 0.5 --importance activation",
        "--importance activation goes with --structure nodes only; choose another")]
    [InlineData("--amount 0.5 --round-to 8", "--round-to goes with --structure nodes only; leave it out")]
    public async Task what_does_not_go_together_is_said(string options, string message)
    {
        Assert.Equal(2, await shell.RunAsync(["prune", Model(), .. options.Split(' '), "--out", In("o.onnx")]));
        Assert.Equal($"error: {message}\n", shell.Error);
    }

    [Fact]
    public void layers_keep_multiples_where_asked_for()
    {
        var model = new TinyModel(17)
            .Input("x", [1, 3])
            .Weight("w", 3, 30)
            .Node("MatMul", "x w", "h")
            .Weight("v", 30, 20)
            .Node("MatMul", "h v", "g")
            .Weight("u", 20, 2)
            .Node("MatMul", "g u", "y")
            .Output("y", [1, 2]).Proto;
        ModelFile.Save(model, In("r.onnx"));
        foreach (var scope in Enum.GetValues<PruneScope>())
        {
            var pruned = Pruner.Prune(Checkpoint.Open(In("r.onnx")),
                new PruneOptions
                {
                    Amount = 0.5,
                    Structure = PruneStructure.Nodes,
                    Scope = scope,
                    RoundTo = 8,
                    KeepOutput = true
                });
            Assert.Equal([0, 0], pruned.Layers.Take(2).Select(layer => (layer.Units - layer.UnitsRemoved) % 8));
            Assert.True(pruned.Layers.Sum(layer => layer.UnitsRemoved) >= 16);
        }
    }
}
