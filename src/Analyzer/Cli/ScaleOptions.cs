using System.CommandLine;
using Emergence.Analyzer.Journal;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Cli;

/// <summary>A folder of results that several runs share.</summary>
/// <param name="Folder">Where it is.</param>
/// <param name="Size">What may stay there, in bytes; null: all.</param>
internal sealed record CacheCall(string Folder, long? Size)
{
    // Of the time for a checkpoint: the rest is for measuring it after all.
    private const int ShareOfTimeout = 10;

    /// <summary>The store in it.</summary>
    /// <param name="timeout">How long one checkpoint may take.</param>
    /// <param name="warn">Receives why results cannot be kept.</param>
    public ResultStore Open(TimeSpan timeout, Action<string> warn) => new(() => Folder, warn)
    {
        Patience = timeout / ShareOfTimeout,
        Loss = "results of this run are not shared",
    };

    /// <summary>Makes room, where this run has added to it.</summary>
    /// <exception cref="UserException">A result cannot be removed.</exception>
    public void Limit(ResultStore store)
    {
        if (Size is not null && store.Kept > 0 && Directory.Exists(Folder))
            ResultCache.Prune(Folder, Size, unused: null, DateTime.UtcNow);
    }
}

/// <summary>The options that spread a series over several processes and machines.</summary>
internal sealed class ScaleOptions
{
    private ShardOption Shard { get; } = new(
        "--shard",
        "analyze only part i of N, for emergence-analyze merge; auto: as Slurm, AWS Batch or CI say, or Kubernetes, with N");

    private ShardOption ShardSamples { get; } = new(
        "--shard-samples",
        "run all checkpoints on part i of N of the samples only, for emergence-analyze merge: for few checkpoints on many "
        + "samples");

    private Option<string> Cache { get; } = TypedOption.Text(
        "--cache", "DIR", "keep results there and take those that are there, by the content of checkpoints; any number of runs "
        + "may share it");

    private Option<long> CacheSize { get; } = TypedOption.Bytes(
        "--cache-size", "remove what was not used for the longest time from --cache beyond this size, as in 10G, at the end of "
        + "the run [default: nothing]");

    /// <summary>In the order of help.</summary>
    public IEnumerable<Option> All => [Shard.Option, ShardSamples.Option, Cache, CacheSize];

    /// <summary>The shared folder of results; null: none.</summary>
    /// <exception cref="UsageException">It is a file, or a size is given without one.</exception>
    public CacheCall? ReadCache(ParseResult parsed)
    {
        if (parsed.GetValue(Cache) is not { } folder)
        {
            return parsed.GetResult(CacheSize) is null
                ? null : throw new UsageException("--cache-size: limits the folder of --cache; name it");
        }
        return File.Exists(folder)
            ? throw new UsageException($"--cache {folder}: is a file; name a directory, which is created where needed")
            : new CacheCall(folder, parsed.GetResult(CacheSize) is null ? null : parsed.GetValue(CacheSize));
    }

    /// <summary>The part to analyze; null: all.</summary>
    /// <param name="parsed">The call.</param>
    /// <param name="hasFolder">Whether there is a folder for what the part contributes.</param>
    /// <exception cref="UsageException">There is none, or it is not clear which part is meant.</exception>
    public Shard? ReadShard(ParseResult parsed, bool hasFolder) => Read(parsed, Shard, hasFolder);

    /// <summary>The share of the samples to count on; null: all.</summary>
    /// <param name="parsed">The call.</param>
    /// <param name="hasFolder">Whether there is a folder for what the share contributes.</param>
    /// <param name="settings">What to measure.</param>
    /// <exception cref="UsageException">There is none, it is not clear which share is meant, or something is asked for that
    /// does not follow from counts on shares.</exception>
    public Shard? ReadSampleShard(ParseResult parsed, bool hasFolder, AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var shard = Read(parsed, ShardSamples, hasFolder);
        if (shard is not null && Conflict(parsed, settings) is { } conflict)
            throw new UsageException(conflict);
        return shard;
    }

    /// <summary>What does not go with a share of the samples; null where nothing is asked for.</summary>
    private string? Conflict(ParseResult parsed, AnalysisSettings settings)
    {
        if (parsed.GetResult(Shard.Option) is not null)
            return "--shard: splits the series, --shard-samples the samples; give --shard alone where there are more checkpoints "
                + "than shards, else --shard-samples alone";
        if (parsed.GetResult(Cache) is not null)
            return "--cache: keeps results, and a share of the samples has none; leave it out with --shard-samples";
        if (settings.Nulls.Any(model => model.Kind == NullKind.Shuffle))
            return "--null shuffle: runs other networks on all samples, which --shard-samples does not split; leave one of them "
                + "out";
        return settings.Rivals
            ? "--measures rivals: reads the ranks of activations off all samples at once, which --shard-samples does not split; "
                + "leave one of them out"
            : null;
    }

    private static Shard? Read(ParseResult parsed, ShardOption option, bool hasFolder)
    {
        var shard = option.Read(parsed);
        return shard is null || hasFolder
            ? shard
            : throw new UsageException($"{option.Option.Name} {shard}: writes files for emergence-analyze merge; name a folder "
                + "for this shard with --out");
    }
}
