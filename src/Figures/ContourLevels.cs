namespace Emergence.Figures;

/// <summary>Divides a range of heights into bands, each of a color.</summary>
internal sealed class ContourLevels
{
    // Viridis (Smith and van der Walt), which grows lighter evenly and is safe for color-blind readers.
    private static readonly string[] Colors =
    [
        "#440154", "#482173", "#433e85", "#38588c", "#2d708e", "#25858e", "#1e9b8a", "#2ab07f", "#52c569", "#86d549", "#c2df23",
        "#fde725",
    ];

    // Where the largest height is this many times the smallest, equal steps would leave the valley one color.
    private const double WideRatio = 10;

    private readonly bool isLogarithmic;
    private readonly double low, high;

    public ContourLevels(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(AxisScale.CanBeDrawn)];
        var (least, most) = finite.Length == 0 ? (0, 1) : (finite.Min(), finite.Max());
        isLogarithmic = least > 0 && most / least > WideRatio;
        (low, high) = isLogarithmic ? (Math.Log10(least), Math.Log10(most)) : (least, most);
    }

    /// <summary>Number of bands.</summary>
    public static int Bands => Colors.Length;

    /// <summary>The heights between two bands, in ascending order; none where all heights are equal.</summary>
    public IEnumerable<double> Bounds => high > low
        ? Enumerable.Range(1, Bands - 1).Select(Bound)
        : [];

    /// <summary>The lower end of a band.</summary>
    public double Bound(int band)
    {
        var at = low + (high - low) * band / Bands;
        return isLogarithmic ? Math.Pow(10, at) : at;
    }

    /// <summary>The color of a height; gray where it is not finite.</summary>
    public string ColorOf(double value) => !AxisScale.CanBeDrawn(value) ? "#d0d0d0" : Colors[BandOf(value)];

    /// <summary>The color of a band.</summary>
    public static string ColorOf(int band) => Colors[band];

    private int BandOf(double value)
    {
        var at = isLogarithmic ? Math.Log10(Math.Max(value, double.Epsilon)) : value;
        return high > low ? Math.Clamp((int)((at - low) / (high - low) * Bands), 0, Bands - 1) : 0;
    }
}
