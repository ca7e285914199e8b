using System.Globalization;
using Emergence.Analyzer.Landscapes;
using Emergence.CommandLine;
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

    /// <summary>What an axis of a picture measures.</summary>
    /// <param name="landscape">The landscape.</param>
    /// <param name="axis">0 for the first direction, 1 for the second.</param>
    public static string Axis(Landscape landscape, int axis) => landscape switch
    {
        { Other: { } other } => Printable.Of(
            $"from {Path.GetFileName(landscape.File)} (0) to {Path.GetFileName(other)} (1)"),
        { ExplainedVariance.IsEmpty: true } => $"random direction {axis + 1}",
        _ => string.Create(CultureInfo.InvariantCulture,
            $"principal direction {axis + 1} ({landscape.ExplainedVariance[axis]:0.0%} of the path)"),
    };
}
