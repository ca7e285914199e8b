using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Tracing;
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

    /// <summary>Three dense layers, the first two with one bias; of the first the first unit is the weaker,
    /// of the second the second.</summary>
    private protected static GraphBuilder SharedBias()
    {
        var graph = new GraphBuilder("shared");
        var x = graph.Input("x", TensorProto.Types.DataType.Float, "N", 2);
        graph.Initializer("w1", [2, 2], [1f, 5f, 1f, 5f]);
        graph.Initializer("w2", [2, 2], [5f, 1f, 5f, 1f]);
        graph.Initializer("w3", [2, 1], [1f, 1f]);
        graph.Initializer("b", [2], [7f, 8f]);
        graph.AddNode("first", "Gemm", [x, "w1", "b"], ["a"]);
        graph.AddNode("second", "Gemm", ["a", "w2", "b"], ["c"]);
        graph.AddNode("third", "MatMul", ["c", "w3"], ["y"]);
        graph.Output("y", TensorProto.Types.DataType.Float, "N", 1);
        return graph;
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
