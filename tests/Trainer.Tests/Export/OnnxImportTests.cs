using Emergence.Checkpoints;
using Emergence.Trainer.Export;
using Emergence.Trainer.Networks;
using Onnx;

namespace Emergence.Trainer.Tests.Export;

public sealed class OnnxImportTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("mlp")]
    [InlineData("lenet")]
    public void What_was_written_is_read_back(string kind)
    {
        var architecture = kind == "mlp"
            ? Architecture.Mlp([1, 28, 28], [9, 8], Activation.Sigmoid, 10)
            : Architecture.LeNet([1, 28, 28], Activation.Tanh, 10);
        using var network = Network.Initialize(architecture, 1);
        var model = OnnxExport.ToModel(network, new CheckpointMetadata { Network = kind });

        using var again = OnnxImport.ToNetwork(Save(model));

        Assert.Equal(architecture.Layers, again.Architecture.Layers);
        Assert.Equal(kind, again.Architecture.Kind);
        Assert.Equal(ModelFile.Serialize(model),
            ModelFile.Serialize(OnnxExport.ToModel(again, new CheckpointMetadata { Network = kind })));
    }

    [Fact]
    public void A_weight_stored_the_other_way_round_and_a_missing_bias_are_understood()
    {
        using var network = Network.Initialize(Architecture.Mlp([1, 2, 3], [], Activation.Relu, 4), 2);
        var model = OnnxExport.ToModel(network, new CheckpointMetadata());
        var gemm = model.Graph.Node.Single(node => node.OpType == "Gemm");
        gemm.Attribute.Clear();
        gemm.Input.RemoveAt(2);
        var weight = TensorValues.ToFloats(model.Graph.Initializer[0], null);
        var turned = Enumerable.Range(0, 24).Select(i => weight[i % 4 * 6 + i / 4]).ToArray();
        model.Graph.Initializer[0] = TensorValues.FromFloats("fc1.weight", [6, 4], turned);

        using var again = OnnxImport.ToNetwork(Save(model));

        var layer = Assert.Single(again.Architecture.Layers.OfType<DenseLayer>());
        Assert.Equal(weight, again.Weight(layer).data<float>().ToArray());
        Assert.Equal(new float[4], again.Bias(layer).data<float>().ToArray());
    }

    [Fact]
    public void A_node_that_cannot_be_trained_is_named()
    {
        var model = Mlp();
        model.Graph.Node[2].OpType = "Elu";
        Assert.Equal(
            $"{Path.Combine(workspace.Root, "m.onnx")}: node 'relu1' (Elu) is none that can be trained here; --from goes on "
            + "with the checkpoints that this program writes",
            Refusal(model));
    }

    [Fact]
    public void A_branch_a_circle_and_a_computed_weight_are_refused()
    {
        var branch = Mlp();
        branch.Graph.Node.Add(branch.Graph.Node[2].Clone());
        Assert.Contains("'fc1.out' is read by 2 nodes instead of one in a chain", Refusal(branch), StringComparison.Ordinal);

        var circle = Mlp();
        circle.Graph.Node[^1].Output[0] = "input";
        Assert.Contains("is a circle", Refusal(circle), StringComparison.Ordinal);

        var computed = Mlp();
        computed.Graph.Node[1].Input[1] = "elsewhere";
        Assert.Contains("node 'fc1' (Gemm) has a weight that is computed, not stored", Refusal(computed),
            StringComparison.Ordinal);
    }

    private static ModelProto Mlp()
    {
        using var network = Network.Initialize(Architecture.Mlp([1, 2, 3], [5], Activation.Relu, 4), 2);
        return OnnxExport.ToModel(network, new CheckpointMetadata());
    }

    private string Refusal(ModelProto model) =>
        Assert.Throws<UserException>(() => OnnxImport.ToNetwork(Save(model))).Message;

    private Checkpoint Save(ModelProto model)
    {
        var path = Path.Combine(workspace.Root, "m.onnx");
        ModelFile.Save(model, path);
        return Checkpoint.Open(path);
    }
}
