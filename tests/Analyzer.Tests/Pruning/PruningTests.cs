using Emergence.Analyzer.Graphs;
using Emergence.Analyzer.Pruning;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>What tests of pruning share: a folder to save models in, and to run them from.</summary>
public abstract class PruningTests : IDisposable
{
    private protected TemporaryFolder Folder { get; } = new();

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Saves a model and opens it as a user's file is.</summary>
    protected Checkpoint Open(ModelProto model)
    {
        var path = Folder.Path("model.onnx");
        ModelFile.Save(model, path);
        return Checkpoint.Open(path);
    }

    protected StoredTensors Stored(PrunedModel pruned)
    {
        ArgumentNullException.ThrowIfNull(pruned);
        return new StoredTensors(pruned.Model, Folder.Root);
    }

    /// <summary>What the runtime computes with two prunings of a model is the same, and no NaN.</summary>
    protected void AssertSame(Checkpoint checkpoint, PruneOptions first, PruneOptions second)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var inputs = LayerTracer.Trace(checkpoint, new TraceOptions()).Inputs;
        var outputs = new[] { first, second }.Select((options, i) =>
        {
            var path = Folder.Path($"pruned-{i}.onnx");
            PrunedFile.Save(Pruner.Prune(checkpoint, options).Model, checkpoint.Directory, path);
            return ModelRun.Outputs(path, inputs);
        }).ToArray();
        Assert.DoesNotContain(double.NaN, outputs[0]);
        Assert.InRange(ModelRun.Difference(outputs[0], outputs[1]), 0, 1e-5);
    }
}
