using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Training;

/// <summary>How stored values become inputs: (x · scale − mean) / std, in float32.</summary>
/// <param name="Scale">One factor for all values.</param>
/// <param name="Mean">One for all channels, or one each.</param>
/// <param name="Std">One for all channels, or one each.</param>
internal sealed record Preprocessing(float Scale, ImmutableArray<float> Mean, ImmutableArray<float> Std)
{
    /// <summary>Bytes to [−1, 1].</summary>
    public static Preprocessing Images { get; } = new(1f / 255, [0.5f], [0.5f]);

    /// <summary>What the byte values 0 … 255 become, for each channel.</summary>
    /// <exception cref="UsageException">Mean or std have neither one value nor one per channel.</exception>
    public ImmutableArray<float[]> ByteTables(int channels) =>
        [.. PerChannel(Mean, channels, "--mean").Zip(PerChannel(Std, channels, "--std"), ByteTable)];

    private float[] ByteTable(float mean, float std) =>
        [.. Enumerable.Range(0, 256).Select(value => (value * Scale - mean) / std)];

    private static IEnumerable<float> PerChannel(ImmutableArray<float> values, int channels, string option) =>
        values.Length == channels ? values
        : values is [var value] ? Enumerable.Repeat(value, channels)
        : throw new UsageException($"{option}: has {values.Length} values for {channels} channels; give one, or one each");
}
