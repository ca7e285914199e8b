using System.CommandLine;

namespace Emergence.CommandLine;

/// <summary>An option that says which part of the work is this process's: <c>3/8</c>, or as the scheduler says.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">For help.</param>
public sealed class ShardOption(string name, string description)
{
    private const string Auto = "auto";

    private readonly Option<ShardChoice> option = TypedOption.Of(name, "i/N|auto[/N]", description, Parse);

    /// <summary>The option.</summary>
    public Option Option => option;

    /// <summary>The part that the call or the environment says; null where none was asked for.</summary>
    /// <exception cref="Checkpoints.UsageException">It is not clear which part is meant.</exception>
    public Shard? Read(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        if (parsed.GetResult(option) is null)
            return null;
        var choice = parsed.GetRequiredValue(option);
        return choice.Shard ?? ArrayTask.Of(Environment.GetEnvironmentVariable, choice.Total, name);
    }

    private static ShardChoice Parse(string text) =>
        text == Auto ? new ShardChoice(null, null)
        : text.StartsWith($"{Auto}/", StringComparison.Ordinal)
            ? Shard.TryCount(text[(Auto.Length + 1)..], out var total) ? new ShardChoice(null, total)
                : throw new FormatException($"'{text}': expected a number of shards behind {Auto}/, as in {Auto}/8")
        : new ShardChoice(Shard.Parse(text), null);

    /// <summary>What was asked for.</summary>
    /// <param name="Shard">The part; null: as the scheduler says.</param>
    /// <param name="Total">How many parts there are, where the scheduler does not say.</param>
    private sealed record ShardChoice(Shard? Shard, int? Total);
}
