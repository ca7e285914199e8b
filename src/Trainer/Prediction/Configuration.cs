using System.Collections.Immutable;
using System.Globalization;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Prediction;

/// <summary>One run of the predictor study, as docs/preregistration.md draws it.</summary>
/// <param name="Number">10 · group + number in the group.</param>
/// <param name="Dataset">A name of the data set catalogue.</param>
/// <param name="Design">The network.</param>
/// <param name="Hyper">How it is trained.</param>
internal sealed record Configuration(int Number, string Dataset, NetworkDesign Design, HyperParameters Hyper)
{
    /// <summary>The last epoch.</summary>
    public const int Epochs = 5;

    /// <summary>Training samples that are held out, the first ones.</summary>
    public const int Validation = 1000;

    /// <summary>Training samples behind them.</summary>
    public const int Samples = 4000;

    private const int InGroup = 10, Discovery = 6;
    private const long DrawSeed = 2719;

    private static readonly ImmutableArray<NetworkKind> Families =
        [NetworkKind.Mlp, NetworkKind.LeNet, NetworkKind.Cnn, NetworkKind.Vit];

    private static readonly ImmutableArray<string> Datasets = ["mnist", "fashion-mnist", "cifar10"];

    /// <summary>All 120.</summary>
    public static ImmutableArray<Configuration> All { get; } =
        [.. Enumerable.Range(0, Families.Length * Datasets.Length * InGroup).Select(Draw)];

    /// <summary>Whether it belongs to the part with seeds of its own, which decides.</summary>
    public bool IsConfirmation => Number % InGroup >= Discovery;

    /// <summary>The part, in a word.</summary>
    public string Part => IsConfirmation ? "confirmation" : "discovery";

    /// <summary>Family and data set.</summary>
    public string Group => $"{Family}, {Dataset}";

    /// <summary>The kind of network.</summary>
    public string Family => Design.Kind.ToString().ToLowerInvariant();

    /// <summary>Sizes, as <c>64-32</c> or <c>patch 7 width 32 depth 2</c>; empty where they are fixed.</summary>
    public string Sizes => Design.Kind switch
    {
        NetworkKind.Mlp => string.Join('-', Design.Hidden),
        NetworkKind.Vit => string.Create(CultureInfo.InvariantCulture,
            $"patch {Design.Sizes.Patch} width {Design.Sizes.Width} depth {Design.Sizes.Depth}"),
        _ => "",
    };

    /// <summary>The optimizer with its momentum, if any.</summary>
    public string Optimizer => Hyper.Momentum > 0 ? "momentum" : Hyper.Optimizer.ToString().ToLowerInvariant();

    private static Configuration Draw(int number)
    {
        var (group, random) = (number / InGroup, SplitMix64.ForStream(DrawSeed, number));
        var (family, dataset) = (Families[group / Datasets.Length], Datasets[group % Datasets.Length]);
        var design = DrawDesign(family, dataset, random);
        var (optimizer, momentum, rates) = Pick<(Optimizer, double, ImmutableArray<double>)>(random,
            (Training.Optimizer.Sgd, 0, [0.003, 0.01, 0.03, 0.1]), (Training.Optimizer.Sgd, 0.9, [0.001, 0.003, 0.01, 0.03]),
            (Training.Optimizer.Adam, 0, [0.0003, 0.001, 0.003, 0.01]));
        var seed = (number % InGroup >= Discovery ? 2000 : 1000) + number;
        return new Configuration(number, dataset, design,
            new HyperParameters(optimizer, Pick(random, rates.AsSpan()), momentum, 64, seed));
    }

    private static NetworkDesign DrawDesign(NetworkKind family, string dataset, SplitMix64 random)
    {
        ImmutableArray<int> hidden = family != NetworkKind.Mlp ? []
            : [.. Enumerable.Range(0, Pick(random, 1, 2, 3)).Select(_ => Pick(random, 16, 32, 64, 128))];
        var sizes = family != NetworkKind.Vit ? TransformerSizes.Usual
            : new TransformerSizes(dataset == "cifar10" ? 8 : 7, Pick(random, 16, 32, 64), Pick(random, 1, 2, 3), 4);
        var activation = family == NetworkKind.Vit
            ? Pick(random, Activation.Gelu, Activation.Relu)
            : Pick(random, Activation.Relu, Activation.Tanh, Activation.Sigmoid, Activation.Gelu);
        var alpha = family == NetworkKind.Vit ? 1.2 : 1.5;
        var weights = Pick(random, Initialization.PyTorch, Initialization.LeCun, Initialization.Xavier, Initialization.Kaiming,
            new InitialWeights(Initialization.PyTorch, new WeightScaling(ScalingProfile.Emergence, alpha)),
            new InitialWeights(Initialization.PyTorch, new WeightScaling(ScalingProfile.Scaled, alpha)));
        return new NetworkDesign(family, hidden, activation, weights) { Sizes = sizes };
    }

    // The high half of a product maps 64 bits to an index, as in SplitMix64.Permutation.
    private static T Pick<T>(SplitMix64 random, params ReadOnlySpan<T> values) =>
        values[(int)Math.BigMul(random.Next(), (ulong)values.Length, out _)];
}
