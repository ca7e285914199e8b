using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>A data set that both programs know by name.</summary>
/// <param name="Name">As given to <c>--dataset</c> and <c>--data</c>.</param>
/// <param name="Description">One line for the help text.</param>
/// <param name="Classes">Number of classes.</param>
public sealed record DatasetInfo(string Name, string Description, int Classes)
{
    /// <summary>Samples of the whole training split.</summary>
    public required int TrainingSamples { get; init; }

    /// <summary>Samples of the whole test split.</summary>
    public required int TestSamples { get; init; }

    /// <summary>Its files; null where it is generated.</summary>
    internal DatasetFiles? Files { get; init; }
}

/// <summary>The data sets by name: <c>digits</c>, <c>mnist</c>, <c>fashion-mnist</c>, <c>cifar10</c>.</summary>
public static class DatasetCatalog
{
    private static readonly SocketsHttpHandler Http = new();

    /// <summary>All sets, in the order in which they are listed.</summary>
    public static ImmutableArray<DatasetInfo> All { get; } =
    [
        new("digits", "drawn digits, 28x28, 60,000 + 10,000; generated, needs no files", 10) { TrainingSamples = 60_000,
            TestSamples = 10_000 },
        new("mnist", "handwritten digits, 28x28, 60,000 + 10,000", 10) { TrainingSamples = 60_000, TestSamples = 10_000,
            Files = PublishedSets.Mnist },
        new("fashion-mnist", "articles of clothing, 28x28, 60,000 + 10,000", 10) { TrainingSamples = 60_000,
            TestSamples = 10_000, Files = PublishedSets.FashionMnist },
        new("cifar10", "color photographs, 3x32x32, 50,000 + 10,000", 10) { TrainingSamples = 50_000, TestSamples = 10_000,
            Files = PublishedSets.Cifar10 },
    ];

    /// <summary>The set of this name, or null.</summary>
    public static DatasetInfo? Find(string name) => All.FirstOrDefault(set => set.Name == name);

    /// <summary>True for a known set whose split needs no download: it is generated, in
    /// <paramref name="dataDir"/>, or in the user's cache.</summary>
    public static bool IsAtHand(string name, string split, string? dataDir)
    {
        if (Find(name) is not { } info || split is not ("train" or "test"))
            return false;
        return info.Files is not { } files
            || (dataDir is null
                ? [Path.Combine(DatasetCache.Folder, files.Folders[0])]
                : files.Folders.Append("").Select(folder => Path.Combine(dataDir, folder)))
                .Any(folder => Directory.Exists(folder) && !files.In(folder, split).IsEmpty);
    }

    /// <summary>
    /// Loads a split, or its first <paramref name="samples"/> samples in stored order. Sets with files are read from
    /// <paramref name="dataDir"/> where it is given; else from the user's cache, downloaded there on first use.
    /// </summary>
    /// <param name="name">One of <see cref="All"/>.</param>
    /// <param name="split"><c>train</c> or <c>test</c>.</param>
    /// <param name="dataDir">A folder with the set's files, or one that holds <c>mnist/</c> and the like; or null.</param>
    /// <param name="samples">How many; null for all.</param>
    /// <param name="progress">Told what a download does, a line at a time.</param>
    /// <param name="token">Ends a download.</param>
    /// <exception cref="UsageException">The name, split, folder or number makes no sense.</exception>
    /// <exception cref="UserException">The files are not there, cannot be fetched or are damaged.</exception>
    public static SampleSet Load(
        string name, string split, string? dataDir, int? samples = null, Action<string>? progress = null,
        CancellationToken token = default) =>
        Load(name, split, dataDir, samples, () => new Download(DatasetCache.Folder, Http, progress, token));

    /// <summary>As above, with the means of downloading given.</summary>
    internal static SampleSet Load(string name, string split, string? dataDir, int? samples, Func<Download> download)
    {
        var set = Open(name, split, dataDir, samples, long.MaxValue, download);
        var images = set.Images.Kept();
        return new SampleSet(
            name, split, images.Shape[1..], images.ElementType, images.Data, set.Labels[..images.Shape[0]], set.Sha256);
    }

    /// <summary>As <see cref="Load(string, string, string?, int?, Action{string}?, CancellationToken)"/>, but many images stay in
    /// their file.</summary>
    public static StoredSet Open(
        string name, string split, string? dataDir, int? samples = null, Action<string>? progress = null,
        CancellationToken token = default) =>
        Open(name, split, dataDir, samples, StoredArray.MostHeld, () => new Download(DatasetCache.Folder, Http, progress, token));

    private static StoredSet Open(
        string name, string split, string? dataDir, int? samples, long mostHeld, Func<Download> download)
    {
        var info = Find(name)
            ?? throw new UsageException(
                $"{name}: is no known data set; choose from {string.Join(", ", All.Select(set => set.Name))}"
                + NearestName.Question(name, All.Select(set => set.Name)));
        if (split is not ("train" or "test"))
            throw new UsageException($"{split}: is no split; choose train or test");
        if (samples <= 0)
            throw new UsageException($"{samples}: is no number of samples; give 1 or more");
        if (info.Files is not { } files)
            return StoredSet.Read(name, Digits.Source(split), Digits.Labels(split), samples, mostHeld);

        var paths = dataDir is null ? files.Cached(split, download()) : files.Locate(split, dataDir);
        var (images, labels) = files.Open(paths);
        var set = StoredSet.Read(name, images, labels, samples, mostHeld);
        // MNIST and Fashion-MNIST name their files alike.
        if (PublishedSets.Recognize(set.Sha256) is { } found && found != (name, split))
        {
            throw new UserException(
                $"{paths[0]}: is the {found.Split} split of {found.Name}, not the {split} split of {name}; give the folder of "
                + $"{name}");
        }
        return set;
    }
}
