using System.Security.Cryptography;
using Google.Protobuf;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>Reads and writes <c>.onnx</c> files without loss: fields that the schema does not know survive.</summary>
public static class ModelFile
{
    // What the messages themselves take besides.
    private const long MostBytes = int.MaxValue - (1 << 24);

    /// <summary>Reads a model; external data stays where it is.</summary>
    /// <exception cref="UsageException">There is no such file.</exception>
    /// <exception cref="UserException">Unreadable, empty, truncated, or something else than an ONNX model.</exception>
    public static ModelProto Read(string path) => Read(path, null, long.MaxValue);

    /// <summary>Parses a model from memory.</summary>
    /// <param name="bytes">The content of an <c>.onnx</c> file.</param>
    /// <param name="name">What error messages call it.</param>
    /// <exception cref="UserException">Empty, truncated, or something else than an ONNX model.</exception>
    public static ModelProto Parse(ReadOnlySpan<byte> bytes, string name)
    {
        var head = bytes[..Math.Min(bytes.Length, FileKind.HeadLength)];
        FileKind.Refuse(head, name);
        try
        {
            return Checked(ModelProto.Parser.ParseFrom(bytes), head, name);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw FileKind.Unreadable(head, name, e);
        }
    }

    /// <summary>The bytes of an <c>.onnx</c> file: equal models give equal bytes.</summary>
    /// <exception cref="UserException">The model passes protobuf's limit of 2 GB.</exception>
    public static byte[] Serialize(ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Bytes(model) + TensorsInPlace.Bytes(model) > MostBytes)
            throw TooLarge("model");
        if (!model.AllTensors().Any(TensorsInPlace.Holds))
            return model.ToByteArray();
        using var stream = new MemoryStream();
        ModelWriter.Write(model, stream);
        return stream.ToArray();
    }

    /// <summary>The bytes of a model file whose tensors that stayed in the file of a <see cref="Checkpoint"/> are external data
    /// of that file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">The folder of its external data; becomes the one where a reader is to look for all of them.</param>
    /// <exception cref="UserException">The model passes protobuf's limit of 2 GB.</exception>
    public static byte[] SerializeInPlace(ModelProto model, ref string folder)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Bytes(model) > MostBytes)
            throw TooLarge("model");
        return TensorsInPlace.AsExternalData(model, ref folder).ToByteArray();
    }

    /// <summary>Writes a model, whole or not at all; equal models give equal bytes. External data is not copied; tensors that
    /// stayed in the file of a <see cref="Checkpoint"/> are.</summary>
    /// <exception cref="UserException">The file cannot be written, or the model passes protobuf's limit of 2 GB.</exception>
    public static void Save(ModelProto model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (Bytes(model) + TensorsInPlace.Bytes(model) > MostBytes)
            throw TooLarge(path);
        AtomicFile.Write(path, stream => ModelWriter.Write(model, stream));
    }

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="hash">Receives every byte of it; optional.</param>
    /// <param name="smallestInPlace">Files of at least this many bytes are read without their large tensors.</param>
    internal static ModelProto Read(string path, HashAlgorithm? hash, long smallestInPlace)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw new UsageException($"{path}: is a folder; name the .onnx files in it");
        try
        {
            using var file = OpenFile(path);
            var head = new byte[(int)Math.Min(file.Length, FileKind.HeadLength)];
            file.ReadExactly(head);
            FileKind.Refuse(head, path);
            if (file.Length >= smallestInPlace && TensorsInPlace.Read(file) is { } large)
            {
                file.Position = 0;
                hash?.ComputeHash(file);
                return Checked(large, head, path);
            }
            file.Position = 0;
            try
            {
                using var stream = hash is null
                    ? (Stream)file
                    : new CryptoStream(file, hash, CryptoStreamMode.Read, leaveOpen: true);
                using var input = CodedInputStream.CreateWithLimits(stream, sizeLimit: int.MaxValue, recursionLimit: 100);
                var model = ModelProto.Parser.ParseFrom(input);
                // An end of group where no group is ends the parser, and the rest of the file would be left out without a word.
                return input.IsAtEnd ? Checked(model, head, path) : throw FileKind.Unreadable(head, path, null);
            }
            catch (InvalidProtocolBufferException e)
            {
                throw FileKind.Unreadable(head, path, e);
            }
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"{path}: does not exist; {MissingPath.Remedy(path)}");
        }
        catch (Exception e) when (e is (IOException or UnauthorizedAccessException) and not InvalidProtocolBufferException)
        {
            throw new UserException($"{path}: cannot be read ({e.Message}); check its permissions", e);
        }
    }

    private static FileStream OpenFile(string path)
    {
        // A pipe or device has no length; opening one could wait for ever.
        if (FileLength.Of(path) == 0)
            throw FileKind.Empty(path);
        var file = new FileStream(path, new FileStreamOptions { BufferSize = 1 << 16, Options = FileOptions.SequentialScan });
        // Of a link, only the file that it leads to tells.
        var refusal = !file.CanSeek ? "is a pipe or device; save the model as a file first"
            : file.Length > int.MaxValue ? "is larger than 2 GB, protobuf's limit; save the weights as external data"
            : null;
        if (refusal is null)
            return file;
        file.Dispose();
        throw new UserException($"{path}: {refusal}");
    }

    private static ModelProto Checked(ModelProto model, ReadOnlySpan<byte> head, string name)
    {
        if (model.Graph is null)
            throw FileKind.Unreadable(head, name, null);
        if (model.OpsetImport.Count == 0)
            throw new UserException($"{name}: is no complete ONNX model (it imports no operator set); export it again");
        return model.OpsetImport.FirstOrDefault(import => import.Version is < 1 or > int.MaxValue) is { } import
            ? throw new UserException(
                $"{name}: imports version {import.Version} of operator set '{import.Domain}', which cannot be; export it again")
            : model;
    }

    private static long Bytes(ModelProto model) => model.AllTensors().Sum(tensor =>
        (long)tensor.RawData.Length + 4L * tensor.FloatData.Count + tensor.Int32Data.Count + tensor.Int64Data.Count
        + 8L * tensor.DoubleData.Count + tensor.Uint64Data.Count);

    private static UserException TooLarge(string subject) =>
        new($"{subject}: the model passes 2 GB, protobuf's limit; keep its weights as external data");
}
