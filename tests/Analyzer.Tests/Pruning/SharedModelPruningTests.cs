using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Every foreign model that runs is pruned exactly, runs on, and is otherwise as it was.</summary>
public sealed class SharedModelPruningTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.7)]
    public void weights_of_every_model_are_pruned_exactly_and_nothing_else_is_touched(double amount)
    {
        foreach (var file in ModelRun.RunnableModels())
        {
            var checkpoint = Checkpoint.Open(file);
            var before = LayerTracer.Trace(checkpoint, new TraceOptions());
            var pruned = Pruner.Prune(checkpoint, new PruneOptions { Amount = amount });
            var output = Save(pruned, checkpoint, "pruned.onnx");

            var weights = WeightsOf(before);
            var wanted = Math.Max((long)Math.Round((decimal)amount * weights.Sum(weight => weight.Count)),
                weights.Sum(weight => weight.Count - weight.Nonzero));
            Assert.Equal(wanted, pruned.Zeros);
            var after = WeightsOf(LayerTracer.Trace(Checkpoint.Open(output), new TraceOptions()));
            Assert.Equal(weights.Select(weight => (weight.Tensor, weight.Count)),
                after.Select(weight => (weight.Tensor, weight.Count)));
            Assert.Equal(wanted, after.Sum(weight => weight.Count - weight.Nonzero));

            Assert.NotEmpty(ModelRun.Outputs(output, before.Inputs));
            AssertOnlyWeightsDiffer(file, output, [.. weights.Select(weight => weight.Tensor)]);
            Assert.Equal(File.ReadAllBytes(output),
                ModelFile.Serialize(Pruner.Prune(Checkpoint.Open(file), new PruneOptions { Amount = amount }).Model));
        }
    }

    [Fact]
    public void an_amount_of_zero_changes_nothing_but_the_record()
    {
        foreach (var file in ModelRun.RunnableModels())
        {
            var checkpoint = Checkpoint.Open(file);
            var output = Save(Pruner.Prune(checkpoint, new PruneOptions { Amount = 0 }), checkpoint, "same.onnx");
            AssertOnlyWeightsDiffer(file, output, []);
        }
    }

    [Fact]
    public void each_layer_is_pruned_to_one_weight()
    {
        foreach (var file in ModelRun.RunnableModels().Where(file => file.Contains("mnist", StringComparison.Ordinal)))
        {
            var pruned = Pruner.Prune(Checkpoint.Open(file), new PruneOptions { Amount = 0.37, Scope = PruneScope.Layer });
            Assert.All(pruned.Layers, layer => Assert.Equal((long)Math.Round(0.37m * layer.Weights), layer.Zeros));
        }
    }

    private string Save(PrunedModel pruned, Checkpoint checkpoint, string name)
    {
        var path = folder.Path(Guid.NewGuid().ToString("N"), name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        return path;
    }

    private static LayerParameter[] WeightsOf(LayerGraph graph) =>
        [.. graph.Layers.SelectMany(layer => layer.Parameters)
            .Where(parameter => parameter.Role == ParameterRole.Weight)
            .DistinctBy(parameter => parameter.Tensor)];

    /// <summary>Compares two files field by field with a reader that knows neither protobuf nor our schema.</summary>
    private static void AssertOnlyWeightsDiffer(string before, string after, HashSet<string> weights)
    {
        var model = ModelFile.Read(before);
        // Where the weights stand: Model.graph(7).initializer(5), .sparse(15) or .node(1).
        string[] allowed =
        [
            "Model.14[",
            .. model.Graph.Initializer.Index()
                .Where(entry => weights.Contains(entry.Item.Name))
                .Select(entry => $"Model.7[0].5[{entry.Index}]."),
            .. model.Graph.Node.Index()
                .Where(entry => entry.Item.OpType == "Constant" && entry.Item.Output.Any(weights.Contains))
                .Select(entry => $"Model.7[0].1[{entry.Index}].5["),
        ];
        (string Path, string Value)[] Rest(string file) =>
            [.. WireReader.Read(File.ReadAllBytes(file))
                .Where(field => !allowed.Any(prefix => field.Path.StartsWith(prefix, StringComparison.Ordinal)))];
        Assert.Equal(Rest(before), Rest(after));
        // Of the weights themselves only the numbers change, never name, type or shape.
        (string, string)[] Frame(string file) =>
        [
            .. WireReader.Read(File.ReadAllBytes(file)).Where(field => allowed.Skip(1).Any(prefix =>
                field.Path.StartsWith(prefix, StringComparison.Ordinal)
                    && (field.Path.StartsWith(prefix + "1[", StringComparison.Ordinal)
                    || field.Path.StartsWith(prefix + "2[", StringComparison.Ordinal)
                    || field.Path.StartsWith(prefix + "8[", StringComparison.Ordinal)))),
        ];
        Assert.Equal(Frame(before), Frame(after));
        // Metadata: what was there, and one entry of ours.
        var entries = ModelFile.Read(after).MetadataProps;
        Assert.Equal(model.MetadataProps, entries.Take(model.MetadataProps.Count));
        Assert.Equal(PruningRecord.Key, Assert.Single(entries.Skip(model.MetadataProps.Count)).Key);
    }
}
