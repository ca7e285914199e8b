using Onnx;

namespace Emergence.Checkpoints;

/// <summary>
/// A temporary file for changed copies of large tensors, so that a changed model need not fit in memory. A tensor in it is read
/// like any other, by <see cref="TensorValues"/>, as long as the spool is there; a model that is saved holds it itself.
/// </summary>
/// <param name="path">Where the model is to be saved: the file is made in its folder, or the nearest above it that
/// exists.</param>
public sealed class TensorSpool(string path) : IDisposable
{
    private FileStream? file;

    /// <summary>True for a tensor that is better copied into a file than into memory: it is large, and not in memory now.
    /// </summary>
    public static bool Serves(TensorProto tensor) =>
        ExternalData.IsExternal(tensor) && TensorValues.RawBytes(tensor) >= TensorsInPlace.SmallestTensor;

    /// <summary>An empty one in the same folder.</summary>
    public TensorSpool Another() => new(path);

    /// <summary>Adds a changed copy of a tensor.</summary>
    /// <param name="original">The tensor, of any real or integer type.</param>
    /// <param name="directory">The model's folder, for external data.</param>
    /// <param name="change">Gives the new value for an element and its old one; null where its bits stay.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="ArgumentException">A fraction for an integer type.</exception>
    /// <exception cref="OverflowException">A value beyond the range of an integer type.</exception>
    /// <exception cref="UserException">The tensor cannot be read, or the file cannot be written.</exception>
    public TensorProto Add(TensorProto original, string? directory, Func<long, double, double?> change)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(change);
        try
        {
            file ??= Create();
            var offset = file.Length;
            file.Position = offset;
            TensorValues.Rewrite(original, directory, change, file);
            file.Flush();
            var copy = original.Clone();
            copy.ClearRawData();
            TensorsInPlace.Place(copy, file.Name, "", offset, file.Length - offset);
            return copy;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path}: cannot be written ({e.Message}); check the folder and the free space", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => file?.Dispose();

    private FileStream Create()
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        while (!Directory.Exists(folder))
            folder = Path.GetDirectoryName(folder)!;
        var name = $"{Path.GetFileName(path)}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        return new FileStream(Path.Combine(folder, name), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            // The runtime reads it while it is open here.
            Share = FileShare.Read | FileShare.Delete,
            Options = FileOptions.DeleteOnClose,
            BufferSize = 0,
        });
    }
}
