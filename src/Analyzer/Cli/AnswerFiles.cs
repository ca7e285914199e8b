using System.Collections.Immutable;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>Writes an outcome to all the places that a call names.</summary>
internal static class AnswerFiles
{
    /// <summary>First what stays: stdout may be full or gone.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="call">Where it goes.</param>
    /// <param name="set">The folder of <c>--out</c>, which the run holds; null where there is none.</param>
    /// <param name="terminal">What the user sees.</param>
    /// <param name="token">Ends the writing on stdout.</param>
    /// <exception cref="UserException">A file cannot be written.</exception>
    public static async Task WriteAsync(
        AnalysisOutcome outcome, OutputCall call, FileSet? set, Terminal terminal, CancellationToken token)
    {
        if (call.Out is { } directory)
            Say(directory, string.Join(", ", WriteSet(outcome, set!)));
        if (call.Html is { } page)
            WriteOne(page, ReportWriters.Page);
        if (call.TensorBoard is { } events)
            Say(events, EventFiles.Write(outcome, events));
        foreach (var format in call.Formats.Where(format => format.File is not null))
            WriteOne(format.File!, format.Writer);
        foreach (var format in call.Formats.Where(format => format.File is null))
            Print(outcome, format.Writer, terminal);
        await terminal.Output.FlushAsync(token);

        void WriteOne(string file, ReportWriter writer)
        {
            AtomicFile.Write(file, stream => writer.Write(outcome, stream));
            Say(file, "");
        }

        void Say(string place, string files)
        {
            if (!call.Quiet)
                terminal.WriteNote(files.Length == 0 ? $"{place}: written" : $"{place}: {files} written");
        }
    }

    private static void Print(AnalysisOutcome outcome, ReportWriter writer, Terminal terminal)
    {
        if (writer.Format == "table")
            TableReport.Write(outcome, terminal.Output, terminal.OutputWidth, terminal.OutputColor);
        else
            writer.Write(outcome, terminal.Output);
    }

    private static ImmutableArray<string> WriteSet(AnalysisOutcome outcome, FileSet set)
    {
        var units = outcome.Series.Settings.Units;
        var writers = ReportWriters.All.Where(writer => writer.FileName is not null).ToImmutableArray();
        set.Write([.. writers.Select(writer => (
            writer.FileName!, writer.OfUnits && !units ? null : (Action<Stream>)(stream => writer.Write(outcome, stream))))]);
        return [.. writers.Where(writer => units || !writer.OfUnits).Select(writer => writer.FileName!)];
    }
}
