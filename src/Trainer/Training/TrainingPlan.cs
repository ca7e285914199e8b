using Emergence.Checkpoints;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Training;

/// <summary>What to train, on what, how and how long, and where the checkpoints go.</summary>
/// <param name="Network">Where the weights come from.</param>
/// <param name="Dataset">A name of the data set catalogue.</param>
/// <param name="DataDir">Folder with its files, or null.</param>
/// <param name="Samples">Train on this many samples, in stored order; null for all. The test split is always whole.</param>
/// <param name="Preprocessing">How images become inputs.</param>
/// <param name="Hyper">Everything else that shapes the weights.</param>
/// <param name="Epochs">How many to train; 0 leaves it at the initial weights.</param>
/// <param name="Threads">Threads of one operator. Another number may round sums differently.</param>
/// <param name="Output">Folder of the checkpoints and <c>train.csv</c>.</param>
/// <param name="Regrow">Whether weights that a pruning set to zero may grow back.</param>
/// <param name="KeepGoing">Whether to train on when loss or weights are not finite any more.</param>
/// <param name="HeldOut">How many of the first training samples are left out; <paramref name="Samples"/> are those behind
/// them.</param>
internal sealed record TrainingPlan(
    NetworkSource Network, string Dataset, string? DataDir, int? Samples, Preprocessing Preprocessing, HyperParameters Hyper,
    int Epochs, int Threads, string Output, bool Regrow = false, bool KeepGoing = false, int HeldOut = 0)
{
    /// <summary>What is random of the training samples.</summary>
    public RandomData Random { get; init; } = RandomData.None;
}

/// <summary>Where a network comes from.</summary>
internal abstract record NetworkSource
{
    private NetworkSource()
    {
    }

    /// <summary>A network with fresh weights.</summary>
    public sealed record Fresh(NetworkDesign Design) : NetworkSource;

    /// <summary>Layers and weights of a checkpoint, whose epochs go on from <paramref name="Epoch"/>.</summary>
    public sealed record Saved(Checkpoint Checkpoint, int Epoch) : NetworkSource;
}
