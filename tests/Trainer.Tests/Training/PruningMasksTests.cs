using Emergence.Checkpoints;

namespace Emergence.Trainer.Tests.Training;

/// <summary>Going on from a pruned checkpoint.</summary>
public sealed class PruningMasksTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("sgd", "0.9")]
    [InlineData("adam", null)]
    public void What_was_pruned_stays_zero_and_the_rest_learns(string optimizer, string? momentum)
    {
        var before = Pruned(optimizer, momentum);
        Assert.Equal(0, workspace.Train("on", "--from", workspace.Folder("pruned.onnx"), "--epochs", "2").Code);
        var after = Checkpoint.Open(Path.Combine(workspace.Folder("on"), "ckpt_003.onnx"));
        var weights = Weights(after);
        Assert.All(before.Zip(weights), pair => Assert.Equal(pair.First == 0, pair.Second == 0));
        Assert.True(before.Zip(weights).Count(pair => pair.First != pair.Second) > before.Length / 4);
        // Who goes on from there keeps them, too.
        Assert.Equal("weights", Assert.Single(PruningRecord.ReadAll(after.Model)).Structure);
    }

    [Fact]
    public void What_was_pruned_grows_back_where_it_is_wanted()
    {
        var before = Pruned("sgd", null);
        Assert.Equal(0, workspace.Train("on", "--from", workspace.Folder("pruned.onnx"), "--epochs", "1", "--regrow").Code);
        var after = Checkpoint.Open(Path.Combine(workspace.Folder("on"), "ckpt_002.onnx"));
        Assert.True(Weights(after).Count(weight => weight == 0) < before.Count(weight => weight == 0) / 2);
        Assert.Empty(PruningRecord.ReadAll(after.Model));
    }

    [Fact]
    public void Regrow_without_from_is_wrong_usage()
    {
        var run = workspace.Train("out", "--regrow");
        Assert.Equal((2, "error: --regrow: belongs to --from; leave it out\n"), (run.Code, run.Error));
    }

    /// <summary>Trains an epoch and sets every other weight of the first layer to zero; the weights then.</summary>
    private float[] Pruned(string optimizer, string? momentum)
    {
        string[] options = ["--epochs", "1", "--hidden", "8", "--optimizer", optimizer,
            .. momentum is null ? [] : new[] { "--momentum", momentum }];
        Assert.Equal(0, workspace.Train("first", options).Code);
        var checkpoint = Checkpoint.Open(Path.Combine(workspace.Folder("first"), "ckpt_001.onnx"));
        var model = checkpoint.Model.Clone();
        var index = model.Graph.Initializer.ToList().FindIndex(IsFirstWeight);
        var values = TensorValues.ToFloats(model.Graph.Initializer[index], null);
        for (var i = 0; i < values.Length; i += 2)
            values[i] = 0;
        var weight = model.Graph.Initializer[index];
        model.Graph.Initializer[index] = TensorValues.FromFloats(weight.Name, [.. weight.Dims], values);
        new PruningRecord
        {
            Structure = "weights",
            Amount = 0.5,
            Of = "total",
            Scope = "global",
            Candidates = values.Length,
            Pruned = values.Length / 2,
            Tensors = [weight.Name]
        }.AppendTo(model);
        ModelFile.Save(model, workspace.Folder("pruned.onnx"));
        return values;
    }

    private static bool IsFirstWeight(Onnx.TensorProto tensor) => tensor.Dims.Count == 2 && tensor.Dims.Contains(784);

    private static float[] Weights(Checkpoint checkpoint) =>
        TensorValues.ToFloats(checkpoint.Model.Graph.Initializer.Single(IsFirstWeight), null);
}
