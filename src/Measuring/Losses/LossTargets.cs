using Emergence.Checkpoints;
using Emergence.Datasets;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Measuring.Losses;

/// <summary>What the outputs of a model should be, sample after sample.</summary>
/// <param name="Subject">What errors call it.</param>
/// <param name="Width">Values of one sample.</param>
/// <param name="Values">All of them.</param>
public sealed record LossTargets(string Subject, int Width, ReadOnlyMemory<double> Values)
{
    /// <summary>Number of samples.</summary>
    public int Samples => Values.Length / Width;

    /// <summary>Reads a .npy array or an ONNX tensor whose first axis counts samples.</summary>
    /// <exception cref="UserException">The file is missing, of another kind, or holds no samples.</exception>
    public static LossTargets Read(string path)
    {
        var array = DataFormats.Of(path) switch
        {
            DataFormat.Npy => NpyFile.Read(path),
            DataFormat.Tensor => TensorFile.Read(path).Array,
            _ => throw new UserException($"{path}: is no array of targets; give a .npy file or an ONNX TensorProto .pb"),
        };
        if (array.Shape.IsEmpty || array.Data.IsEmpty)
            throw new UserException(
                $"{path}: holds no samples (its shape is {NumericArray.Describe(array.Shape.AsSpan())}); give targets of shape "
                + "[samples, values]");
        var values = TensorValues.ToDoubles(
            TensorValues.FromRaw("", (DataType)array.ElementType, [.. array.Shape], array.Data.Span), directory: null);
        return new LossTargets(path, values.Length / array.Shape[0], values);
    }
}
