using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments;

/// <summary>Section 4.4 of the paper: emergence of a convolutional network while it trains, under every
/// definition of a node and of alive.</summary>
/// <param name="Settings">Epochs, samples, seeds.</param>
/// <param name="Datasets">Data sets; each is an experiment of its own.</param>
/// <param name="Kind">The network.</param>
internal sealed record Cnn(ExperimentSettings Settings, ImmutableArray<string> Datasets, NetworkKind Kind)
{
    // At the learning rate of the fully connected networks and without momentum, LeNet has not begun to learn after 20 epochs.
    private static readonly HyperParameters Hyper = new(Optimizer.Sgd, 0.01, 0.9, 64, 0);

    /// <summary>Every run is repeated with each.</summary>
    public ImmutableArray<long> Seeds => Settings.ConvolutionalSeeds;

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps =>
        from dataset in Datasets
        from seed in Seeds
        from reading in Readings
        select new AnalyzeStep(Run(dataset, seed), reading, Settings.ProbeSamples);

    /// <summary>How each series is read.</summary>
    public static ImmutableArray<Reading> Readings { get; } =
        [.. new[] { Reading.Mean, Reading.Max, Reading.Share }.SelectMany(reading => new[] { reading, reading.OfFilters() })];

    /// <summary>The training.</summary>
    public TrainStep Run(string dataset, long seed) => new(
        string.Create(CultureInfo.InvariantCulture, $"cnn/{dataset}/seed-{seed}"),
        new TrainingSetting(
            new NetworkDesign(Kind, [], Settings.Design.Activation, Settings.Design.Initialization), dataset,
            Settings.ConvolutionalSamples,
            Hyper with { Seed = seed }, Settings.Threads),
        0,
        Settings.Epochs);
}
