using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Gates;

/// <summary>What a value is read from: a checkpoint under one threshold, or one of its layers.</summary>
/// <param name="Checkpoint">The checkpoint.</param>
/// <param name="Measurement">What was measured of it under the threshold.</param>
/// <param name="Layer">The layer; null for the network.</param>
internal sealed record GateSubject(CheckpointResult Checkpoint, Measurement Measurement, LayerResult? Layer = null);

/// <summary>What a number counts, which decides how a gate may write it.</summary>
internal enum GateUnit
{
    /// <summary>Things, or a measure of its own.</summary>
    Number,

    /// <summary>A part of a whole, from 0 to 1; its change is in points.</summary>
    Share,

    /// <summary>One quantity over another, of any size.</summary>
    Ratio,
}

/// <summary>A number that a gate may name.</summary>
/// <param name="Name">Its name, as in results.json if it is there.</param>
/// <param name="Meaning">What it is, for the documentation.</param>
/// <param name="Of">The number; null where it is not known.</param>
internal sealed record GateNumber(string Name, string Meaning, Func<GateSubject, Exact?> Of)
{
    /// <summary>What it counts.</summary>
    public GateUnit Unit { get; init; }

    /// <summary>Whether it depends on the samples, so that its change needs the same ones.</summary>
    public bool IsMeasured { get; init; } = true;

    /// <summary>Why it may be unknown, and the remedy.</summary>
    public string WhenUnknown { get; init; } = "it is not defined for this network or statistic; leave the gate out";
}
