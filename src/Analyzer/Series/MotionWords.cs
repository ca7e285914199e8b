using System.Collections.Immutable;
using System.Globalization;

namespace Emergence.Analyzer.Series;

/// <summary>How E moved, in words.</summary>
/// <param name="run">The checkpoints.</param>
/// <param name="values">log E of each.</param>
internal sealed class MotionWords(ImmutableArray<VerdictPoint> run, double[] values)
{
    /// <summary>A plateau and what was before it.</summary>
    /// <param name="since">Index of its first checkpoint.</param>
    public string Plateau(int since)
    {
        var level = values[since..];
        if (level.All(value => value == level[0]))
            return $"since {run[since].Name} E does not change";
        var within = Percent(Math.Max(level.Max() - level.Average(), level.Average() - level.Min()));
        return $"since {run[since].Name} E stays within {within} of one level"
            + (since == 0 ? "" : $"; before, a step was {Percent(Step(1, since))} on average");
    }

    /// <summary>Steps that became smaller.</summary>
    /// <param name="since">Index of the checkpoint from which on.</param>
    public string Smaller(int since) =>
        $"since {run[since].Name} E moves by {Percent(Step(since + 1, values.Length - 1))} per step; " +
        $"before, by {Percent(Step(1, since))}";

    /// <summary>The latest steps.</summary>
    /// <param name="steps">How many.</param>
    public string Recent(int steps)
    {
        var last = values.Length - 1;
        var net = values[last] - values[last - steps];
        var direction = net == 0 ? "ends where it began"
            : $"{(net > 0 ? "rose" : "fell")} by {Percent(Math.Abs(net), net < 0)} in all";
        return FormattableString.Invariant(
            $"over the last {steps} steps E moved by {Percent(Step(last - steps + 1, last))} per step, and {direction}");
    }

    // Root mean square of the steps to the values from one index to another.
    private double Step(int from, int to)
    {
        var sum = 0.0;
        for (var i = from; i <= to; i++)
            sum += (values[i] - values[i - 1]) * (values[i] - values[i - 1]);
        return Math.Sqrt(sum / Math.Max(1, to - from + 1));
    }

    // A difference of logarithms: as a share while that reads well, else as a factor.
    private static string Percent(double log, bool isFall = false) => log switch
    {
        < 0.7 => (100 * (isFall ? 1 - Math.Exp(-log) : Math.Exp(log) - 1)).ToString("0.##", CultureInfo.InvariantCulture) + " %",
        < 14 => "a factor of " + Math.Exp(log).ToString("0.#", CultureInfo.InvariantCulture),
        _ => "a factor of over 1000000",
    };
}
