namespace Emergence.Measuring.Inference;

/// <summary>How large a run may be where the user does not say.</summary>
/// <param name="Samples">The most samples.</param>
/// <param name="Activation">Bytes of the largest activation or input in float32.</param>
/// <param name="Widest">Bytes of the largest tensor of any kind.</param>
/// <param name="NodesInGroups">
/// The most nodes of a model whose sums run in float32 over groups of samples, and a second time in double where one of them may
/// lie on the other side of a threshold. Of more nodes that is likely, and double at once is cheaper.
/// </param>
internal sealed record RunBudget(int Samples, long Activation, long Widest, long NodesInGroups)
{
    /// <summary>What a run computes stays in the processor's cache.</summary>
    // What stands between the layers is larger in few models, but in some by far.
    public static RunBudget Processor { get; } = new(256, 2L << 20, 256L << 20, long.MaxValue);

    /// <summary>A run is large enough to keep a GPU busy, and small enough for the memory of a small one.</summary>
    // On a card a sum in double costs about a third of a run; on the processor as much as a second run.
    public static RunBudget Gpu { get; } = new(2048, 128L << 20, 1L << 30, 2_000_000);
}
