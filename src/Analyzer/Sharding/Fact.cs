using System.Collections.Immutable;
using System.Globalization;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Sharding;

/// <summary>Something that all parts of a series have to agree on, as it is told to people.</summary>
/// <param name="Name">The option, or what else it is.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct Fact(string Name, string Value)
{
    /// <summary>What shapes every number.</summary>
    public static ImmutableArray<Fact> Of(AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return
        [
            new("--threshold", Numbers(settings.Thresholds)),
            new("--statistic", $"{settings.Statistic}"),
            new("--alive-share", Number(settings.AliveShare)),
            new("--conv-nodes", $"{settings.ConvNodes}"),
            new("--include-input", $"{settings.IncludeInput}"),
            new("--only", Quoted(settings.Only)),
            new("--exclude", Quoted(settings.Exclude)),
            new("--measures wired", $"{settings.Wired}"),
            new("--measures rivals", $"{settings.Rivals}"),
            new("--measures contributions", $"{settings.Contributions}"),
            new("--units", $"{settings.Units}"),
            new("largest activations", $"{settings.Maxima}"),
            new("--bootstrap", settings.Bootstrap is { } bootstrap
                ? FormattableString.Invariant($"{bootstrap.Resamples} with --seed {bootstrap.Seed}") : "none"),
            new("--null", settings.Nulls.IsEmpty ? "none" : string.Join(" ", settings.Nulls.Select(model =>
                FormattableString.Invariant($"{model.Kind}:{model.Draws} with --seed {model.Seed}")))),
            new("--optimization", $"{settings.Optimization}"),
            new("--threads", Number(settings.Threads)),
            new("--batch", Number(settings.Batch)),
            new("--device", $"{settings.Device}"),
            new("--ep-library", settings.ProviderLibrary ?? "none"),
        ];
    }

    /// <summary>What the user said of the samples. Not <c>--data-dir</c>, which may differ from machine to machine: the samples
    /// themselves are compared.</summary>
    public static ImmutableArray<Fact> Of(ProbeOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return
        [
            new("--data", Quoted(options.Data)),
            new("--split", options.Split is { } split ? $"{split}" : "as recorded"),
            new("--samples", options.Samples is { } samples ? Number(samples) : "all"),
            new("--labels", options.Labels ?? "none"),
            new("--scale", options.Scale is { } scale ? Number(scale) : "as recorded"),
            new("--mean", Numbers(options.Mean)),
            new("--std", Numbers(options.Std)),
            new("--input", options.Input ?? "none"),
            new("--dim", Quoted(options.Dimensions.OrderBy(size => size.Key, StringComparer.Ordinal)
                .Select(size => string.Create(CultureInfo.InvariantCulture, $"{size.Key}={size.Value}")))),
            new("--seed", Number(options.Seed)),
        ];
    }

    /// <summary>The facts of which two have another value: their names with both values.</summary>
    public static IEnumerable<string> Differences(ImmutableArray<Fact> ours, ImmutableArray<Fact> theirs) =>
        ours.Zip(theirs).Where(pair => pair.First != pair.Second)
            .Select(pair => $"{pair.First.Name}: {pair.First.Value} and {pair.Second.Value}");

    private static string Number<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Numbers(ImmutableArray<float> values) =>
        values.IsEmpty ? "none" : string.Join(',', values.Select(Number));

    private static string Quoted(IEnumerable<string> words) =>
        string.Join(' ', words.Select(word => $"'{word}'")) is { Length: > 0 } text ? text : "none";
}
