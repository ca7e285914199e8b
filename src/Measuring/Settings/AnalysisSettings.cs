using System.Collections.Immutable;
using Emergence.Tracing.Networks;

namespace Emergence.Measuring.Settings;

/// <summary>Everything that shapes a number and is the same for every checkpoint of a series.</summary>
public sealed record AnalysisSettings
{
    /// <summary>θ, one or several finite numbers, rounded to float32.</summary>
    /// <exception cref="ArgumentException">There is none, or one is not finite.</exception>
    public ImmutableArray<float> Thresholds
    {
        get;
        init => field = !value.IsDefaultOrEmpty && value.All(float.IsFinite)
            ? value
            : throw new ArgumentException("expected one or more finite numbers", nameof(Thresholds));
    } = [0.05f];

    /// <summary>The statistic.</summary>
    public Statistic Statistic { get; init; } = Statistic.Mean;

    /// <summary>Share above which a node is alive, in [0, 1], for <see cref="Statistic.Share"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It lies outside [0, 1].</exception>
    public double AliveShare
    {
        get;
        init => field = value is >= 0 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(AliveShare), value, "expected a share from 0 to 1");
    } = 0.5;

    /// <summary>What a node of a convolution is.</summary>
    public ConvNodes ConvNodes { get; init; } = ConvNodes.Units;

    /// <summary>Whether the network's input counts as a layer.</summary>
    public bool IncludeInput { get; init; }

    /// <summary>Globs of layer names to keep; empty keeps all.</summary>
    public ImmutableArray<string> Only { get; init; } = [];

    /// <summary>Globs of layer names to leave out.</summary>
    public ImmutableArray<string> Exclude { get; init; } = [];

    /// <summary>Whether E_w is computed too; it costs about one addition per multiply-accumulate of the network.</summary>
    public bool Wired { get; init; }

    /// <summary>Whether the weight matrix of each layer is decomposed, for what others judge networks by; it changes no other
    /// number.</summary>
    public bool Rivals { get; init; }

    /// <summary>Whether E is split by pairs of layers too; it costs as much as E itself for every layer,
    /// and N² numbers.</summary>
    public bool Contributions { get; init; }

    /// <summary>Whether results hold what was counted of every single node; it changes no number.</summary>
    public bool Units { get; init; }

    /// <summary>
    /// Whether the largest activation of every node is counted where the statistic does not need it, so that nodes are known
    /// that never fire; it costs about a third of the run of a small network and changes no other number.
    /// </summary>
    public bool Maxima { get; init; }

    /// <summary>Whether alive counts and E get intervals, and from which resamples; only with a statistic
    /// that is a mean.</summary>
    public BootstrapSettings? Bootstrap { get; init; }

    /// <summary>What E is compared with, each kind once; not with <see cref="Statistic.Sample"/>.</summary>
    public ImmutableArray<NullModel> Nulls { get; init; } = [];

    /// <summary>How much ONNX Runtime rewrites the model before it runs it.</summary>
    public Optimization Optimization { get; init; }

    /// <summary>Threads in all, which small checkpoints of a series share; 0: a thread for each core.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int Threads { get; init => field = NotNegative(value, nameof(Threads)); }

    /// <summary>Samples in one run; 0 chooses by the size of the model.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int Batch { get; init => field = NotNegative(value, nameof(Batch)); }

    /// <summary>Where the model runs.</summary>
    public Device Device { get; init; } = Device.Auto;

    /// <summary>A library with execution providers of ONNX Runtime, which is native code; null: none is loaded.</summary>
    public string? ProviderLibrary { get; init; }

    private static int NotNegative(int value, string name) =>
        value >= 0 ? value : throw new ArgumentOutOfRangeException(name, value, "expected 0 or more");
}

/// <summary>How a node's activations over the samples become one number.</summary>
public enum Statistic
{
    /// <summary>Mean over the samples.</summary>
    Mean,

    /// <summary>Largest value.</summary>
    Max,

    /// <summary>Mean of the absolute values.</summary>
    AbsMean,

    /// <summary>Largest absolute value.</summary>
    AbsMax,

    /// <summary>Share of samples on which the activation is above the threshold.</summary>
    Share,

    /// <summary>
    /// Mean of the absolute values, over its mean over the layer's nodes: the score of ReDo (Sokar, Agarwal, Castro, Evci 2023,
    /// <i>The dormant neuron phenomenon in deep reinforcement learning</i>), which does not depend on a layer's scale.
    /// </summary>
    Dormancy,

    /// <summary>None: a node is alive or dead on each sample by itself, and E has a distribution.</summary>
    Sample,
}
