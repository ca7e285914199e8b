namespace Emergence.Measuring.Settings;

/// <summary>
/// How the choice of samples is varied: the probe is cut into blocks, and each resample draws as many of them, with
/// replacement.
/// </summary>
/// <param name="Resamples">How many resamples.</param>
/// <param name="Seed">Seed of the draws.</param>
public sealed record BootstrapSettings(int Resamples, int Seed = 0)
{
    /// <summary>How many resamples.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than <see cref="FewestResamples"/>.</exception>
    public int Resamples { get; init => field = Enough(value, nameof(Resamples)); } = Enough(Resamples, nameof(Resamples));

    /// <summary>
    /// Number of blocks, at most one sample apart in size. Each costs 8 bytes per node and counter; with 32 the spread comes
    /// out 1.6 % too small (√(31/32)).
    /// </summary>
    public const int Blocks = 32;

    /// <summary>With fewer resamples than this the ends of an interval are chance themselves: two lie beyond each.</summary>
    public const int FewestResamples = 100;

    private static int Enough(int resamples, string name) => resamples >= FewestResamples
        ? resamples
        : throw new ArgumentOutOfRangeException(name, resamples, "expected 100 or more");
}
