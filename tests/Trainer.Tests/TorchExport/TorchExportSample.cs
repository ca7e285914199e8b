using Emergence.Checkpoints;
using Emergence.TorchExport;
using static TorchSharp.torch;

namespace Samples;

/// <summary>Saves a TorchSharp network, with a residual block of its own, as an ONNX checkpoint of one epoch.</summary>
public static class TorchExportSample
{
    public static void Run(string file, int epoch)
    {
        using var network = nn.Sequential(
            ("conv", nn.Conv2d(1, 8, 3, padding: 1)), ("block", new ResidualBlock(8)), ("flatten", nn.Flatten()),
            ("head", nn.Linear(8 * 8 * 8, 10)));
        var model = TorchOnnx.Export(network, [1, 8, 8]);
        new CheckpointMetadata { Epoch = epoch }.WriteTo(model);
        ModelFile.Save(model, file);
    }
}

/// <summary>y = x + conv(relu(x)): a module that says how it is written.</summary>
public sealed class ResidualBlock : nn.Module<Tensor, Tensor>, IOnnxExportable
{
    private readonly nn.Module<Tensor, Tensor> relu, conv;

    public ResidualBlock(int channels) : base(nameof(ResidualBlock))
    {
        relu = nn.ReLU();
        conv = nn.Conv2d(channels, channels, 3, padding: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => input + conv.call(relu.call(input));

    public string WriteTo(OnnxWriter onnx, string input) => onnx.Add(input, onnx.Write(conv, onnx.Write(relu, input)));
}
