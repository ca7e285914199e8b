using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>A few samples on which forms of one model are compared.</summary>
public static class TrialProbe
{
    private const int Few = 8;

    // Uniform in [-2, 2): what feeds a network is as often below zero as above.
    private static readonly Preprocessing Signed = new(1, [0.5f], [0.25f]);

    /// <summary>
    /// The first samples that the user names, or of the recorded data set where it is at hand; else seeded random ones, half
    /// of them in [0, 1) and half in [-2, 2). Nothing is downloaded.
    /// </summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="graph">Its inputs.</param>
    /// <param name="options">What the user said of samples; their number is not used.</param>
    /// <param name="token">Ends the reading.</param>
    /// <exception cref="UserException">The samples that the user names cannot be had or do not fit, or none
    /// can be drawn.</exception>
    public static Probe Of(Checkpoint checkpoint, LayerGraph graph, ProbeOptions options, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(options);
        var samples = Math.Max(Few,
            graph.Inputs.Select(input => input.BatchAxis < 0 ? 1 : (int)(input.Shape[input.BatchAxis] ?? 1))
            .DefaultIfEmpty(1)
            .Max());
        if (!options.Data.IsEmpty || IsAtHand(checkpoint.Metadata, options))
            return ProbeResolver.Resolve(checkpoint, graph, options with { Samples = samples }, token);
        var half = samples / 2;
        return new Probe(
            [.. graph.Inputs.Select((input, position) =>
                Both(RandomProbe.Draw(input, position, half, options.Seed, Preprocessing.None), half,
                    RandomProbe.Draw(input, position, samples - half, options.Seed + 1, Signed), samples - half))],
            samples, null, new ProbeProvenance("random", "", samples, options.Seed), []);
    }

    /// <summary>True where the recorded data set can be read without a download.</summary>
    /// <param name="recorded">What the checkpoint records.</param>
    /// <param name="options">What the user said of samples.</param>
    public static bool IsAtHand(CheckpointMetadata recorded, ProbeOptions options)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        ArgumentNullException.ThrowIfNull(options);
        return recorded.Dataset is { } name
            && DatasetCatalog.IsAtHand(name, ProbeSource.Word(options.Split) ?? recorded.Split ?? "test", options.DataDir);
    }

    private static ProbeInput Both(ProbeInput first, int half, ProbeInput second, int rest)
    {
        var data = new byte[(half + rest) * first.SampleBytes];
        using var one = first.Values.Open();
        one.Read(0, half, data);
        using var other = second.Values.Open();
        other.Read(0, rest, data.AsSpan(half * first.SampleBytes));
        return first with { Values = SampleValues.Of(data, first.SampleBytes) };
    }
}
