using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Pruning;

/// <summary>Saves a pruned model, and beside it the external data that it still refers to.</summary>
public static class PrunedFile
{
    /// <summary>
    /// Writes the model, whole or not at all. In another folder than the original's, the external files that its
    /// untouched tensors lie in are copied there under the same names first.
    /// </summary>
    /// <param name="model">The pruned model.</param>
    /// <param name="source">Folder of the original.</param>
    /// <param name="path">Where to write it.</param>
    /// <exception cref="UserException">It cannot be written, or another file lies where external data would go.</exception>
    public static void Save(ModelProto model, string source, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(source);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var copied = new List<string>();
        try
        {
            if (!IsSame(folder, Path.TrimEndingDirectorySeparator(Path.GetFullPath(source))))
            {
                foreach (var location in ExternalData.Locations(model))
                {
                    if (Copy(ExternalData.Resolve(location, source),
                        Path.Combine(folder, location.Replace('\\', '/'))) is { } copy)
                        copied.Add(copy);
                }
            }
            ModelFile.Save(model, path);
        }
        catch
        {
            copied.ForEach(File.Delete);
            throw;
        }
    }

    /// <summary>Copies a file; null where the same lies there already.</summary>
    private static string? Copy(string from, string to)
    {
        if (File.Exists(to))
        {
            return HaveSameBytes(from, to)
                ? null
                : throw new UserException(
                    $"{to}: is there and differs from the external data to be copied; write to another folder");
        }
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            using var source = File.OpenRead(from);
            AtomicFile.Write(to, source.CopyTo);
            return to;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{to}: cannot be written ({e.Message}); check the folder and the free space", e);
        }
    }

    private static bool HaveSameBytes(string a, string b)
    {
        using var first = File.OpenRead(a);
        using var second = File.OpenRead(b);
        if (first.Length != second.Length)
            return false;
        var (left, right) = (new byte[1 << 16], new byte[1 << 16]);
        while (true)
        {
            var read = first.ReadAtLeast(left, left.Length, throwOnEndOfStream: false);
            if (second.ReadAtLeast(right, right.Length, throwOnEndOfStream: false) != read
                || !left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read)))
                return false;
            if (read == 0)
                return true;
        }
    }

    private static bool IsSame(string a, string b) =>
        string.Equals(a, b,
            OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
            ? StringComparison.OrdinalIgnoreCase
            : StringComparison.Ordinal);
}
