using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Pruning;
using Onnx;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>What is written has been run: a layer that breaks the network is left alone, and named.</summary>
public sealed class VerifiedPruningTests : PruningTests
{
    private static readonly PruneOptions Half =
        new() { Amount = 0.5, Structure = PruneStructure.Nodes, Scope = PruneScope.Layer, KeepOutput = true };

    private PrunedModel Verified(ModelProto model, PruneOptions options) =>
        new VerifiedPruner(Open(model), new ProbeOptions(),
            new CheckpointRun(new RunLimits(), null, TestContext.Current.CancellationToken)).Prune(options);

    [Fact]
    public void a_layer_whose_removed_nodes_make_nan_further_on_is_left_alone()
    {
        // The rows of h meet as positions in the second product: what the analysis does not follow, a run shows.
        var model = Normalized();
        Assert.Empty(
            Pruner.Prune(Open(model),
            Half).Diagnostics.Where(diagnostic => diagnostic.Message.Contains("finite", StringComparison.Ordinal)));
        var pruned = Verified(model, Half);
        Assert.Contains(
            Diagnostic.Warning("h", "pruned, its output is not finite where that of the original is: no node of it is removed"),
            pruned.Diagnostics);
        Assert.Equal(0, pruned.Layers.Single(layer => layer.Name == "h").UnitsRemoved);
        Assert.Equal(4, pruned.Layers.Single(layer => layer.Name == "g").UnitsRemoved);
    }

    [Fact]
    public void weights_whose_zeros_make_nan_are_left_alone()
    {
        // A weight that is divided by the norm of its rows: a row of zeros is 0/0.
        var model = new TinyModel(17)
            .Input("x", [1, 3])
            .Initializer("v", [4, 3], [1, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9])
            .Node("ReduceL2", "v", "n", Ints("axes", 1))
            .Node("Div", "v n", "w")
            .Node("Transpose", "w", "t")
            .Node("MatMul", "x t", "h")
                .Weight("u", 4, 4)
                .Node("MatMul", "h u", "g")
                .Weight("o", 4, 2)
                .Node("MatMul", "g o", "y")
                .Output("y", [1, 2]);
        var options = new PruneOptions { Amount = 0.25, Scope = PruneScope.Layer };
        var pruned = Verified(model.Proto, options);
        Assert.Contains(pruned.Diagnostics,
            diagnostic =>
            diagnostic.Subject == "h" && diagnostic.Message.EndsWith("no weight of it is pruned", StringComparison.Ordinal));
        Assert.Equal(0, pruned.Layers[0].Zeros);
        Assert.Equal(4, pruned.Layers[1].Zeros);
    }

    [Fact]
    public async Task what_is_not_to_be_run_is_not_run()
    {
        using var shell = new Shell();
        var path = Path.Combine(shell.Folder, "net.onnx");
        ModelFile.Save(Normalized(), path);
        string[] call = ["prune", path, "--structure", "nodes", "--amount", "0.5", "--scope", "layer", "--keep-output",
            "--format", "csv", "--out", Path.Combine(shell.Folder, "o.onnx")];
        Assert.Equal(0, await shell.RunAsync(call));
        Assert.Contains("h: pruned, its output is not finite where that of the original is: no node of it is removed",
            shell.Error, StringComparison.Ordinal);
        using var other = new Shell();
        Assert.Equal(0, await other.RunAsync([.. call, "--no-verify"]));
        Assert.Empty(other.Error);
    }

    [Fact]
    public async Task options_that_do_not_fit_one_model_of_several_are_its_failure()
    {
        using var shell = new Shell();
        string In(string name) => Path.Combine(shell.Folder, name);
        ModelFile.Save(new TinyModel(17)
            .Input("x", [1, 3])
            .Weight("w", 3, 2)
            .Node("MatMul", "x w", "y")
            .Output("y", [1, 2]).Proto, In("b.onnx"));
        foreach (var name in (string[])["a.onnx", "c.onnx"])
            ModelFile.Save(new TinyModel(17)
                .Input("x", [1, 3])
                .Weight("w", 3, 4)
                .Node("MatMul", "x w", "h")
                .Weight("v", 4, 2)
                .Node("MatMul", "h v", "y")
                .Output("y", [1, 2]).Proto, In(name));
        Assert.Equal(4,
            await shell.RunAsync("prune", In("a.onnx"), In("b.onnx"), In("c.onnx"), "--structure", "nodes", "--amount", "0.5",
            "--keep-output", "--out", In("out")));
        Assert.Equal($"error: {In("b.onnx")}: --keep-output: leaves no layer to prune; leave it out\n", shell.Error);
        Assert.Equal(["a.pruned-50.onnx", "c.pruned-50.onnx"],
            Directory.GetFiles(In("out")).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal));
        Assert.Contains("c.pruned-50.onnx", shell.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void scores_of_the_network_before_are_dropped_where_weights_change()
    {
        var model = new TinyModel(17)
            .Input("x", [1, 3])
            .Weight("w", 3, 4)
            .Node("MatMul", "x w", "h")
            .Weight("v", 4, 2)
            .Node("MatMul", "h v", "y")
            .Output("y", [1, 2]).Proto;
        new CheckpointMetadata { Epoch = 3, TestAccuracy = 0.8, TrainLoss = 0.5 }.WriteTo(model);
        foreach (var options in (PruneOptions[])[Half, new() { Amount = 0.5 }])
            Assert.Equal((3, null, null), Scores(Pruner.Prune(Open(model), options).Model));
        Assert.Equal((3, 0.8, 0.5), Scores(Pruner.Prune(Open(model), new PruneOptions { Amount = 0 }).Model));
        static (int?, double?, double?) Scores(ModelProto pruned) =>
            CheckpointMetadata.Read(pruned) is var metadata
                ? (metadata.Epoch, metadata.TestAccuracy, metadata.TrainLoss)
                : default;
    }

    /// <summary>Eight rows of features, each divided by its largest, over which another product sums.</summary>
    private static ModelProto Normalized()
    {
        var model = new TinyModel(17)
            .Input("x", [1, 3])
            .Weight("w", 3, 8)
            .Node("MatMul", "x w", "h")
            .Longs("column", 1, 8, 1)
            .Node("Reshape", "h column", "c")
            .Weight("q", 1, 4)
            .Node("MatMul", "c q", "d")
            .Node("ReduceL2", "d", "n", Ints("axes", 2))
                .Node("Div", "d n", "e")
                .Longs("row", 1, 32)
                .Node("Reshape", "e row", "f")
                .Weight("v", 32, 8)
                .Node("MatMul", "f v", "g")
                .Weight("o", 8, 2)
                .Node("MatMul", "g o", "y")
                .Output("y", [1, 2]);
        return model.Proto;
    }

    private static AttributeProto Ints(string name, params long[] values) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } };
}
