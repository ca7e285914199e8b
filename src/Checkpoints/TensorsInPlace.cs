using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>
/// The large tensors of a large file, which stay where they are: in memory such a tensor is external data of the model file
/// itself, and its bytes are read when they are asked for. A file that was written again meanwhile is noticed.
/// </summary>
internal static class TensorsInPlace
{
    /// <summary>Files below this many bytes are read whole.</summary>
    public const long SmallestFile = 1 << 25;

    /// <summary>Tensors below this many bytes are read with the model.</summary>
    public const int SmallestTensor = 1 << 16;

    // What is read beside the large tensors; a file with more is laid out otherwise.
    private const int MostBeside = 1 << 28;

    // The key of the entry that marks such a tensor, and holds when its file was written. No file can hold it, so that none can
    // say that its tensors stayed in another.
    private static readonly string Written = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    /// <summary>True for a tensor that stayed in its model file.</summary>
    public static bool Holds(TensorProto tensor) => FileOf(tensor) is not null;

    /// <summary>Bytes of all that stayed.</summary>
    public static long Bytes(ModelProto model) => model.AllTensors().Where(Holds).Sum(TensorValues.RawBytes);

    /// <summary>Reads a model, but not its large tensors.</summary>
    /// <param name="file">The file.</param>
    /// <returns>Null where the file is not laid out as writers do, or is damaged: read whole, it says what is wrong.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelProto? Read(FileStream file)
    {
        file.Position = 0;
        var (path, written, found) = (RealPath(file.Name), Stamp(file.SafeFileHandle), 0);
        try
        {
            var fields = new WireFields(file, MostBeside);
            var beside = fields.Copy(file.Length, field => field.Number != ModelProto.GraphFieldNumber ? null
                : fields.Copy(field.End, part => part.Number != GraphProto.InitializerFieldNumber ? null
                    : Tensor(fields, part)));
            var model = ModelProto.Parser.ParseFrom(beside.GetBuffer(), 0, (int)beside.Length);
            return found > 0 ? model : null;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            return null;
        }

        MemoryStream? Tensor(WireFields fields, WireField tensor)
        {
            if (tensor.Length < SmallestTensor || DataOf(fields, tensor, out var rest) is not { } data)
                return null;
            found++;
            var place = new TensorProto();
            Place(place, path, written, data.End - data.Length, data.Length);
            place.WriteTo(rest);
            return rest;
        }
    }

    /// <summary>Says of a tensor that its bytes stayed in a file.</summary>
    /// <param name="tensor">The tensor, without data.</param>
    /// <param name="file">Full path of the file.</param>
    /// <param name="written">How it was when it was read; empty for a file that nobody else writes.</param>
    /// <param name="offset">Where its bytes begin.</param>
    /// <param name="length">Their number.</param>
    public static void Place(TensorProto tensor, string file, string written, long offset, long length)
    {
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Clear();
        tensor.ExternalData.Add(Entry("location", file));
        tensor.ExternalData.Add(Entry(Written, written));
        tensor.ExternalData.Add(Entry("offset", offset.ToString(CultureInfo.InvariantCulture)));
        tensor.ExternalData.Add(Entry("length", length.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Opens the model file that the tensor stayed in.</summary>
    /// <exception cref="UserException">It is gone, cannot be read, or was written again.</exception>
    public static SafeFileHandle Open(TensorProto tensor)
    {
        var path = FileOf(tensor)!;
        try
        {
            var written = ExternalData.Entry(tensor, Written);
            // A spool is open for writing.
            var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
            if (written is "" || Stamp(handle) == written)
                return handle;
            handle.Dispose();
            throw new UserException($"{path}: was written again while it was read; try again");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be read any more ({e.Message}); try again", e);
        }
    }

    /// <summary>The model as other readers know it: tensors that stayed are plain external data.</summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">Where its other external data lie, and where the reader is to look: the folder that holds the files
    /// of all of them, which is another one where a link leads away.</param>
    /// <returns>The model itself where nothing stayed.</returns>
    public static ModelProto AsExternalData(ModelProto model, ref string folder)
    {
        if (!model.AllTensors().Any(Holds))
            return model;
        model = model.Clone();
        var (own, above) = (Path.GetFullPath(folder), Path.GetFullPath(folder));
        foreach (var file in model.AllTensors().Select(FileOf).OfType<string>().Distinct())
            above = Above(above, file);
        foreach (var tensor in model.AllTensors().Where(ExternalData.IsExternal))
        {
            var location = tensor.ExternalData.Last(entry => entry.Key == "location");
            if (FileOf(tensor) is { } file)
                tensor.ExternalData.Remove(tensor.ExternalData.Single(entry => entry.Key == Written));
            else if (above != own)
                file = ExternalData.Resolve(location.Value, own);
            else
                continue;
            location.Value = Path.GetRelativePath(above, file);
        }
        folder = above;
        return model;
    }

    /// <summary>The folder, or the nearest one above it, that a file lies in or below.</summary>
    private static string Above(string folder, string file)
    {
        while (!file.StartsWith(Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar,
            StringComparison.Ordinal))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new UserException($"{file}: lies on another drive than the files that belong to it; copy them together");
        }
        return folder;
    }

    private static string RealPath(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static string? FileOf(TensorProto tensor) =>
        ExternalData.Entry(tensor, Written) is null ? null : ExternalData.Entry(tensor, "location");

    /// <summary>The field of a tensor's data; null where they are small, or where there are others besides.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="rest">The tensor without them.</param>
    private static WireField? DataOf(WireFields fields, WireField tensor, out MemoryStream rest)
    {
        WireField? raw = null;
        var isPlain = true;
        rest = fields.Copy(tensor.End, field =>
        {
            isPlain &= field.Number is not (TensorProto.ExternalDataFieldNumber or TensorProto.DataLocationFieldNumber);
            if (field.Number != TensorProto.RawDataFieldNumber)
                return null;
            isPlain &= raw is null;
            raw = field;
            return WireFields.Nothing;
        });
        return isPlain && raw is { Length: >= SmallestTensor } ? raw : null;
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    private static string Stamp(SafeFileHandle file) => string.Create(
        CultureInfo.InvariantCulture, $"{File.GetLastWriteTimeUtc(file).Ticks} {RandomAccess.GetLength(file)}");
}
