using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Pruning;

public sealed class PruningRecordTests
{
    private static readonly PruningRecord Weights = new()
    {
        Structure = "weights",
        Amount = 0.3,
        Of = "total",
        Scope = "global",
        Candidates = 1000,
        Pruned = 300,
        Tensors = ["w \"1\"", "β"],
    };

    [Fact]
    public void a_history_is_read_back_as_it_was_written()
    {
        var model = new ModelProto { MetadataProps = { new StringStringEntryProto { Key = "other", Value = "kept" } } };
        var nodes = Weights with
        {
            Structure = "nodes",
            Norm = "l1",
            Shrink = true,
            Of = "remaining",
            Scope = "layer",
            Tensors = []
        };
        Weights.AppendTo(model);
        nodes.AppendTo(model);

        var history = PruningRecord.ReadAll(model);
        Assert.Equal(2, history.Length);
        Assert.Equal(Weights.Tensors, history[0].Tensors);
        Assert.Equal(Weights with { Tensors = [] }, history[0] with { Tensors = [] });
        Assert.Equal(nodes, history[1] with { Tensors = [] });
        Assert.Equal(0.3, history[0].Sparsity);
        Assert.Equal(["other", "emergence.pruned"], model.MetadataProps.Select(entry => entry.Key));
        Assert.Equal("kept", model.MetadataProps[0].Value);
    }

    [Fact]
    public void a_model_never_pruned_has_no_history() => Assert.Empty(PruningRecord.ReadAll(new ModelProto()));

    [Theory]
    [InlineData("30 %")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("[{\"structure\":\"weights\"}]")]
    public void what_is_no_history_is_refused(string text)
    {
        var model = new ModelProto { MetadataProps = { new StringStringEntryProto { Key = PruningRecord.Key, Value = text } } };
        var error = Assert.Throws<UserException>(() => PruningRecord.ReadAll(model));
        Assert.StartsWith("metadata 'emergence.pruned': is no record of pruning", error.Message, StringComparison.Ordinal);
    }
}
