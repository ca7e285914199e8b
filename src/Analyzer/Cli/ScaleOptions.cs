using System.CommandLine;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>The options that spread a series over several processes and machines.</summary>
internal sealed class ScaleOptions
{
    private const string Auto = "auto";

    private Option<ShardChoice> Shard { get; } = TypedOption.Of(
        "--shard", "i/N|auto[/N]",
        "analyze only part i of N, for emergence-analyze merge; auto: as Slurm, AWS Batch or CI say, or Kubernetes, with N",
        Read);

    /// <summary>In the order of help.</summary>
    public IEnumerable<Option> All => [Shard];

    /// <summary>The part to analyze; null: all.</summary>
    /// <param name="parsed">The call.</param>
    /// <param name="hasFolder">Whether there is a folder for what the part contributes.</param>
    /// <exception cref="UsageException">There is none, or it is not clear which part is meant.</exception>
    public Shard? ReadShard(ParseResult parsed, bool hasFolder)
    {
        if (parsed.GetResult(Shard) is null)
            return null;
        var choice = parsed.GetRequiredValue(Shard);
        var shard = choice.Shard ?? ArrayTask.Of(Environment.GetEnvironmentVariable, choice.Total);
        return hasFolder
            ? shard
            : throw new UsageException($"--shard {shard}: writes files for emergence-analyze merge; name a folder for this shard "
                + "with --out");
    }

    private static ShardChoice Read(string text) =>
        text == Auto ? new ShardChoice(null, null)
        : text.StartsWith($"{Auto}/", StringComparison.Ordinal)
            ? Sharding.Shard.TryCount(text[(Auto.Length + 1)..], out var total) ? new ShardChoice(null, total)
                : throw new FormatException($"'{text}': expected a number of shards behind {Auto}/, as in {Auto}/8")
        : new ShardChoice(Sharding.Shard.Parse(text), null);

    /// <summary>What was asked for.</summary>
    /// <param name="Shard">The part; null: as the scheduler says.</param>
    /// <param name="Total">How many parts there are, where the scheduler does not say.</param>
    private sealed record ShardChoice(Shard? Shard, int? Total);
}
