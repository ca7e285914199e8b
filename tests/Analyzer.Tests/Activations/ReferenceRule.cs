using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>The definitions of alive and borderline, applied to every activation of a node.</summary>
internal static class ReferenceRule
{
    /// <param name="node">The node's values on each sample: several for a whole filter.</param>
    /// <param name="settings">Statistic and share.</param>
    /// <param name="threshold">θ.</param>
    public static (bool Alive, bool Borderline) Verdict(List<double[]> node, AnalysisSettings settings, float threshold)
    {
        var values = node.SelectMany(sample => sample).ToArray();
        bool Share(double above) =>
            node.Count(sample => (float)sample.Average() > (float)above) / (double)node.Count > settings.AliveShare;
        var value = settings.Statistic switch
        {
            Statistic.Mean => values.Average(),
            Statistic.Max => values.Max(),
            Statistic.AbsMean => values.Average(Math.Abs),
            Statistic.AbsMax => values.Max(Math.Abs),
            _ => double.NaN,
        };
        return settings.Statistic == Statistic.Share
            ? (Share(threshold), Share(threshold - 1e-4) != Share(threshold + 1e-4))
            : ((float)value > threshold, Math.Abs(value - threshold) <= 1e-4);
    }
}
