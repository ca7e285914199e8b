using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>
/// The binary version of CIFAR-10: records of 3073 bytes, a label in 0..9 and then 3×32×32 bytes, the red, green and
/// blue planes in turn. Any whole number of records is taken.
/// </summary>
internal static class CifarFile
{
    private const int Label = 1, Pixels = 3 * 32 * 32, Record = Label + Pixels;

    /// <summary>True where a file's size, first label and name (no extension, or <c>.bin</c>) fit the format.</summary>
    internal static bool Fits(string path, DataStream stream, byte first) =>
        !stream.IsCompressed && stream.Limit % Record == 0 && first < 10 && (Path.GetExtension(path) is "" or ".bin");

    /// <summary>Reads the records of several files, one after the other, or the first
    /// <paramref name="samples"/> of them.</summary>
    /// <returns>UINT8 images [N,3,32,32] and their labels.</returns>
    /// <exception cref="UserException">A file is missing or holds no whole number of CIFAR-10 records.</exception>
    public static (NumericArray Images, int[] Labels) Read(IReadOnlyList<string> paths, int? samples = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var records = paths.Sum(CountRecords);
        var count = (int)Math.Min(records, samples ?? int.MaxValue);
        if ((long)count * Pixels > Array.MaxLength)
            throw new UserException($"{paths[0]}: holds more than fits in memory at once; take fewer samples (--samples)");
        var images = new byte[count * Pixels];
        var labels = new int[count];
        Span<byte> label = stackalloc byte[Label];
        var done = 0;
        foreach (var path in paths)
        {
            using var stream = DataStream.Open(path);
            for (var left = stream.Limit / Record; left > 0 && done < count; left--, done++)
            {
                stream.Fill(label);
                if (label[0] > 9)
                    throw stream.Error(
                        $"has label {label[0]} in record {stream.Limit / Record - left}",
                        "CIFAR-10 has labels 0 to 9: give its binary version");
                labels[done] = label[0];
                stream.Fill(images.AsSpan(done * Pixels, Pixels));
            }
        }
        return (new NumericArray((int)DataType.Uint8, [count, 3, 32, 32], images), labels);
    }

    private static long CountRecords(string path)
    {
        using var stream = DataStream.Open(path);
        if (stream.IsCompressed)
            throw stream.Error("is compressed", "decompress it first (CIFAR-10 comes as cifar-10-binary.tar.gz)");
        if (stream.Limit == 0 || stream.Limit % Record != 0)
            throw stream.Error(
                $"has {stream.Limit:N0} bytes, not a whole number of {Record}-byte records",
                "give the binary version of CIFAR-10, untruncated");
        return stream.Limit / Record;
    }
}
