namespace Emergence.Analyzer.Containment;

/// <summary>What one checkpoint may take.</summary>
public sealed record RunLimits
{
    // A model of some hundred bytes may ask for gigabytes; one of gigabytes needs a few times what it stores.
    private const long Least = 1L << 30;
    private const int TimesStored = 8;
    private const int TimesSamples = 4;

    /// <summary>How long one checkpoint may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Memory in bytes that the process may take; null: by the size of the checkpoint and its samples.</summary>
    public long? Memory { get; init; }

    /// <summary>Half of the memory there is, a container's limit honored: while files and samples are read.</summary>
    public static long OfMachine { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;

    /// <summary>The memory that the process may take, however many checkpoints it works on.</summary>
    public long MemoryOfAll => Memory ?? OfMachine;

    /// <summary>The memory for a checkpoint: 1 GiB, eight times its files and four times its samples,
    /// within half of the machine's.</summary>
    /// <param name="stored">Bytes of the checkpoint, external data included.</param>
    /// <param name="samples">Bytes of the samples.</param>
    /// <param name="device">Bytes that the libraries of a device take, which come on top.</param>
    public long MemoryFor(long stored, long samples, long device = 0) => Memory ?? (long)Int128.Min(
        OfMachine, (Int128)Least + device + ((Int128)stored * TimesStored) + ((Int128)samples * TimesSamples));
}
