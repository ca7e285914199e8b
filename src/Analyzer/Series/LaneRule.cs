namespace Emergence.Analyzer.Series;

/// <summary>How many checkpoints are analyzed side by side, and which get all threads alone. None of it affects any number.
/// </summary>
internal static class LaneRule
{
    // Behind these a run spends its time in operators that use all threads, and two at once take the memory of two.
    private const long LargeCost = 32L << 20;
    private const long WideTensor = 1L << 20;

    // Eight times the weights of the largest that is not large, and what a session takes besides.
    private const long MemoryOfOne = (LargeCost * 8) + (128L << 20);

    // On a GPU: the weights, and what the allocator takes more as it grows in powers of two; activations and kernels.
    private const int TimesStored = 2;
    private const long MemoryOfRuns = 2L << 30;

    /// <summary>How many at once.</summary>
    /// <param name="threads">Threads of all together.</param>
    /// <param name="checkpoints">How many there are.</param>
    /// <param name="memory">Memory of all together, in bytes.</param>
    public static int Count(int threads, int checkpoints, long memory) =>
        (int)Math.Max(1, Math.Min(Math.Min(threads, checkpoints), memory / MemoryOfOne));

    /// <summary>How many at once on each GPU: two, so that one is read and its weights are copied while the other runs.</summary>
    /// <param name="free">Bytes of the GPU's memory that are free; null where that is not known.</param>
    /// <param name="largest">Bytes that the largest checkpoint stores.</param>
    public static int OnEach(long? free, long largest) => (largest * TimesStored) + MemoryOfRuns <= free / 2 ? 2 : 1;

    /// <summary>Whether a checkpoint is large by what it stores.</summary>
    public static bool IsLarge(string file) => CheckpointCost.Of(file) > LargeCost;

    /// <summary>Whether a checkpoint is large by what it computes.</summary>
    /// <param name="bytes">Of the largest tensor that a run of one sample makes.</param>
    public static bool IsWide(Int128 bytes) => bytes > WideTensor;
}
