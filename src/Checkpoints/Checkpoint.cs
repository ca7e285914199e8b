using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>One <c>.onnx</c> file of a training run, opened.</summary>
public sealed class Checkpoint
{
    private Checkpoint(string path, string directory, ModelProto model, string sha256) =>
        (Path, Directory, Model, Sha256, Metadata) = (path, directory, model, sha256, CheckpointMetadata.Read(model));

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>The file's name without its folder.</summary>
    public string FileName => System.IO.Path.GetFileName(Path);

    /// <summary>Full path of the folder the file lies in, where its external data is looked for.</summary>
    public string Directory { get; }

    /// <summary>The model. It is shared: clone it before editing.</summary>
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
    public static Checkpoint Open(string path)
    {
        using var hash = SHA256.Create();
        var model = ModelFile.Read(path, file => new CryptoStream(file, hash, CryptoStreamMode.Read, leaveOpen: true));
        try
        {
            var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            return new Checkpoint(path, folder, model, Combined(hash.Hash!, model, folder));
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
        return new Checkpoint(Path, Directory, model, Sha256);
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
