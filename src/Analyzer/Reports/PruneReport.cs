using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Pruning;

namespace Emergence.Analyzer.Reports;

/// <summary>What one pruning did.</summary>
/// <param name="File">The checkpoint, as it was named.</param>
/// <param name="Output">The file that was written.</param>
/// <param name="Record">What was done.</param>
/// <param name="Layers">All traced layers.</param>
/// <param name="Weights">Weights of the selected layers before, shared ones once.</param>
/// <param name="Zeros">Those that are zero now, or cut out.</param>
internal sealed record PruneReport(
    string File, string Output, PruningRecord Record, ImmutableArray<PrunedLayer> Layers, long Weights, long Zeros)
{
    /// <summary>What it changed on the samples; null where nothing was measured.</summary>
    public PruneEffect? Effect { get; init; }

    public double Sparsity => Weights == 0 ? 0 : (double)Zeros / Weights;

    public static PruneReport Of(string file, string output, PrunedModel pruned) =>
        new(file, output, pruned.Record, pruned.Layers, pruned.Weights, pruned.Zeros);
}

/// <summary>A form of the report of <c>prune</c>: UTF-8, <c>\n</c>, invariant culture, the same bytes for
/// the same reports.</summary>
internal sealed record PruneReportWriter(string Format, Action<ImmutableArray<PruneReport>, Stream> Write);

/// <summary>Every form, in the order in which help names them.</summary>
internal static class PruneReportWriters
{
    public static ImmutableArray<PruneReportWriter> All { get; } =
        [new("table", PruneTable.Write), new("csv", PruneCsv.Write), new("json", PruneJson.Write)];
}
