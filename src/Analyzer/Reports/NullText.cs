using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>What is said of comparisons with chance.</summary>
internal static class NullText
{
    /// <summary>Each kind with the measure that it is mainly a control for.</summary>
    public static ImmutableArray<(NullKind Kind, NullMeasure Measure, string Header)> Columns { get; } =
    [
        (NullKind.Shuffle, NullMeasure.Emergence, "shuffled"),
        (NullKind.Place, NullMeasure.EmergenceWired, "placed"),
        (NullKind.Spread, NullMeasure.Emergence, "spread"),
    ];

    /// <summary>The comparison of one kind and measure; null where there is none.</summary>
    public static NullResult? Find(Measurement measurement, NullKind kind, NullMeasure measure) =>
        measurement.Nulls.FirstOrDefault(result => result.Model.Kind == kind && result.Measure == measure);

    /// <summary>The score with its sign, and p, as <c>+3.1, 0.049</c>; empty where there is no comparison.</summary>
    public static string Cell(NullResult? result) => result is null ? "" : string.Create(CultureInfo.InvariantCulture,
        $"{(result.Z is { } z ? z.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) + ", " : "")}{result.P:0.####}");

    /// <summary>A line for each kind: what the column is, what was random, and how small p can be.</summary>
    public static string Legend(AnalysisSettings settings)
    {
        var text = new StringBuilder();
        foreach (var (kind, measure, header) in Columns)
        {
            if (settings.Nulls.FirstOrDefault(model => model.Kind == kind) is { } model
                && (measure != NullMeasure.EmergenceWired || settings.Wired))
                text.Append(string.Create(CultureInfo.InvariantCulture,
                    $"{header}: z and two-sided p of {NullWords.Symbol(measure)} against {NullWords.Draws(model)}; "
                    + $"one side is at least {1.0 / (model.Draws + 1):0.####}\n"));
        }
        return text.ToString();
    }
}
