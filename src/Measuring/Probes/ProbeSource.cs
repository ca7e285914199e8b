using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>Samples that were loaded, not yet bound to the model's inputs.</summary>
/// <param name="Input">The input the user named for them, or null.</param>
/// <param name="Name">What results call them: data set and split, or file name.</param>
/// <param name="Subject">What errors call them: data set, or path.</param>
/// <param name="Stored">The samples.</param>
internal sealed record ProbeSource(string? Input, string Name, string Subject, StoredSamples Stored)
{
    private const string DefaultSplit = "test";

    private static readonly ImmutableArray<string> SetNames =
        [.. DatasetCatalog.All.Select(set => set.Name), ProbeResolver.RandomWord];

    /// <summary>The data set that a checkpoint records, or nothing where it records none.</summary>
    /// <exception cref="UserException">The set is not known, cannot be had, or is not the one recorded.</exception>
    public static ImmutableArray<ProbeSource> Recorded(
        Checkpoint checkpoint, ProbeOptions options, Action<string>? progress, CancellationToken token)
    {
        var recorded = checkpoint.Metadata;
        if (recorded.Dataset is not { } name)
            return [];
        if (DatasetCatalog.Find(name) is null)
            throw new UserException(
                $"{checkpoint.FileName}: records the data set '{name}', which is not known here; "
                + "give its samples with --data");
        var recordedSplit = recorded.Split ?? DefaultSplit;
        var split = Word(options.Split) ?? recordedSplit;
        var source = OfSet(null, name, split, options, progress, token, out var sha256);
        // The hash is that of one split; of the other nothing is recorded.
        if (split == recordedSplit && recorded.DatasetSha256 is { } expected && expected != sha256)
            throw new UserException(
                $"{checkpoint.FileName}: records {name} {split} with SHA-256 {Short(expected)}, but the one found has "
                + $"{Short(sha256)}; "
                + "give the same files with --data-dir, or choose the samples with --data");
        return [source];
    }

    /// <summary>The split as checkpoints and data sets name it.</summary>
    internal static string? Word(DataSplit? split) => split switch
    {
        null => null,
        DataSplit.Test => "test",
        DataSplit.Train => "train",
        _ => throw new ArgumentOutOfRangeException(nameof(split), split, "has no word"),
    };

    /// <summary>What <c>--data</c> names, in that order.</summary>
    /// <exception cref="UserException">One of them is missing, of no known format, or damaged.</exception>
    public static ImmutableArray<ProbeSource> Given(
        Checkpoint checkpoint, ImmutableArray<ModelInput> inputs, ProbeOptions options, Action<string>? progress,
        CancellationToken token)
    {
        var split = Word(options.Split) ?? checkpoint.Metadata.Split ?? DefaultSplit;
        var sources = ImmutableArray.CreateBuilder<ProbeSource>();
        foreach (var text in options.Data)
        {
            token.ThrowIfCancellationRequested();
            var (input, place) = Parse(text, checkpoint, inputs);
            if (DatasetCatalog.Find(place) is not null)
                sources.Add(OfSet(input, place, split, options, progress, token, out _));
            else if (File.Exists(place) || Directory.Exists(place))
            {
                var names = inputs.Select(each => each.Name).ToArray();
                var sample = ImagesFeed(input) is { } fed ? FixedSizes(fed, options) : (ImmutableArray<int>?)null;
                sources.Add(OfPath(input, place, StoredSamples.Read(place, split, options.Samples, names, sample, token)));
            }
            else if (place == ProbeResolver.RandomWord)
                throw new UsageException($"--data {text}: random samples feed all inputs; give --data random alone");
            else
                throw new UsageException(
                    $"--data {place}: no such file, folder or data set; data sets are {string.Join(", ", SetNames)}"
                    + NearestName.Question(place, SetNames));
        }
        return sources.ToImmutable();

        ModelInput? ImagesFeed(string? named)
        {
            if ((named ?? options.Input) is { } name)
                return inputs.First(input => input.Name == name);
            var others = options.Data.Select(text => Parse(text, checkpoint, inputs).Input).ToArray();
            ModelInput[] left = [.. inputs.Where(input => !others.Contains(input.Name))];
            return left.Length == 1 ? left[0] : null;
        }
    }

    /// <summary>Shape of one sample of an input, 0 for the sizes that neither the model nor the user fixed.</summary>
    private static ImmutableArray<int> FixedSizes(ModelInput input, ProbeOptions options) =>
    [
        .. input.Shape.Zip(input.Symbols)
            .Where((_, axis) => axis != input.BatchAxis)
            .Select(axis => axis.Second.Length > 0 && !options.Dimensions.ContainsKey(axis.Second) ? 0 : (int)axis.First!.Value),
    ];

    private static ProbeSource OfSet(
        string? input, string name, string split, ProbeOptions options, Action<string>? progress, CancellationToken token,
        out string sha256)
    {
        var set = DatasetCatalog.Open(name, split, options.DataDir, options.Samples, progress, token);
        sha256 = set.Sha256;
        return new ProbeSource(input, $"{name} {split}", name, new StoredSamples([new NamedArray("", set.Images)], set.Labels));
    }

    private static ProbeSource OfPath(string? input, string path, StoredSamples stored) =>
        new(input, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), path, stored);

    private static (string? Input, string Place) Parse(string text, Checkpoint checkpoint, ImmutableArray<ModelInput> inputs)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || File.Exists(text) || Directory.Exists(text))
            return (null, text);
        var name = text[..equals];
        return inputs.Any(input => input.Name == name)
            ? (name, text[(equals + 1)..])
            : throw new UsageException(
                $"--data {text}: {checkpoint.FileName} has no input '{name}'; "
                + $"it has {ProbeBinding.Names(inputs)}");
    }

    private static string Short(string sha256) => sha256.Length > 12 ? sha256[..12] + "…" : sha256;
}
