using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments;

/// <summary>
/// Beyond the paper: many short runs of different networks, to see how well emergence early in training tells how a run will end.
/// </summary>
/// <param name="Settings">Samples and epochs.</param>
/// <param name="Dataset">What all are trained on.</param>
internal sealed record Predictor(ExperimentSettings Settings, string Dataset)
{
    private static readonly ImmutableArray<ImmutableArray<int>> Hidden =
        [[16], [32], [64], [128], [32, 16], [64, 32], [128, 64], [64, 64, 64]];
    private static readonly ImmutableArray<double> LearningRates = [0.02, 0.1];
    private static readonly ImmutableArray<Activation> Activations = [Activation.Relu, Activation.Sigmoid, Activation.Tanh];

    /// <summary>The runs: every combination of sizes, learning rate and activation function, each with a
    /// seed of its own.</summary>
    public ImmutableArray<TrainStep> Runs =>
    [
        .. from hidden in Hidden
           from rate in LearningRates
           from activation in Activations
           select (hidden, rate, activation) into combination
           select Run(combination.hidden, combination.rate, combination.activation),
    ];

    /// <summary>The whole work.</summary>
    public IEnumerable<Step> Steps => Runs.Select(run => new AnalyzeStep(run, Reading.Mean, Settings.ProbeSamples));

    private TrainStep Run(ImmutableArray<int> hidden, double rate, Activation activation)
    {
        var index = (Hidden.IndexOf(hidden) * LearningRates.Length
            + LearningRates.IndexOf(rate)) * Activations.Length + Activations.IndexOf(activation);
        return new TrainStep(
            string.Create(CultureInfo.InvariantCulture,
                $"predictor/{Dataset}/{string.Join('-', hidden)}-{activation.ToString().ToLowerInvariant()}-lr-{rate}"),
            new TrainingSetting(
                new NetworkDesign(NetworkKind.Mlp, hidden, activation, Initialization.PyTorch), Dataset, Settings.ShortSamples,
                new HyperParameters(Optimizer.Sgd, rate, 0, 64, index), Settings.Threads),
            0,
            Settings.ShortEpochs);
    }
}
