using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>What a data file is.</summary>
internal enum DataFormat
{
    /// <summary>None that is known.</summary>
    Unknown,

    /// <summary>The format of the MNIST family.</summary>
    Idx,

    /// <summary>One NumPy array.</summary>
    Npy,

    /// <summary>Named NumPy arrays.</summary>
    Npz,

    /// <summary>CIFAR-10's binary version.</summary>
    Cifar,

    /// <summary>An ONNX <c>TensorProto</c>.</summary>
    Tensor,

    /// <summary>A PNG or JPEG image.</summary>
    Image,

    /// <summary>Text.</summary>
    Text,
}

/// <summary>Tells the format of a data file.</summary>
internal static class DataFormats
{
    /// <summary>
    /// Looks at the first bytes (decompressed where they are gzip) and, for the two formats that have no mark of their own,
    /// at the name (<c>.pb</c>) and the size (CIFAR-10).
    /// </summary>
    /// <exception cref="UserException">The file is missing, empty or cannot be read.</exception>
    public static DataFormat Of(string path)
    {
        using var stream = DataStream.Open(path);
        Span<byte> buffer = stackalloc byte[512];
        var head = buffer[..stream.Read(buffer)];
        if (head.IsEmpty)
            throw stream.Error("is empty", "fetch or save it again");
        if (Path.GetExtension(path).Equals(".pb", StringComparison.OrdinalIgnoreCase))
            return DataFormat.Tensor;
        if (head.StartsWith(NpyHeader.Magic))
            return DataFormat.Npy;
        if (head.StartsWith("PK\u0003\u0004"u8))
            return DataFormat.Npz;
        if (ImageFile.Fits(head))
            return DataFormat.Image;
        // A label 0 and dark pixels look like the head of an idx file, and an idx file may have the size of CIFAR-10 records.
        if (!IdxFile.Fills(head, stream) && CifarFile.Fits(path, stream, head[0]))
            return DataFormat.Cifar;
        if (IdxFile.Fits(head))
            return DataFormat.Idx;
        return head.ContainsAnyInRange((byte)0, (byte)8) ? DataFormat.Unknown : DataFormat.Text;
    }
}
