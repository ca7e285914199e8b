using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Landscapes;

/// <summary>The loss on a grid of points around a checkpoint, or on the line between two.</summary>
public sealed record Landscape
{
    /// <summary>The checkpoint at the origin.</summary>
    public required string File { get; init; }

    /// <summary>The checkpoint at 1 on a line; null on a plane.</summary>
    public string? Other { get; init; }

    /// <summary>Hash of the checkpoint at the origin.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Parameters that the loss is a function of.</summary>
    public required long Parameters { get; init; }

    /// <summary>The tensor that the loss is computed from.</summary>
    public required string Output { get; init; }

    /// <summary>What its numbers are.</summary>
    public required OutputForm Form { get; init; }

    /// <summary>The samples.</summary>
    public required ProbeProvenance Probe { get; init; }

    /// <summary>Where the model ran.</summary>
    public required Device Device { get; init; }

    /// <summary>The loss at the origin.</summary>
    public required LossValue Center { get; init; }

    /// <summary>The loss at 1 on a line; null on a plane.</summary>
    public LossValue? End { get; init; }

    /// <summary>The losses.</summary>
    public required LossGrid Grid { get; init; }

    /// <summary>The checkpoints of a series on the plane; empty where there is no series.</summary>
    public ImmutableArray<PathPoint> Path { get; init; } = [];

    /// <summary>The share of the variance of the path that each of the two directions holds; empty without a path.</summary>
    public ImmutableArray<double> ExplainedVariance { get; init; } = [];

    /// <summary>What the landscape comes to.</summary>
    public required ImmutableArray<LandscapeNumber> Numbers { get; init; }

    /// <summary>What the user should know.</summary>
    public required ImmutableArray<Diagnostic> Diagnostics { get; init; }
}

/// <summary>A checkpoint of a series, projected on the plane.</summary>
/// <param name="File">The file.</param>
/// <param name="X">Along the first direction.</param>
/// <param name="Y">Along the second.</param>
/// <param name="OffPlane">Its distance from the plane.</param>
public sealed record PathPoint(string File, double X, double Y, double OffPlane);

/// <summary>A number that describes a landscape.</summary>
/// <param name="Name">Its name in files.</param>
/// <param name="Value">The number; null where there is none that can be believed.</param>
public sealed record LandscapeNumber(string Name, double? Value)
{
    /// <summary>Lower end of the 95 % interval over random directions; null where there is none.</summary>
    public double? Low { get; init; }

    /// <summary>Upper end.</summary>
    public double? High { get; init; }

    /// <summary>The mean estimate at each of three step sizes, from the smallest on; empty where no step is chosen.</summary>
    public ImmutableArray<double> AtSteps { get; init; } = [];

    /// <summary>Why there is no value or no interval; null where there are both.</summary>
    public string? Reason { get; init; }
}
