using Emergence.Analyzer.Landscapes;
using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary>How what belongs to landscapes is called in options and files.</summary>
internal static class LandscapeWords
{
    public static string Of(DirectionKind kind) => kind switch
    {
        DirectionKind.Random => "random",
        DirectionKind.Trajectory => "trajectory",
        DirectionKind.Between => "between",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word"),
    };

    public static string Of(Normalization normalization) => normalization switch
    {
        Normalization.Filter => "filter",
        Normalization.Layer => "layer",
        Normalization.None => "none",
        _ => throw new ArgumentOutOfRangeException(nameof(normalization), normalization, "has no word"),
    };
}
