using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Landscapes;

/// <summary>Where a landscape is looked at.</summary>
public enum DirectionKind
{
    /// <summary>Around each checkpoint, along two random directions.</summary>
    Random,

    /// <summary>Around the last checkpoint of a series, along the two principal directions of its path.</summary>
    Trajectory,

    /// <summary>On the line from one checkpoint to another.</summary>
    Between,
}

/// <summary>Which landscapes are measured, and how.</summary>
/// <param name="Checkpoints">The files, in series order.</param>
/// <param name="Settings">Device and optimization; nothing else of it is used.</param>
/// <param name="Probe">The samples.</param>
/// <param name="Loss">The loss.</param>
public sealed record LandscapeRequest(
    ImmutableArray<string> Checkpoints, AnalysisSettings Settings, ProbeOptions Probe, LossSettings Loss)
{
    /// <summary>Where.</summary>
    public DirectionKind Directions { get; init; }

    /// <summary>Points along each direction.</summary>
    public int Grid { get; init; } = 41;

    /// <summary>How far: the directions times this on both sides.</summary>
    public double Range { get; init; } = 1;

    /// <summary>How random directions are scaled.</summary>
    public Normalization Normalization { get; init; } = Normalization.Filter;

    /// <summary>Seed of the directions.</summary>
    public int Seed { get; init; }

    /// <summary>Pairs of random directions; numbers are means over them.</summary>
    public int Pairs { get; init; } = 5;

    /// <summary>What keeps a checkpoint that fails from the others.</summary>
    public Boundary Boundary { get; init; } = new(new RunLimits());

    /// <summary>Folder that keeps the losses of a run until it is done; null where nothing is kept.</summary>
    public string? Journal { get; init; }
}

/// <summary>What was measured.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Landscapes">One for each checkpoint with random directions; else one.</param>
/// <param name="Failures">Checkpoints that could not be measured.</param>
public sealed record LandscapeOutcome(
    LandscapeRequest Request, ImmutableArray<Landscape> Landscapes, ImmutableArray<FailedCheckpoint> Failures)
{
    /// <summary>How many losses an interrupted run had left.</summary>
    public int Resumed { get; init; }
}
