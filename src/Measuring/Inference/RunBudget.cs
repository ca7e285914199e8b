namespace Emergence.Measuring.Inference;

/// <summary>How large a run may be where the user does not say.</summary>
/// <param name="Samples">The most samples.</param>
/// <param name="Activation">Bytes of the largest activation or input in float32.</param>
/// <param name="Widest">Bytes of the largest tensor of any kind.</param>
internal sealed record RunBudget(int Samples, long Activation, long Widest)
{
    /// <summary>What a run computes stays in the processor's cache.</summary>
    // What stands between the layers is larger in few models, but in some by far.
    public static RunBudget Processor { get; } = new(256, 2L << 20, 256L << 20);

    /// <summary>A run is large enough to keep a GPU busy, and small enough for the memory of a small one.</summary>
    public static RunBudget Gpu { get; } = new(2048, 128L << 20, 1L << 30);
}
