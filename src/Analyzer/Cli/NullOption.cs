using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Cli;

/// <summary>What E is compared with.</summary>
internal sealed class NullOption
{
    private static readonly NullKind[] Kinds = Enum.GetValues<NullKind>();

    public Option<ImmutableArray<NullModel>> Option { get; } = TypedOption.Each(
        "--null", "KIND:N",
        "compare E with N draws by chance: shuffle, the weights of each layer in random order, run again; place, alive nodes at "
        + "random places of their layer; spread, over all layers; repeatable [default: none]",
        [.. Kinds.Select(kind => $"{Spelling.Of(kind)}:999")], ReadOne);

    /// <summary>The comparisons that the user asked for.</summary>
    /// <exception cref="UsageException">A kind is given twice, or the statistic has no place for it.</exception>
    public ImmutableArray<NullModel> Read(ParseResult parsed, Statistic statistic, int seed)
    {
        if (parsed.GetResult(Option) is null)
            return [];
        var models = parsed.GetValue(Option);
        if (statistic == Statistic.Sample)
            throw new UsageException(
                "--null: is not offered per sample, where no node is alive or dead as such; choose another --statistic");
        return models.GroupBy(model => model.Kind).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new UsageException($"--null {Spelling.Of(twice.Key)}: is given twice; give each kind once")
            : [.. models.Select(model => model with { Seed = seed })];
    }

    private static NullModel ReadOne(string text)
    {
        var (word, number) = text.Split(':') is [var first, var second] ? (first, second) : (text, "");
        var kind = Array.FindIndex(Kinds, kind => Spelling.Of(kind) == word);
        if (kind < 0)
            throw TypedOption.NoSuchWord(word, [.. Kinds.Select(Spelling.Of)]);
        return WrittenNumber.TryWhole<int>(number, out var draws) && draws >= 1
            ? new NullModel(Kinds[kind], draws)
            : throw new FormatException($"'{text}' names no number of draws; write {word}:N with N of at least 1, as in "
            + $"{word}:999");
    }
}
