using System.Globalization;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Series;

/// <summary>Comparisons with chance in words.</summary>
internal static class NullWords
{
    /// <summary>The draws in words.</summary>
    public static string Draws(NullModel model) => string.Create(CultureInfo.InvariantCulture,
        $"{model.Draws:N0} {(model.Draws == 1 ? "draw" : "draws")} of {Meaning(model.Kind)} (seed {model.Seed})");

    /// <summary>The symbol of a measure.</summary>
    public static string Symbol(NullMeasure measure) => measure switch
    {
        NullMeasure.Emergence => "E",
        NullMeasure.EmergenceActive => "E_H",
        NullMeasure.EmergenceWired => "E_w",
        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "has no symbol"),
    };

    private static string Meaning(NullKind kind) => kind switch
    {
        NullKind.Shuffle => "the weights of each layer in random order",
        NullKind.Place => "as many alive nodes at random places of each layer",
        NullKind.Spread => "as many alive nodes spread over all layers",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no meaning"),
    };
}
