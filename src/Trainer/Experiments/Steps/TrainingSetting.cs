using System.Globalization;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>Network, data and hyper-parameters of a run: everything but where it is and how long.</summary>
/// <param name="Design">The network, where it is fresh.</param>
/// <param name="Dataset">A name of the data set catalogue.</param>
/// <param name="Samples">Train on this many samples, from the first on; null for all.</param>
/// <param name="Hyper">How it is trained.</param>
/// <param name="Threads">Threads of one operator, which decide the order of sums.</param>
internal sealed record TrainingSetting(NetworkDesign Design, string Dataset, int? Samples, HyperParameters Hyper, int Threads)
{
    /// <summary>What is random of the training samples.</summary>
    public RandomData Random { get; init; } = RandomData.None;

    /// <summary>Every setting, in one line; the same text for the same run.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{DescribeNetwork()}, {Design.Initialization} initialization; {Dataset}, "
        + $"{Samples?.ToString(CultureInfo.InvariantCulture) ?? "all"} samples; "
        + $"{Hyper.Optimizer.ToString().ToLowerInvariant()}, lr {Hyper.LearningRate}, momentum {Hyper.Momentum}, batch "
        + $"{Hyper.BatchSize}, seed {Hyper.Seed}; threads {Threads}{Random.Describe()}");

    /// <summary>The same for a reader, for runs that differ in their seeds only.</summary>
    public string Describe(IEnumerable<long> seeds) =>
        Describe().Replace($"seed {Hyper.Seed.ToString(CultureInfo.InvariantCulture)};", $"seeds {string.Join(", ", seeds)};",
            StringComparison.Ordinal);

    /// <summary>Kind, sizes and activation, as <c>mlp 128,64 relu</c>.</summary>
    public string DescribeNetwork() => string.Create(CultureInfo.InvariantCulture,
        $"{Design.Kind.ToString().ToLowerInvariant()} {DescribeSizes()}{Design.Activation.ToString().ToLowerInvariant()}");

    /// <summary>Rough cost of an epoch, see <see cref="Step.Cost"/>. Measured once; only the progress
    /// display depends on it.</summary>
    public double EpochCost => (Samples ?? 60_000) / 60_000.0 * Design.Kind switch
    {
        NetworkKind.Mlp => 0.8 + Design.Hidden.Sum() / 1000.0,
        NetworkKind.LeNet => 17,
        NetworkKind.Vit => 0.01 * Design.Sizes.Depth * Design.Sizes.Width * (28.0 / Design.Sizes.Patch),
        _ => 120,
    };

    private string DescribeSizes() => Design switch
    {
        { Kind: NetworkKind.Mlp, Hidden.IsEmpty: true } => "none ",
        { Kind: NetworkKind.Mlp, Hidden: var hidden } => $"{string.Join(',', hidden)} ",
        { Kind: NetworkKind.Vit, Sizes: var sizes } => string.Create(CultureInfo.InvariantCulture,
            $"patch {sizes.Patch}, width {sizes.Width}, depth {sizes.Depth}, heads {sizes.Heads}, "),
        _ => "",
    };
}
