using System.Collections.Immutable;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Landscapes;

/// <summary>Losses at the points of a plane or a line.</summary>
/// <param name="X">Where the columns are, in units of the first direction.</param>
/// <param name="Y">Where the rows are, in units of the second direction; one 0 on a line.</param>
/// <param name="Values">The losses, row by row.</param>
public sealed record LossGrid(ImmutableArray<double> X, ImmutableArray<double> Y, ImmutableArray<LossValue> Values)
{
    /// <summary>Whether it is a line.</summary>
    public bool IsLine => Y.Length == 1;

    /// <summary>The loss at a point.</summary>
    public LossValue At(int column, int row) => Values[row * X.Length + column];
}

/// <summary>What a landscape is of: the checkpoint at the origin, its samples, and where it runs.</summary>
/// <param name="File">The checkpoint.</param>
/// <param name="Sha256">Its hash.</param>
/// <param name="Probe">The samples.</param>
/// <param name="Device">Where it runs.</param>
internal sealed record LandscapeSubject(
    string File, string Sha256, ProbeProvenance Probe, Device Device);
