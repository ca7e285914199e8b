using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Measuring.Probes;

/// <summary>What happens to stored values before a model sees them: <c>(x · scale − mean) / std</c>, in float32.</summary>
/// <param name="Scale">The factor.</param>
/// <param name="Mean">Taken off: one value, or one per channel.</param>
/// <param name="Std">Divided by: one value, or one per channel.</param>
internal sealed record Preprocessing(float Scale, ImmutableArray<float> Mean, ImmutableArray<float> Std)
{
    /// <summary>Values stay as they are.</summary>
    public static Preprocessing None { get; } = new(1, [0], [1]);

    /// <summary>What the user says, else what the checkpoint records, else nothing.</summary>
    public static Preprocessing Of(ProbeOptions options, CheckpointMetadata? recorded)
    {
        var preprocessing = new Preprocessing(
            options.Scale ?? recorded?.Scale ?? 1,
            !options.Mean.IsEmpty ? options.Mean : recorded is { Mean.IsDefaultOrEmpty: false } ? recorded.Mean : [0],
            !options.Std.IsEmpty ? options.Std : recorded is { Std.IsDefaultOrEmpty: false } ? recorded.Std : [1]);
        var (means, stds) = (preprocessing.Mean.Length, preprocessing.Std.Length);
        return means == stds || means == 1 || stds == 1
            ? preprocessing
            : throw new UsageException(
                $"--mean, --std: {means} means and {stds} deviations; give one of each, or one per channel");
    }

    /// <summary>True where values stay as they are.</summary>
    public bool IsIdentity => Scale == 1 && Mean.All(mean => mean == 0) && Std.All(std => std == 1);

    /// <summary>Number of channels it tells apart; 1 for none.</summary>
    public int Channels => Math.Max(Mean.Length, Std.Length);

    /// <summary>The value that a stored value of a channel becomes.</summary>
    public float Apply(float value, int channel)
    {
        var (scale, mean, std) = Of(channel);
        return (value * scale - mean) / std;
    }

    /// <summary>Factor, mean and deviation of a channel.</summary>
    public (float Scale, float Mean, float Std) Of(int channel) =>
        (Scale, Mean[Mean.Length == 1 ? 0 : channel], Std[Std.Length == 1 ? 0 : channel]);

    /// <summary>How many neighboring elements of fitted samples share a channel.</summary>
    /// <exception cref="UsageException">The samples have another number of channels.</exception>
    public int StrideIn(SampleFit fit, string subject) => Channels == 1
        ? 1
        : fit.ChannelStride(Channels) is > 0 and var stride
            ? stride
            : throw new UsageException(
                $"{subject}: {Channels} values of mean or std for samples of shape "
                + $"{NumericArray.Describe(fit.View.AsSpan()[1..])}; "
                + "give one for all, or one for each channel");
}
