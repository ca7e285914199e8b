using System.Collections.Immutable;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>
/// Bins of activations, one of whose ends is the threshold: four to a power of ten around it, as activations of layers differ by
/// orders of magnitude; exact zeros, of which a ReLU makes many, have a bin of their own.
/// </summary>
/// <param name="Ends">Ascending; bin i holds what is above end i and not above end i + 1.</param>
internal sealed record ActivationBins(ImmutableArray<double> Ends)
{
    private const int PerDecade = 4;
    private const int Decades = 2;

    /// <summary>What lies between zero and the smallest negative number: nothing, so that the bin behind it holds zeros
    /// alone.</summary>
    private const double BelowZero = -double.Epsilon;

    /// <summary>Around a threshold that activations are compared with.</summary>
    public static ActivationBins Around(float threshold)
    {
        // Where the threshold is zero it has no magnitude; that of the default is used.
        var unit = threshold == 0 ? 0.05 : Math.Abs((double)threshold);
        var positive = Enumerable.Range(-Decades * PerDecade, 2 * Decades * PerDecade + 1)
            .Select(k => k == 0 ? unit : unit * Math.Pow(10, (double)k / PerDecade));
        return new([double.NegativeInfinity, -100 * unit, -10 * unit, -unit, -unit / 10, BelowZero, 0, .. positive,
            double.PositiveInfinity]);
    }

    /// <summary>Of shares from 0 to 1, with one end at the share that life begins above.</summary>
    public static ActivationBins OfShares(double aliveShare) =>
        new([.. Enumerable.Range(0, 21).Select(i => i / 20.0).Append(aliveShare).Append(double.NegativeInfinity).Distinct().Order(
            )]);

    public int Count => Ends.Length - 1;

    /// <summary>The bin of a value that is finite.</summary>
    public int Of(double value)
    {
        var at = Ends.BinarySearch(value);
        return Math.Clamp((at >= 0 ? at : ~at) - 1, 0, Count - 1);
    }

    /// <summary>The same bins without the first and last ones that hold nothing; those beside the threshold stay.</summary>
    public ActivationBins Covering(IEnumerable<int> filled, double threshold)
    {
        int[] kept = [.. filled, Of(threshold), Math.Min(Of(threshold) + 1, Count - 1)];
        return new(Ends[kept.Min()..(kept.Max() + 2)]);
    }

    /// <summary>What a bin holds, in words.</summary>
    public string Text(int bin) => (Ends[bin], Ends[bin + 1]) switch
    {
        (BelowZero, _) => "exactly 0",
        (double.NegativeInfinity, 0) => "0",
        (double.NegativeInfinity, var high) => $"up to {PageText.Number(high)}",
        (var low, double.PositiveInfinity) => $"above {PageText.Number(low)}",
        var (low, high) => $"from {PageText.Number(low)} to {PageText.Number(high == BelowZero ? 0 : high)}",
    };

    /// <summary>An end in a word; empty where it has none.</summary>
    public string EndText(int end) => !double.IsFinite(Ends[end]) ? "" : Ends[end] == BelowZero ? "0"
        : PageText.Number(Ends[end]);
}
