using System.Globalization;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Reports.Html;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary>What each number of a landscape says, in a sentence that claims no more than the number shows.</summary>
internal static class LandscapeSentences
{
    /// <summary>The finding of one number.</summary>
    public static string Of(LandscapeNumber number)
    {
        if (number.Value is not { } value)
            return $"{Name(number)}: not known; {Printable.Of(number.Reason ?? "no reason was recorded")}.";
        return number.Name switch
        {
            "minima" => Minima((int)value),
            "roughness" => Roughness(number, value),
            "sharpness" => Sharpness(number, value),
            "curvature_min" => Bend(number, "in the direction of the plane in which it bends least"),
            "curvature_max" => Bend(number, "in the direction of the plane in which it bends most"),
            "hessian_trace" => Bend(number, "summed over all directions of the weights"),
            "barrier" => value > 0
                ? $"On the way between the two checkpoints the loss rises up to {PageText.Number(value)} above the straight line "
                    + "from end to end: a barrier."
                : "No point on the line lies above the straight line from end to end: no barrier was seen at this spacing.",
            "accuracy_barrier" => value > 0
                ? $"Accuracy falls up to {Points(value)} below the straight line from end to end."
                : "Accuracy nowhere falls below the straight line from end to end at this spacing.",
            _ => $"{Name(number)}: {PageText.Number(value)}{Interval(number)}.",
        };
    }

    /// <summary>The name of a number in words.</summary>
    public static string Name(LandscapeNumber number)
    {
        var words = number.Name.Replace('_', ' ');
        return $"{char.ToUpperInvariant(words[0])}{words[1..]}";
    }

    /// <summary>How much of its path a plane shows; null without a path.</summary>
    public static string? Path(Landscape landscape) => landscape.Path.IsEmpty ? null
        : string.Create(CultureInfo.InvariantCulture,
            $"The plane holds {PageText.Percent(landscape.ExplainedVariance.Sum())} of the variance of the path; its "
            + $"{landscape.Path.Length} checkpoints are up to {PageText.Number(landscape.Path.Max(place => place.OffPlane))} "
            + $"away from it, on a path {PageText.Number(Extent(landscape))} across.");

    private static double Extent(Landscape landscape) => Math.Max(
        landscape.Path.Max(place => place.X) - landscape.Path.Min(place => place.X),
        landscape.Path.Max(place => place.Y) - landscape.Path.Min(place => place.Y));

    private static string Minima(int count) => count switch
    {
        0 => "No point inside the grid is lower than all its neighbors: the lowest loss is at its edge, or several are equal.",
        1 => "One point inside the grid is lower than all its neighbors: at this spacing there is one valley.",
        _ => $"{PageText.Count(count)} points inside the grid are lower than all their neighbors: at this spacing there are "
            + "several valleys.",
    };

    private static string Roughness(LandscapeNumber number, double value) => value == 0
        ? "Along the lines that were measured the loss has one valley: nothing goes up and down beyond it at this spacing."
        : $"Beyond one valley, the loss goes up and down by {PageText.Percent(value)} of its height{Percents(number)}"
            + (number.Low <= 0 ? "; the interval reaches 0, so the roughness may be that of single lines." : ".");

    private static string Sharpness(LandscapeNumber number, double value)
    {
        var size = $"{PageText.Number(Math.Abs(value))} % of 1 + loss{Interval(number)}";
        return value > 0
            ? $"The worst of four steps of 5 % of the weights' length raises the loss by {size}"
                + (number.Low <= 0 ? "; the interval reaches 0, so whether it rises is not known." : ".")
            : value < 0 ? $"Even the worst of four steps of 5 % of the weights' length lowers the loss by {size}."
            : "The worst of four steps of 5 % of the weights' length leaves the loss as it is.";
    }

    private static string Bend(LandscapeNumber number, string where) =>
        $"Curvature {where}: {PageText.Number(number.Value)}{Interval(number)}; " + SignOf(number) switch
        {
            1 => "the loss bends upwards there.",
            -1 => "the loss bends downwards there.",
            _ => "its sign is not known.",
        };

    /// <summary>The sign on which the interval and the three step sizes agree; else 0.</summary>
    private static int SignOf(LandscapeNumber number)
    {
        var value = number.Value!.Value;
        double[] all = [value, number.Low ?? value, number.High ?? value, .. number.AtSteps];
        return Array.TrueForAll(all, value => value > 0) ? 1 : Array.TrueForAll(all, value => value < 0) ? -1 : 0;
    }

    private static string Interval(LandscapeNumber number) => number is { Low: { } low, High: { } high }
        ? $" (95 % interval {PageText.Number(low)} to {PageText.Number(high)})" : "";

    private static string Percents(LandscapeNumber number) => number is { Low: { } low, High: { } high }
        ? $" (95 % interval {PageText.Percent(low)} to {PageText.Percent(high)})" : "";

    private static string Points(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.##} points");
}
