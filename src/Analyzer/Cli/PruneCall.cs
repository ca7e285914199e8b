using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;

namespace Emergence.Analyzer.Cli;

/// <summary>What ranks the candidates of a pruning.</summary>
internal enum Importance
{
    /// <summary>Sum of the magnitudes of a node's incoming weights; the magnitude of a single weight.</summary>
    L1,

    /// <summary>Square root of the sum of their squares.</summary>
    L2,

    /// <summary>A node's own statistic on the probe: dead nodes go first.</summary>
    Activation,

    /// <summary>The magnitude of a weight times the size of what it is multiplied with.</summary>
    Wanda,

    /// <summary>Seeded random numbers: the control.</summary>
    Random,
}

/// <summary>What is measured, and on what.</summary>
internal sealed record MeasuringCall(AnalysisSettings Settings, ProbeOptions Probe);

/// <summary>One call of <c>prune</c>.</summary>
internal sealed record PruneCall
{
    /// <summary>The checkpoints.</summary>
    public required ImmutableArray<string> Checkpoints { get; init; }

    /// <summary>What keeps a checkpoint that fails from the others.</summary>
    public required Boundary Boundary { get; init; }

    /// <summary>How much to prune.</summary>
    public required ImmutableArray<double> Amounts { get; init; }

    /// <summary>What to measure, where nothing is written; else null.</summary>
    public required MeasuringCall? Sensitivity { get; init; }

    /// <summary>The samples on which what was pruned is run before it is written; null where it is not run.</summary>
    public required ProbeOptions? Verification { get; init; }

    /// <summary>What to measure of a checkpoint before it is pruned; null where nothing is.</summary>
    public required MeasuringCall? Measured { get; init; }

    /// <summary>What ranks candidates, where that is measured.</summary>
    public required Importance Importance { get; init; }

    /// <summary>Whether exactly the dead nodes are removed.</summary>
    public required bool IsDead { get; init; }

    /// <summary>What to write from what.</summary>
    public required ImmutableArray<PruneFile> Files { get; init; }

    /// <summary>How; the amount is that of each file.</summary>
    public required PruneOptions Options { get; init; }

    /// <summary>Form of the report: its word.</summary>
    public required string Format { get; init; }

    /// <summary>Whether notes are silenced.</summary>
    public required bool Quiet { get; init; }
}
