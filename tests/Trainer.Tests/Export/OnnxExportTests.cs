using Emergence.Checkpoints;
using Emergence.Trainer.Export;
using Emergence.Trainer.Networks;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;

namespace Emergence.Trainer.Tests.Export;

public sealed class OnnxExportTests
{
    public static TheoryData<string, string, int, int> Networks()
    {
        var data = new TheoryData<string, string, int, int>();
        foreach (var activation in Enum.GetNames<Activation>())
        {
            data.Add("mlp 128,64", activation, 1, 28);
            data.Add("mlp 7", activation, 3, 32);
            data.Add("lenet", activation, 1, 28);
            data.Add("lenet", activation, 3, 32);
            data.Add("vit", activation, 1, 28);
        }
        data.Add("vit", nameof(Activation.Gelu), 3, 32);
        data.Add("mlp none", nameof(Activation.Relu), 1, 28);
        return data;
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void OnnxRuntime_computes_what_TorchSharp_computes(string name, string activation, int channels, int side)
    {
        using var network = Network.Initialize(Create(name, Enum.Parse<Activation>(activation), channels, side), seed: 3);
        foreach (var parameter in network.Parameters)
        {
            // Initial weights give logits near 0, for which a tolerance proves little.
            using var _ = torch.no_grad();
            parameter.mul_(2);
        }
        using var input = torch.rand(5, channels, side, side, generator: new torch.Generator(11)).mul(2).sub(1);
        using var expected = network.Forward(input);

        var actual = Run(ModelFile.Serialize(OnnxExport.ToModel(network, new CheckpointMetadata())), input);

        var logits = expected.data<float>().ToArray();
        Assert.True(logits.Max() - logits.Min() > 0.1, "the logits tell nothing apart");
        Assert.Equal(logits.Length, actual.Length);
        Assert.All(logits.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void The_model_names_its_tensors_nodes_and_free_axis()
    {
        using var network = Network.Initialize(Create("mlp 7", Activation.Tanh, 1, 28), seed: 0);
        var model = OnnxExport.ToModel(network, new CheckpointMetadata { Epoch = 4, Hidden = "7" });

        Assert.Equal(8, model.IrVersion);
        Assert.Equal(17, Assert.Single(model.OpsetImport).Version);
        Assert.Equal(["flatten", "fc1", "tanh1", "fc2"], model.Graph.Node.Select(node => node.Name));
        Assert.Equal(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"], model.Graph.Initializer.Select(tensor => tensor.Name));
        var input = Assert.Single(model.Graph.Input);
        Assert.Equal("input", input.Name);
        Assert.Equal("N", input.Type.TensorType.Shape.Dim[0].DimParam);
        Assert.Equal([1, 28, 28], input.Type.TensorType.Shape.Dim.Skip(1).Select(dim => dim.DimValue));
        Assert.Equal("logits", Assert.Single(model.Graph.Output).Name);
        Assert.Equal(new CheckpointMetadata { Epoch = 4, Hidden = "7" }.Epoch, CheckpointMetadata.Read(model).Epoch);
    }

    private static Architecture Create(string name, Activation activation, int channels, int side) => name.Split(' ') switch
    {
        ["vit"] => Architecture.Vit([channels, side, side], new TransformerSizes(4, 12, 2, 3), activation, 10),
        ["lenet"] => Architecture.LeNet([channels, side, side], activation, 10),
        ["mlp", "none"] => Architecture.Mlp([channels, side, side], [], activation, 10),
        ["mlp", var hidden] => Architecture.Mlp([channels, side, side], [.. hidden.Split(',').Select(int.Parse)], activation, 10),
        _ => throw new ArgumentException(name, nameof(name)),
    };

    private static float[] Run(byte[] model, torch.Tensor input)
    {
        using var session = new InferenceSession(model);
        using var value = OrtValue.CreateTensorValueFromMemory(input.data<float>().ToArray(), input.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, ["input"], [value], ["logits"]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
