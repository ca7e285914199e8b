namespace Emergence.Measuring.Devices;

/// <summary>What went between the program and the runtime; to and from another device than the CPU it is copied.</summary>
/// <param name="Samples">Samples that were run, padding not included.</param>
/// <param name="Runs">The runs they took.</param>
/// <param name="In">Bytes that were fed.</param>
/// <param name="Back">Bytes that came back.</param>
public sealed record CopiedBytes(long Samples, long Runs, long In, long Back)
{
    /// <summary>Nothing.</summary>
    public static CopiedBytes None { get; } = new(0, 0, 0, 0);

    /// <summary>Bytes of a sample, on average.</summary>
    public double InASample => (double)In / Math.Max(1, Samples);

    /// <summary>Bytes that a run brings back, on average.</summary>
    public double BackARun => (double)Back / Math.Max(1, Runs);

    /// <summary>Both together.</summary>
    public CopiedBytes Plus(CopiedBytes other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(Samples + other.Samples, Runs + other.Runs, In + other.In, Back + other.Back);
    }
}
