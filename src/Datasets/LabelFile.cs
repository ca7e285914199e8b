using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>Classes of samples from an idx, npy or CSV file.</summary>
public static class LabelFile
{
    /// <summary>Reads the labels.</summary>
    public static int[] Read(string path) => FromArray(path, IdxFile.Read(path));

    /// <summary>Reads an array of one axis as labels.</summary>
    internal static int[] FromArray(string subject, NumericArray array)
    {
        if (array.Shape.Length != 1 || array.ElementType != (int)DataType.Uint8)
            throw new UserException($"{subject}: has {array.Shape.Length} axes; labels have one");
        return [.. array.Data.Span.ToArray().Select(b => (int)b)];
    }
}
