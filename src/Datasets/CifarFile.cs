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
    public static (NumericArray Images, int[] Labels) Read(IReadOnlyList<string> paths, int? samples = null) =>
        (Source(paths).Read(samples), Labels(paths, samples));

    /// <summary>The images of several files, one after the other.</summary>
    /// <exception cref="UserException">A file is missing or holds no whole number of CIFAR-10 records.</exception>
    public static ArraySource Source(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var records = (int)Math.Min(int.MaxValue, paths.Sum(CountRecords));
        return new ArraySource(paths[0], DataType.Uint8, [records, 3, 32, 32], () => new Images(paths));
    }

    /// <summary>The labels of several files, or the first <paramref name="samples"/> of them.</summary>
    /// <exception cref="UserException">A file is missing or holds no whole number of CIFAR-10 records.</exception>
    public static int[] Labels(IReadOnlyList<string> paths, int? samples = null)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var labels = new int[(int)Math.Min(paths.Sum(CountRecords), samples ?? int.MaxValue)];
        Span<byte> label = stackalloc byte[Label];
        var done = 0;
        foreach (var path in paths)
        {
            using var stream = DataStream.Open(path);
            for (var left = stream.Limit / Record; left > 0 && done < labels.Length; left--, done++)
            {
                stream.Fill(label);
                if (label[0] > 9)
                    throw stream.Error(
                        $"has label {label[0]} in record {stream.Limit / Record - left}",
                        "CIFAR-10 has labels 0 to 9: give its binary version");
                labels[done] = label[0];
                stream.Skip(Pixels);
            }
        }
        return labels;
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

    /// <summary>The pixels of all records.</summary>
    private sealed class Images(IReadOnlyList<string> paths) : ElementStream
    {
        private DataStream? stream;
        private int next;

        // Of the open file, not read yet.
        private long records;

        public override void Fill(Span<byte> target)
        {
            for (; target.Length > 0; target = target[Pixels..])
                BeginRecord().Fill(target[..Pixels]);
        }

        public override void Skip(long bytes)
        {
            for (; bytes > 0; bytes -= Pixels)
                BeginRecord().Skip(Pixels);
        }

        public override void Dispose() => stream?.Dispose();

        private DataStream BeginRecord()
        {
            while (stream is null || records == 0)
            {
                if (next == paths.Count)
                    throw new UserException($"{paths[^1]}: ends early; it may be truncated: fetch it again");
                stream?.Dispose();
                stream = DataStream.Open(paths[next++]);
                records = stream.Limit / Record;
            }
            records--;
            stream.Skip(Label);
            return stream;
        }
    }
}
