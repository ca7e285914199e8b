using Emergence.Checkpoints;
using Emergence.Testing;
using Emergence.TorchExport;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using Samples;
using TorchSharp;
using static TorchSharp.torch;
using DataType = Onnx.TensorProto.Types.DataType;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Emergence.Trainer.Tests.TorchExport;

public sealed class TorchOnnxTests : IDisposable
{
    private readonly string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(file);

    private static readonly Dictionary<string, (Func<Network> Make, long[] Sample)> Layers = new()
    {
        ["Linear"] = (() => nn.Linear(5, 4), [5]),
        ["Linear without bias"] = (() => nn.Linear(5, 4, hasBias: false), [5]),
        ["Linear on sequences"] = (() => nn.Linear(5, 4), [3, 5]),
        ["Linear on sequences without bias"] = (() => nn.Linear(5, 4, hasBias: false), [3, 5]),
        ["Conv1d"] = (() => nn.Conv1d(3, 4, 3, stride: 2, padding: 1), [3, 9]),
        ["Conv2d"] = (() => nn.Conv2d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2), [4, 11, 9]),
        ["Conv2d of a rectangle"] = (() => nn.Conv2d(2, 3, (3, 1), (1, 2), (1, 0), bias: false), [2, 6, 7]),
        ["Conv2d same"] = (() => nn.Conv2d(2, 3, 4, padding: Padding.Same), [2, 7, 7]),
        ["Conv2d valid"] = (() => nn.Conv2d(2, 3, 3, padding: Padding.Valid), [2, 7, 7]),
        ["Conv3d"] = (() => nn.Conv3d(2, 3, 2, padding: 1), [2, 4, 5, 6]),
        ["ConvTranspose2d"] = (() => nn.ConvTranspose2d(3, 2, 3, stride: 2, padding: 1, output_padding: 1), [3, 5, 5]),
        ["BatchNorm1d"] = (() => nn.BatchNorm1d(4), [4]),
        ["BatchNorm2d"] = (() => nn.BatchNorm2d(4), [4, 3, 3]),
        ["BatchNorm2d without scale"] = (() => nn.BatchNorm2d(4, affine: false), [4, 3, 3]),
        ["InstanceNorm2d"] = (() => nn.InstanceNorm2d(4, affine: true), [4, 3, 3]),
        ["LayerNorm"] = (() => nn.LayerNorm([3, 4]), [2, 3, 4]),
        ["LayerNorm without scale"] = (() => nn.LayerNorm(4, elementwise_affine: false), [4]),
        ["GroupNorm"] = (() => nn.GroupNorm(2, 6), [6, 3, 3]),
        ["GroupNorm without scale"] = (() => nn.GroupNorm(3, 6, affine: false), [6, 4]),
        ["PReLU"] = (() => nn.PReLU(1), [4]),
        ["PReLU of channels"] = (() => nn.PReLU(4), [4, 3, 3]),
        ["ReLU"] = (() => nn.ReLU(), [9]),
        ["ReLU6"] = (() => nn.ReLU6(), [9]),
        ["LeakyReLU"] = (() => nn.LeakyReLU(0.2), [9]),
        ["ELU"] = (() => nn.ELU(0.7), [9]),
        ["SELU"] = (() => nn.SELU(), [9]),
        ["GELU"] = (() => nn.GELU(), [9]),
        ["SiLU"] = (() => nn.SiLU(), [9]),
        ["Mish"] = (() => nn.Mish(), [9]),
        ["Sigmoid"] = (() => nn.Sigmoid(), [9]),
        ["Tanh"] = (() => nn.Tanh(), [9]),
        ["Hardsigmoid"] = (() => nn.Hardsigmoid(), [9]),
        ["Hardswish"] = (() => nn.Hardswish(), [9]),
        ["Softplus"] = (() => nn.Softplus(), [9]),
        ["Softmax"] = (() => nn.Softmax(1), [4, 3]),
        ["LogSoftmax"] = (() => nn.LogSoftmax(-1), [4, 3]),
        ["MaxPool1d"] = (() => nn.MaxPool1d(3, stride: 2, padding: 1), [2, 9]),
        ["MaxPool2d"] = (() => nn.MaxPool2d(2), [2, 7, 7]),
        ["MaxPool2d with all settings"] = (() => nn.MaxPool2d(3, 2, 1, 2, ceil_mode: true), [2, 9, 9]),
        ["AvgPool2d"] = (() => nn.AvgPool2d(3, 2, 1), [2, 8, 8]),
        ["AvgPool2d without padding in the count"] =
            (() => nn.AvgPool2d(3, 2, 1, count_include_pad: false, ceil_mode: true), [2, 8, 8]),
        ["AdaptiveAvgPool2d"] = (() => nn.AdaptiveAvgPool2d(1), [3, 5, 5]),
        ["AdaptiveMaxPool2d"] = (() => nn.AdaptiveMaxPool2d([1, 1]), [3, 5, 5]),
        ["PixelShuffle"] = (() => nn.PixelShuffle(2), [8, 3, 3]),
        ["Flatten"] = (() => nn.Flatten(), [2, 3, 4]),
        ["Flatten from the third axis"] = (() => nn.Flatten(2), [2, 3, 4]),
        ["Unflatten"] = (() => nn.Unflatten(1, [2, 3]), [6]),
        ["Dropout"] = (() => nn.Dropout(), [9]),
        ["Identity"] = (() => nn.Identity(), [9]),
        ["nested chains"] = (() => nn.Sequential(
            ("body", nn.Sequential(("fc", nn.Linear(5, 6)), ("norm", nn.BatchNorm1d(6)), ("act", nn.ReLU()),
                ("drop", nn.Dropout()))), ("head", nn.Linear(6, 3))), [5]),
        ["one activation used twice"] = (TwoWithOneActivation, [5]),
        ["a block of one's own"] = (() => new ResidualBlock(4), [4, 5, 5]),
    };

    private static Network TwoWithOneActivation()
    {
        var relu = nn.ReLU();
        return nn.Sequential(("a", nn.Linear(5, 6)), ("relu", relu), ("b", nn.Linear(6, 3)), ("again", relu));
    }

    public static TheoryData<string> Names => [.. Layers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void OnnxRuntime_computes_what_TorchSharp_computes(string name)
    {
        manual_seed(7);
        var (make, sample) = Layers[name];
        using var module = make();
        Disturb(module, sample);
        module.eval();
        using var input = randn([5, .. sample]);
        using var expected = module.call(input);
        var model = TorchOnnx.Export(module, sample);
        AssertClose(expected, Run(model, OrtValue.CreateTensorValueFromMemory(input.data<float>().ToArray(), input.shape)));
        // What is exported twice is the same file.
        Assert.Equal(ModelFile.Serialize(model), ModelFile.Serialize(TorchOnnx.Export(module, sample)));
    }

    [Fact]
    public void An_embedding_reads_whole_numbers()
    {
        manual_seed(7);
        using var module = nn.Sequential(("embed", nn.Embedding(11, 4)), ("head", nn.Linear(4, 3)));
        using var input = randint(11, [5, 6]);
        using var expected = module.call(input);
        var model = TorchOnnx.Export(module, [6], DataType.Int64);
        AssertClose(expected, Run(model, OrtValue.CreateTensorValueFromMemory(input.data<long>().ToArray(), input.shape)));
    }

    [Fact]
    public void Nodes_and_weights_bear_the_names_of_the_modules()
    {
        using var module = Layers["nested chains"].Make();
        var graph = TorchOnnx.Export(module, [5]).Graph;
        Assert.Equal(["body.fc", "body.norm", "body.act", "head"], graph.Node.Select(node => node.Name));
        Assert.Contains("body.fc.weight", graph.Initializer.Select(tensor => tensor.Name));
        Assert.Equal("output", Assert.Single(graph.Output).Name);
        Assert.Equal("N", graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam);
    }

    public static TheoryData<string, string> Refused => new()
    {
        { "hardtanh", "1: Hardtanh is not supported as it is set" },
        { "pool", "1: AdaptiveAvgPool2d is not supported as it is set" },
        { "circular", "1: padding mode Circular is not supported" },
        { "batch", "1: batch normalization without running statistics depends on the batch and is not supported" },
        { "double", "1.weight: has type Float64, expected Float32; convert the module with .to(float32)" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void What_cannot_be_written_is_named(string kind, string message)
    {
        Network layer = kind switch
        {
            // Of TorchSharp 0.107, it gives its input as it is, whatever its bounds.
            "hardtanh" => nn.Hardtanh(-0.5, 0.25),
            "pool" => nn.AdaptiveAvgPool2d(3),
            "circular" => nn.Conv2d(1, 1, 3, padding_mode: PaddingModes.Circular),
            "batch" => nn.BatchNorm2d(1, track_running_stats: false),
            _ => nn.Linear(7, 2).to(float64),
        };
        using var module = nn.Sequential(nn.ReLU(), layer);
        var e = Assert.Throws<NotSupportedException>(() => TorchOnnx.Export(module, [1, 7, 7]));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_of_the_readme_is_this_and_its_model_is_traced_and_measured()
    {
        TorchExportSample.Run(file, epoch: 3);
        var checkpoint = Checkpoint.Open(file);
        Assert.Equal(3, checkpoint.Metadata.Epoch);
        var readme = File.ReadAllText(Path.Combine(SharedFiles.Repository, "src", "TorchExport", "README.md"));
        var sample = File.ReadAllText(Path.Combine(
            SharedFiles.Repository, "tests", "Trainer.Tests", "TorchExport", $"{nameof(TorchExportSample)}.cs"));
        Assert.Contains($"\n```csharp\n{sample.TrimEnd()}\n```\n", readme, StringComparison.Ordinal);
        Assert.Contains("\n## Limits\n", readme, StringComparison.Ordinal);
        var layers = Emergence.Tracing.LayerInspection.Of(file, new()).Graph.Layers;
        Assert.Equal(["conv", "block.conv", "head"], layers.Select(layer => layer.Name));
    }

    /// <summary>Statistics and weights as after some training: fresh ones hide what is left out.</summary>
    private static void Disturb(Network module, long[] sample)
    {
        using var _ = no_grad();
        // Set, not added to: TorchSharp 0.107 leaves the weights of a GroupNorm uninitialized.
        foreach (var parameter in module.parameters())
            parameter.uniform_(-0.5, 1);
        module.train();
        for (var step = 0; step < 3; step++)
        {
            using var batch = randn([8, .. sample]).mul(2).add(1);
            module.call(batch).Dispose();
        }
    }

    private static void AssertClose(Tensor expected, (long[] Shape, float[] Values) actual)
    {
        Assert.Equal(expected.shape, actual.Shape);
        var values = expected.contiguous().data<float>().ToArray();
        Assert.True(values.Max() - values.Min() > 1e-3, "the outputs tell nothing apart");
        Assert.All(values.Zip(actual.Values),
            pair => Assert.Equal(pair.First, pair.Second, 1e-5f * Math.Max(1, Math.Abs(pair.First))));
    }

    private static (long[] Shape, float[] Values) Run(ModelProto model, OrtValue input)
    {
        using var session = new InferenceSession(ModelFile.Serialize(model));
        using var options = new RunOptions();
        using (input)
        {
            using var outputs = session.Run(options, ["input"], [input], ["output"]);
            return (outputs[0].GetTensorTypeAndShape().Shape, outputs[0].GetTensorDataAsSpan<float>().ToArray());
        }
    }
}
