using Emergence.Checkpoints;
using Onnx;
using TorchSharp;
using static Onnx.TensorProto.Types;

namespace Emergence.TorchExport;

/// <summary>Writes TorchSharp modules as ONNX models.</summary>
public static class TorchOnnx
{
    /// <summary>Name of the free dimension that counts samples.</summary>
    public const string Samples = "N";

    /// <summary>
    /// The module as it stands, in inference mode: dropout does nothing, batch normalization uses its running statistics.
    /// </summary>
    /// <param name="module">The module: a <c>Sequential</c>, one of the supported layers, or one that is
    /// <see cref="IOnnxExportable"/>. Its weights are float32.</param>
    /// <param name="sampleShape">Shape of one sample, without the batch: the model's input is (N, sampleShape…).</param>
    /// <param name="inputType">Element type of the input; int64 for a module that begins with an embedding.</param>
    /// <returns>A model of operator set 17 in file format 8, whose input is <c>input</c> and whose output is <c>output</c>;
    /// save it with <see cref="ModelFile.Save"/>. Equal weights give equal bytes.</returns>
    /// <exception cref="NotSupportedException">A module, or a setting of one, has no counterpart here; the message names
    /// it.</exception>
    public static ModelProto Export(
        torch.nn.Module<torch.Tensor, torch.Tensor> module, ReadOnlySpan<long> sampleShape, DataType inputType = DataType.Float)
    {
        ArgumentNullException.ThrowIfNull(module);
        var onnx = new OnnxWriter(module);
        var input = onnx.Input("input", inputType, sampleShape);
        return onnx.Finish(onnx.Write(module, input), "output", "TorchSharp");
    }
}
