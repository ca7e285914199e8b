using Emergence.Checkpoints;
using Emergence.Trainer.Experiments.Steps;
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
    [InlineData("vit")]
    public void What_was_written_is_read_back(string kind)
    {
        var architecture = kind switch
        {
            "mlp" => Architecture.Mlp([1, 28, 28], [9, 8], Activation.Sigmoid, 10),
            "vit" => Architecture.Vit([1, 28, 28], new TransformerSizes(7, 12, 2, 3), Activation.Gelu, 10),
            _ => Architecture.LeNet([1, 28, 28], Activation.Tanh, 10),
        };
        using var network = Network.Initialize(architecture, 1);
        var model = OnnxExport.ToModel(network, new CheckpointMetadata { Network = kind });

        using var again = OnnxImport.ToNetwork(Save(model));

        Assert.Equal(architecture.Layers.Select(layer => layer.Name), again.Architecture.Layers.Select(layer => layer.Name));
        Assert.Equal(architecture.Weighted, again.Architecture.Weighted);
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
            $"{Path.Combine(workspace.Root, "m.onnx")}: node 'relu1' (Elu) is none that can be trained here; give a "
            + "checkpoint that emergence-train has written",
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

    [Theory]
    [InlineData("weights")]
    [InlineData("nodes")]
    public async Task A_pruned_transformer_is_trained_on(string structure)
    {
        string[] network = ["--network", "vit", "--patch", "7", "--width", "12", "--depth", "2", "--heads", "3"];
        Assert.Equal(0, workspace.Train("whole", [.. network, "--epochs", "0"]).Code);
        var (path, pruned) = (Path.Combine(workspace.Folder("whole"), "ckpt_000.onnx"), workspace.Folder("pruned.onnx"));
        var analyzer = await AnalyzerProgram.FindAsync(null, CancellationToken.None);
        string[] shrink = structure == "nodes" ? ["--shrink"] : [];
        await analyzer.RunAsync(
            ["prune", path, "--structure", structure, "--amount", "0.5", "--scope", "layer", "--keep-output", .. shrink,
                "--data-dir", workspace.Data, "--out", pruned], CancellationToken.None);

        Assert.Equal(0, workspace.Train("on", "--from", pruned, "--epochs", "1").Code);

        var trained = Checkpoint.Open(Path.Combine(workspace.Folder("on"), "ckpt_001.onnx")).Model.Graph.Initializer;
        foreach (var stored in Checkpoint.Open(pruned).Model.Graph.Initializer.Where(tensor => tensor.Name.EndsWith(".weight",
            StringComparison.Ordinal)))
        {
            var after = trained.Single(tensor => tensor.Name == stored.Name);
            Assert.Equal(stored.Dims, after.Dims);
            Assert.All(TensorValues.ToFloats(stored, null).Zip(TensorValues.ToFloats(after, null)),
                pair => Assert.Equal(pair.First == 0, pair.Second == 0));
        }
        var removed = trained.Single(tensor => tensor.Name == "block1.fc1.weight");
        Assert.Equal(structure == "nodes" ? [12, 24] : [12L, 48], removed.Dims);
    }

    [Theory]
    [InlineData("block1.attention.softmax", "Sigmoid", "node 'block1.attention.scaled' (Mul) is not followed by one Softmax")]
    [InlineData("block1.gelu.erf", "Tanh", "node 'block1.gelu.div' (Div) is not followed by one Erf")]
    [InlineData("block1.attention.query", "Identity",
        "node 'block1.attention.query.heads' (Reshape) is not followed by one Transpose")]
    [InlineData("block1.norm1", "Softplus", "node 'block1.norm1' (Softplus) is none that can be trained here")]
    public void A_transformer_of_another_kind_is_refused_by_name(string node, string op, string finding)
    {
        var model = Transformer();
        model.Graph.Node.Single(part => part.Name == node).OpType = op;
        Assert.Contains(finding, Refusal(model), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("block1.attention.key", "block1.attention", "is not the end of a self-attention")]
    [InlineData("block1.attention.value", "block1.attention", "is not the end of a self-attention")]
    [InlineData("block1.attention.back", "block1.attention", "is not the end of a self-attention")]
    [InlineData("tokens", "tokens.flat", "does not make a token of each position")]
    public void Axes_in_another_order_are_refused(string node, string named, string finding)
    {
        var model = Transformer();
        var order = model.Graph.Node.Single(part => part.Name == node).Attribute.Single().Ints;
        (order[0], order[1]) = (order[1], order[0]);
        var refusal = Refusal(model);
        Assert.Contains($"'{named}'", refusal, StringComparison.Ordinal);
        Assert.Contains(finding, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("block1.gelu.by2")]
    [InlineData("block1.gelu.one")]
    [InlineData("block1.gelu.sqrt2")]
    public void Another_function_of_the_form_of_gelu_is_refused(string constant)
    {
        var model = Transformer();
        var stored = model.Graph.Initializer.Single(tensor => tensor.Name == constant);
        model.Graph.Initializer[model.Graph.Initializer.IndexOf(stored)] = TensorValues.FromFloats(constant, [], [0.75f]);
        Assert.Contains("node 'block1.gelu' (Mul) is not the end of a GELU", Refusal(model), StringComparison.Ordinal);
    }

    private static ModelProto Transformer()
    {
        using var network = Network.Initialize(
            Architecture.Vit([1, 8, 8], new TransformerSizes(4, 6, 1, 2), Activation.Gelu, 4), 2);
        return OnnxExport.ToModel(network, new CheckpointMetadata());
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
