using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Reports;

/// <summary>The words that stand for our terms in options and machine formats.</summary>
internal static class Spelling
{
    public static string Of(Statistic statistic) => statistic switch
    {
        Statistic.Mean => "mean",
        Statistic.Max => "max",
        Statistic.AbsMean => "absmean",
        Statistic.AbsMax => "absmax",
        Statistic.Share => "share",
        Statistic.Dormancy => "dormancy",
        Statistic.Sample => "sample",
        _ => throw new ArgumentOutOfRangeException(nameof(statistic), statistic, "has no word"),
    };

    public static string Of(ConvNodes nodes) => nodes switch
    {
        ConvNodes.Units => "units",
        ConvNodes.Filters => "filters",
        _ => throw new ArgumentOutOfRangeException(nameof(nodes), nodes, "has no word"),
    };

    public static string Of(Optimization optimization) => optimization switch
    {
        Optimization.Default => "default",
        Optimization.None => "none",
        Optimization.Basic => "basic",
        Optimization.All => "all",
        _ => throw new ArgumentOutOfRangeException(nameof(optimization), optimization, "has no word"),
    };

    public static string Of(NullKind kind) => kind switch
    {
        NullKind.Shuffle => "shuffle",
        NullKind.Place => "place",
        NullKind.Spread => "spread",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word"),
    };

    public static string Of(NullMeasure measure) => measure switch
    {
        NullMeasure.Emergence => "emergence",
        NullMeasure.EmergenceActive => "emergence_active",
        NullMeasure.EmergenceWired => "emergence_wired",
        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "has no word"),
    };

    /// <summary>Null where the emergence is not zero.</summary>
    public static string? Of(ZeroCause cause) => cause switch
    {
        ZeroCause.None => null,
        ZeroCause.AllAlive => "all_alive",
        ZeroCause.AllDead => "all_dead",
        ZeroCause.NoPath => "no_path",
        _ => throw new ArgumentOutOfRangeException(nameof(cause), cause, "has no word"),
    };

    public static string Of(VerdictKind kind) => kind switch
    {
        VerdictKind.CannotTell => "cannot_tell",
        VerdictKind.StillDeveloping => "still_developing",
        VerdictKind.LevelingOff => "leveling_off",
        VerdictKind.Settled => "settled",
        VerdictKind.Collapsing => "collapsing",
        VerdictKind.Diverged => "diverged",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word"),
    };

    public static string Of(LayerMatch match) => match switch
    {
        LayerMatch.None => "none",
        LayerMatch.Name => "name",
        LayerMatch.Structure => "structure",
        _ => throw new ArgumentOutOfRangeException(nameof(match), match, "has no word"),
    };

    public static string Of(EdgeKind kind) => kind switch
    {
        EdgeKind.Dense => "dense",
        EdgeKind.Identity => "identity",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word"),
    };

    public static string Of(AxisRole role) => role switch
    {
        AxisRole.Batch => "batch",
        AxisRole.Sample => "sample",
        AxisRole.Channel => "channel",
        AxisRole.Position => "position",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, "has no word"),
    };

    public static string Of(Severity severity) => severity switch
    {
        Severity.Note => "note",
        Severity.Warning => "warning",
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, "has no word"),
    };

    /// <summary>Null for NaN and the infinities, which neither JSON nor CSV can hold.</summary>
    public static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
