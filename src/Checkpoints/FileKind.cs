namespace Emergence.Checkpoints;

/// <summary>Recognizes what is often found where an ONNX model should be, and says what to do about it.</summary>
internal static class FileKind
{
    /// <summary>How many leading bytes are looked at.</summary>
    public const int HeadLength = 512;

    private static readonly (int Offset, byte[] Magic, string Finding)[] Known =
    [
        (0, [.. "version https://git-lfs.github.com/"u8], "is a Git LFS pointer, not the model; run 'git lfs pull'"),
        (0, [0x1F, 0x8B], "is compressed with gzip; gunzip it first"),
        (0, [.. "PK\u0003\u0004"u8], "is a zip archive (as PyTorch's .pt files are); unzip it, or export the model to ONNX"),
        (0, [0x89, .. "HDF\r\n"u8], "is an HDF5 file (as Keras writes); convert the model to ONNX"),
        (0, [0x80, 0x02, 0x8A, 0x0A], "is a pickled PyTorch file; export the model to ONNX"),
        (4, [.. "ORTM"u8], "is in ONNX Runtime's own format; use the .onnx it was made from"),
        (4, [.. "TFL3"u8], "is a TensorFlow Lite model; convert it to ONNX"),
    ];

    /// <summary>Throws where the head is that of another kind of file, or empty.</summary>
    public static void Refuse(ReadOnlySpan<byte> head, string name)
    {
        if (head.IsEmpty)
            throw Empty(name);
        foreach (var (offset, magic, finding) in Known)
        {
            if (head.Length > offset && head[offset..].StartsWith(magic))
                throw new UserException($"{name}: {finding}");
        }
    }

    /// <summary>An empty file.</summary>
    public static UserException Empty(string name) => new($"{name}: is empty, or a pipe or device; export or copy it again");

    /// <summary>A file that does not parse (<paramref name="cause"/>), or parses to nothing.</summary>
    public static UserException Unreadable(ReadOnlySpan<byte> head, string name, Exception? cause)
    {
        var finding = (IsText(head), cause) switch
        {
            (true, _) => "is text, not an ONNX model; name the .onnx file",
            (_, null) => "is not an ONNX model (it holds no graph); name the .onnx file",
            // Protobuf has one exception for all; its text alone tells this case, which a download again would not cure.
            _ when cause.Message.Contains("UTF-8", StringComparison.Ordinal) =>
                "holds a name or text that is not UTF-8; export it again",
            _ => "is truncated, damaged, or not an ONNX model; copy or download it again",
        };
        return cause is null ? new UserException($"{name}: {finding}") : new UserException($"{name}: {finding}", cause);
    }

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        foreach (var value in head)
        {
            if (value is < 0x20 and not ((byte)'\t' or (byte)'\n' or (byte)'\r' or 0x0C))
                return false;
        }
        return true;
    }
}
