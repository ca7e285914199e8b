using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>
/// Tensors whose bytes lie in files beside the model. A model is foreign input, so a location must name a plain file in
/// the model's folder or below it: no absolute path, no way out by <c>..</c>, no symbolic link, no second hard link.
/// </summary>
public static class ExternalData
{
    /// <summary>True where the tensor's bytes lie in another file, or stayed in that of a checkpoint: <see
    /// cref="TensorValues"/> reads either.</summary>
    public static bool IsExternal(TensorProto tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.DataLocation == TensorProto.Types.DataLocation.External;
    }

    /// <summary>The distinct locations that the model's tensors name, in ordinal order.</summary>
    /// <exception cref="UserException">An external tensor names no location.</exception>
    public static ImmutableArray<string> Locations(ModelProto model) =>
        [.. model.AllTensors().Where(tensor => IsExternal(tensor) && !TensorsInPlace.Holds(tensor)).Select(Location).Distinct()
            .Order(StringComparer.Ordinal)];

    /// <summary>The full path of a location, checked; the file exists.</summary>
    /// <param name="location">As the model has it, relative to its folder.</param>
    /// <param name="directory">The model's folder.</param>
    /// <exception cref="UserException">The file is missing or lies where a model may not point.</exception>
    public static string Resolve(string location, string directory)
    {
        ArgumentNullException.ThrowIfNull(location);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (location.Contains('\0', StringComparison.Ordinal) || IsRooted(location))
            throw Refused(location, "is no path relative to the model's folder");
        // Backslashes from models written on Windows; on Unix they could otherwise hide a "..".
        var path = Path.GetFullPath(Path.Combine(folder, location.Replace('\\', '/')));
        var root = Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar;
        if (!path.StartsWith(root, StringComparison.Ordinal))
            throw Refused(location, "leads out of the model's folder");
        RefuseLinks(location, path, folder);
        if (!File.Exists(path))
            throw new UserException($"external data '{location}' is missing; copy {Path.GetFileName(path)} beside the model");
        return path;
    }

    /// <summary>Opens the tensor's bytes.</summary>
    /// <exception cref="UserException">The file is missing, refused, or shorter than the tensor says.</exception>
    internal static ExternalSlice Open(TensorProto tensor, string? directory)
    {
        var subject = TensorValues.Subject(tensor);
        var isInPlace = TensorsInPlace.Holds(tensor);
        if (directory is null && !isInPlace)
            throw new UserException(
                $"{subject}: lies in external data, which a model without a folder cannot have; save the model first");
        var expected = TensorValues.RawBytes(tensor);
        var offset = Number(tensor, "offset") ?? 0;
        var length = Number(tensor, "length");
        var handle = isInPlace ? TensorsInPlace.Open(tensor) : OpenFile(Location(tensor), directory!);
        try
        {
            var size = RandomAccess.GetLength(handle);
            if (offset > size || length > size - offset)
            {
                throw TensorValues.Mismatch(
                    tensor, $"its data at {offset} + {length ?? expected} of '{Location(tensor)}', a file of {size} bytes");
            }
            if ((length ?? size - offset) != expected)
            {
                var where = isInPlace ? "raw_data" : "external data";
                throw TensorValues.Mismatch(
                    tensor, $"{length ?? size - offset} bytes of {where} where {expected} are needed");
            }
            return new ExternalSlice(handle, offset, expected, subject);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Opens a whole external file for reading.</summary>
    internal static SafeFileHandle OpenFile(string location, string directory)
    {
        var path = Resolve(location, directory);
        try
        {
            // A pipe or device has no length; opening one could wait for ever.
            if (FileLength.Of(path) == 0)
                throw new UserException($"external data '{location}' is empty; copy it again");
            var handle = File.OpenHandle(path);
            if (HardLinks.Count(handle) <= 1)
                return handle;
            handle.Dispose();
            throw Refused(location, "has another hard link");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"external data '{location}' cannot be read ({e.Message}); check the file and its permissions", e);
        }
    }

    /// <summary>SHA-256 of a whole external file.</summary>
    internal static byte[] Hash(string location, string directory)
    {
        using var stream = new FileStream(OpenFile(location, directory), FileAccess.Read);
        try
        {
            return SHA256.HashData(stream);
        }
        catch (IOException e)
        {
            throw new UserException($"external data '{location}' cannot be read ({e.Message}); copy it again", e);
        }
    }

    private static string Location(TensorProto tensor) => Entry(tensor, "location") is { Length: > 0 } location
        ? location
        : throw new UserException(
            $"{TensorValues.Subject(tensor)}: lies in external data but names no file; export the model again");

    private static long? Number(TensorProto tensor, string key) => Entry(tensor, key) switch
    {
        null => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw new UserException(
            $"{TensorValues.Subject(tensor)}: external data has {key} '{text}'; the file is damaged"),
    };

    /// <summary>The value of an entry that says where the tensor's bytes lie; null where there is none.</summary>
    internal static string? Entry(TensorProto tensor, string key) =>
        tensor.ExternalData.LastOrDefault(entry => entry.Key == key)?.Value;

    private static bool IsRooted(string location) =>
        location.Length == 0 || location[0] is '/' or '\\' || Path.IsPathRooted(location)
        || (location.Length > 1 && location[1] == ':' && char.IsAsciiLetter(location[0]));

    private static void RefuseLinks(string location, string path, string folder)
    {
        for (var part = path; part.Length > folder.Length; part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is not null)
                throw Refused(location, "is or passes a symbolic link");
        }
    }

    private static UserException Refused(string location, string why) =>
        new($"external data '{location}' {why}, which a foreign file could use to read others; copy the data itself into the "
            + "model's folder");
}
