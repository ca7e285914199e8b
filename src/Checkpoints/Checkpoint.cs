using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>One <c>.onnx</c> file of a training run, opened.</summary>
public sealed class Checkpoint
{
    private readonly ImmutableArray<(string File, DateTime Written)> external;

    private Checkpoint(
        string path, string directory, ModelProto model, string sha256, ImmutableArray<(string File, DateTime Written)> external)
    {
        (Path, Directory, Model, Sha256, Metadata) = (path, directory, model, sha256, CheckpointMetadata.Read(model));
        this.external = external;
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's name without its folder.</summary>
    public string FileName => System.IO.Path.GetFileName(Path);

    /// <summary>Full path of the folder the file lies in, where its external data is looked for.</summary>
    public string Directory { get; }

    /// <summary>
    /// The model. It is shared: clone it before editing. Of a file of 32 MiB or more, tensors of 64 KiB or more stay in the
    /// file: <see cref="TensorValues"/> and <see cref="StoredTensors"/> read them from there.
    /// </summary>
    public ModelProto Model { get; }

    /// <summary>
    /// Hash of the model's content, lower hex. Without external data it is the file's SHA-256. With external data it is
    /// the SHA-256 of a list of hashes, each in lower hex and ended by <c>\n</c>: the model file's, then that of each
    /// external file, whole, in ordinal order of the locations the model names.
    /// </summary>
    public string Sha256 { get; }

    /// <summary>Bytes of the file and of the external files it names.</summary>
    public long Bytes => new FileInfo(Path).Length
        + ExternalFiles.Sum(file => new FileInfo(file).Length);

    /// <summary>Full paths of the external files the model names, in ordinal order of their locations.</summary>
    public ImmutableArray<string> ExternalFiles =>
        [.. ExternalData.Locations(Model).Select(location => ExternalData.Resolve(location, Directory))];

    /// <summary>What the model says of itself.</summary>
    public CheckpointMetadata Metadata { get; }

    /// <summary>Opens and hashes a checkpoint.</summary>
    /// <exception cref="UsageException">There is no such file.</exception>
    /// <exception cref="UserException">
    /// The file or its external data is missing, unreadable, refused, or something else than an ONNX model; the message
    /// names the file.
    /// </exception>
    public static Checkpoint Open(string path) => Open(path, TensorsInPlace.SmallestFile);

    /// <inheritdoc cref="Open(string)"/>
    internal static Checkpoint Open(string path, long smallestInPlace)
    {
        using var hash = SHA256.Create();
        var model = ModelFile.Read(path, hash, smallestInPlace);
        try
        {
            var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            var external = ExternalData.Locations(model).Select(location => ExternalData.Resolve(location, folder))
                .Select(file => (file, File.GetLastWriteTimeUtc(file))).ToImmutableArray();
            return new Checkpoint(path, folder, model, Combined(hash.Hash!, model, folder), external);
        }
        catch (UserException e)
        {
            throw new UserException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The same file with a changed model; path and hash stay those of the file.</summary>
    public Checkpoint WithModel(ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new Checkpoint(Path, Directory, model, Sha256, external);
    }

    /// <summary>Checks that the files are still the ones that were hashed: what does not fit in memory is read from them
    /// later.</summary>
    /// <exception cref="UserException">One was written again.</exception>
    public void RequireUnchanged()
    {
        if (Model.AllTensors().FirstOrDefault(TensorsInPlace.Holds) is { } tensor)
            TensorsInPlace.Open(tensor).Dispose();
        if (external.FirstOrDefault(entry => File.GetLastWriteTimeUtc(entry.File) != entry.Written) is { File: { } changed })
            throw new UserException($"{changed}: was written again while it was read; try again");
    }

    /// <summary>Checks that the external data are all there; a file that is still being written is shorter than its model
    /// says.</summary>
    /// <exception cref="UserException">A tensor lies outside its file; the message names the checkpoint.</exception>
    public void RequireExternalData()
    {
        try
        {
            foreach (var tensor in Model.AllTensors().Where(ExternalData.IsExternal))
                ExternalData.Open(tensor, Directory).Dispose();
        }
        catch (UserException e)
        {
            throw new UserException($"{Path}: {e.Message}", e);
        }
    }

    private static string Combined(byte[] modelHash, ModelProto model, string folder)
    {
        var locations = ExternalData.Locations(model);
        if (locations.IsEmpty)
            return Convert.ToHexStringLower(modelHash);
        var list = new StringBuilder().Append(Convert.ToHexStringLower(modelHash)).Append('\n');
        foreach (var location in locations)
            list.Append(Convert.ToHexStringLower(ExternalData.Hash(location, folder))).Append('\n');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(list.ToString())));
    }
}
