using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments;

/// <summary>What the paper leaves open, and how much of everything: shared by all experiments.</summary>
internal sealed record ExperimentSettings
{
    /// <summary>Every run is repeated with each: as many as a test over runs needs to see an effect.</summary>
    public ImmutableArray<long> Seeds { get; init; } = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    /// <summary>The same for convolutional networks, which take some ten times as long.</summary>
    public ImmutableArray<long> ConvolutionalSeeds { get; init; } = [0, 1, 2, 3, 4];

    /// <summary>The fully connected network. Its sizes, with <see cref="Hyper"/>, come within a point of
    /// the paper's accuracies.</summary>
    public NetworkDesign Design { get; init; } = new(NetworkKind.Mlp, [128, 64], Activation.Relu, Initialization.PyTorch);

    /// <summary>How fully connected networks are trained; the seed is that of the run.</summary>
    public HyperParameters Hyper { get; init; } = new(Optimizer.Sgd, 0.005, 0, 64, 0);

    /// <summary>Epochs after which copies are pruned; the first is the one of the figures.</summary>
    public ImmutableArray<int> PruneAfter { get; init; } = [5];

    /// <summary>Shares that are pruned; 0 is the copy that is not.</summary>
    public ImmutableArray<double> Amounts { get; init; } = [0, 0.3, 0.5, 0.7];

    /// <summary>The share that is pruned before a transfer.</summary>
    public double TransferAmount { get; init; } = 0.5;

    /// <summary>Epochs from pruning, transfer or start to end.</summary>
    public int Epochs { get; init; } = 20;

    /// <summary>Epochs of a run of the predictor study, and of the controls.</summary>
    public int ShortEpochs { get; init; } = 10;

    /// <summary>Train fully connected networks on this many samples, from the first on; null for all.</summary>
    public int? TrainingSamples { get; init; }

    /// <summary>The same for convolutional networks, which take some ten times as long.</summary>
    public int ConvolutionalSamples { get; init; } = 20_000;

    /// <summary>The same for the many runs of the predictor study, and for the controls.</summary>
    public int ShortSamples { get; init; } = 10_000;

    /// <summary>Test samples on which activations are recorded.</summary>
    public int ProbeSamples { get; init; } = 2_000;

    /// <summary>Whether everything was made small.</summary>
    public bool IsQuick { get; private init; }

    /// <summary>Threads of a run.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How a fully connected network of this design is trained.</summary>
    public TrainingSetting Mlp(string dataset, long seed) => Mlp(Design, dataset, seed);

    /// <inheritdoc cref="Mlp(string, long)"/>
    public TrainingSetting Mlp(NetworkDesign design, string dataset, long seed) =>
        new(design, dataset, TrainingSamples, Hyper with { Seed = seed }, Threads);

    /// <summary>Everything small: to see that it works; the numbers mean nothing.</summary>
    public ExperimentSettings Quick() => this with
    {
        IsQuick = true,
        Seeds = [0],
        ConvolutionalSeeds = [0],
        PruneAfter = [2],
        Epochs = 3,
        ShortEpochs = 3,
        TrainingSamples = 2_000,
        ConvolutionalSamples = 500,
        ShortSamples = 500,
        ProbeSamples = 200,
    };
}
