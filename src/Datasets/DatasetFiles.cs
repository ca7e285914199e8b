using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>The files of a data set: what they are called, where they lie and how they are read.</summary>
internal abstract class DatasetFiles
{
    /// <summary>Where a folder of many sets keeps this one, best first; the first is where downloads go.</summary>
    public required ImmutableArray<string> Folders { get; init; }

    /// <summary>The files of a split in a folder, in reading order; empty where one is missing.</summary>
    public abstract ImmutableArray<string> In(string folder, string split);

    /// <summary>What <see cref="In"/> looks for, in words.</summary>
    public abstract string Wanted(string split);

    /// <summary>The images and labels of the files that <see cref="In"/> found.</summary>
    public abstract (ArraySource Images, int[] Labels) Open(ImmutableArray<string> files);

    /// <summary>Downloads what a split needs into a folder, so that <see cref="In"/> finds it there.</summary>
    protected abstract void Fetch(string folder, string split, Download download);

    /// <summary>The files of a split in the user's cache, downloaded where they are not there yet.</summary>
    /// <exception cref="UserException">They cannot be fetched.</exception>
    public ImmutableArray<string> Cached(string split, Download download)
    {
        var folder = Path.Combine(download.Folder, Folders[0]);
        if (In(folder, split).IsEmpty)
            Fetch(folder, split, download);
        return In(folder, split);
    }

    /// <summary>The files of a split in the set's own folder under <paramref name="dataDir"/>, else in that
    /// folder itself.</summary>
    /// <exception cref="UsageException">They are in neither.</exception>
    public ImmutableArray<string> Locate(string split, string dataDir)
    {
        if (!Directory.Exists(dataDir))
            throw new UsageException($"{dataDir}: no such folder; give --data-dir one that holds {Folders[0]}/");
        foreach (var folder in Folders.Append(""))
        {
            if (In(Path.Combine(dataDir, folder), split) is { IsEmpty: false } files)
                return files;
        }
        throw new UsageException(
            $"{dataDir}: holds neither {Wanted(split)} nor {Folders[0]}/ with them; point --data-dir at the folder that does");
    }
}

/// <summary>The MNIST family: a file of images and a file of labels for each split, plain or gzip.</summary>
internal sealed class IdxPair : DatasetFiles
{
    /// <summary>The four files, as published.</summary>
    public required ImmutableArray<PublishedFile> Published { get; init; }

    public override ImmutableArray<string> In(string folder, string split) =>
        Find(folder, Stem(split), "images", 3) is { } images && Find(folder, Stem(split), "labels", 1) is { } labels
            ? [images, labels]
            : [];

    public override string Wanted(string split) =>
        $"{Stem(split)}-images-idx3-ubyte(.gz) and {Stem(split)}-labels-idx1-ubyte(.gz)";

    public override (ArraySource Images, int[] Labels) Open(ImmutableArray<string> files)
    {
        var images = IdxFile.Source(files[0]);
        if (images.Shape.Length != 3)
            throw new UserException($"{files[0]}: has {images.Shape.Length} axes; images have 3 (idx3)");
        return (images with { Shape = images.Shape.Insert(1, 1) }, LabelFile.Read(files[1]));
    }

    protected override void Fetch(string folder, string split, Download download)
    {
        foreach (var file in Published.Where(file => file.Name.StartsWith(Stem(split), StringComparison.Ordinal)))
            download.Fetch(file, Path.Combine(folder, file.Name));
    }

    private static string Stem(string split) => split == "train" ? "train" : "t10k";

    private static string? Find(string folder, string stem, string what, int rank) =>
        new[] { $"{stem}-{what}-idx{rank}-ubyte", $"{stem}-{what}.idx{rank}-ubyte" }
            .SelectMany(name => new[] { name, name + ".gz" })
            .Select(name => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}

/// <summary>CIFAR-10's binary version: as many train batches as are there, and one test batch.</summary>
internal sealed class CifarBatches : DatasetFiles
{
    /// <summary>The archive, as published.</summary>
    public required PublishedFile Archive { get; init; }

    public override ImmutableArray<string> In(string folder, string split) =>
        [.. Names(split)
            .Select(name => Path.Combine(folder, name))
            .SelectMany(path => new[] { path + ".bin", path }.Where(File.Exists).Take(1))];

    public override string Wanted(string split) => split == "train" ? "data_batch_1.bin to data_batch_5.bin" : "test_batch.bin";

    public override (ArraySource Images, int[] Labels) Open(ImmutableArray<string> files) =>
        (CifarFile.Source(files), CifarFile.Labels(files));

    protected override void Fetch(string folder, string split, Download download)
    {
        var archive = Path.Combine(download.Folder, Archive.Name);
        download.Fetch(Archive, archive);
        download.Progress?.Invoke($"{Archive.Name}: unpacking");
        try
        {
            TarArchive.Extract(archive, [.. Names("train").Concat(Names("test")).Select(name => name + ".bin")], folder);
        }
        finally
        {
            File.Delete(archive);
        }
    }

    private static IEnumerable<string> Names(string split) =>
        split == "train" ? Enumerable.Range(1, 5).Select(number => $"data_batch_{number}") : ["test_batch"];
}
