using System.Text;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Cli;

/// <summary>
/// What <c>prune</c> ends with where it wrote one model: that and the one before, side by side, as <c>compare</c> shows them.
/// </summary>
internal static class PruneSummary
{
    // Random samples tell little of a network; more of them no more.
    private const int RandomSamples = 64;

    /// <summary>
    /// Measures both on the samples that the user names or the model records, where these need no download, or on random ones
    /// where it records none. Where that cannot be done, it says what can and how to get the rest: what was
    /// pruned is written in any case.
    /// </summary>
    public static void Write(PruneCall call, IReadOnlyList<PruneReport> written, Terminal terminal, CancellationToken token)
    {
        if (call.Format != PruneReportWriters.All[0].Format || written is not [var report]
            || Path.GetFullPath(report.File) == Path.GetFullPath(report.Output))
            return;
        terminal.Output.Write("\n"u8);
        if (Probe(report.File, call) is { } probe && Measured(report, call, probe, token) is { } comparison)
            ComparisonTable.Write(comparison, terminal.Output, terminal.OutputWidth);
        else
            terminal.Output.Write(Encoding.UTF8.GetBytes(WrappedText.Of(Sizes(report))));
    }

    private static ModelComparison? Measured(PruneReport report, PruneCall call, ProbeOptions probe, CancellationToken token)
    {
        var request = new AnalysisRequest([report.File, report.Output], new AnalysisSettings(), probe)
        {
            Boundary = call.Boundary,
            IsSeries = false,
        };
        try
        {
            return Analysis.Run(request, null, token).Series.Checkpoints is [var before, var after]
                ? ModelComparison.Of(new(report.File, [before], 0), new(report.Output, [after], 0), areOneRun: true)
                : null;
        }
        catch (UserException)
        {
            return null;
        }
    }

    private static ProbeOptions? Probe(string file, PruneCall call)
    {
        if (call.Verification is not { } options || !options.Data.IsEmpty)
            return call.Verification;
        var recorded = Checkpoint.Open(file).Metadata;
        return recorded.Dataset is null ? options with { Samples = RandomSamples }
            : TrialProbe.IsAtHand(recorded, options) ? options
            : null;
    }

    private static string Sizes(PruneReport report) => Printable.Of(FormattableString.Invariant(
        $"{report.File} has {Checkpoint.Open(report.File).Bytes} bytes, {report.Output} {Checkpoint.Open(report.Output).Bytes}; ")
        + $"E, accuracy and layers side by side: emergence-analyze compare {report.File} {report.Output}");
}
