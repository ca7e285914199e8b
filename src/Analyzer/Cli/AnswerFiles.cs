using System.Collections.Immutable;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Sharding;
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
        if (call.Html is { } page && Shows(ReportWriters.Page, page))
            WriteOne(page, ReportWriters.Page);
        if (call.TensorBoard is { } events)
            Say(events, EventFiles.Write(outcome, events));
        foreach (var format in call.Formats.Where(format => format.File is not null && Shows(format.Writer, format.File)))
            WriteOne(format.File!, format.Writer);
        foreach (var format in call.Formats.Where(format => format.File is null && Shows(format.Writer, format.Writer.Format!)))
            Print(outcome, format.Writer, terminal);
        await terminal.Output.FlushAsync(token);

        bool Shows(ReportWriter writer, string place)
        {
            var canBeShown = CanShow(outcome, writer);
            if (!canBeShown && !call.Quiet)
                terminal.WriteNote($"{place}: left out, as this shard has no checkpoint that could be analyzed");
            return canBeShown;
        }

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

    /// <summary>Writes what a share of the samples contributes, and takes away the files of an earlier run.</summary>
    public static void WriteShare(SamplePart part, OutputCall call, FileSet set, Terminal terminal)
    {
        set.Write(
        [
            (ShardWriter.FileName, null),
            .. ReportWriters.All.Where(writer => writer.FileName is not null)
                .Select(writer => (writer.FileName!, (Action<Stream>?)null)),
            (SampleWriter.FileName, stream => SampleWriter.Write(part, stream)),
        ]);
        if (!call.Quiet)
            terminal.WriteNote($"{call.Out}: {SampleWriter.FileName} written, share {part.Shard} of the samples; "
                + "emergence-analyze merge makes the results");
    }

    private static void Print(AnalysisOutcome outcome, ReportWriter writer, Terminal terminal)
    {
        if (writer.Format == "table")
            TableReport.Write(outcome, terminal.Output, terminal.OutputWidth, terminal.OutputColor);
        else
            writer.Write(outcome, terminal.Output);
    }

    private static bool CanShow(AnalysisOutcome outcome, ReportWriter writer) =>
        !(writer.NeedsCheckpoint && outcome.Series.Checkpoints.IsEmpty);

    /// <summary>Writes the files of this outcome, and takes away those of an earlier one that it does not have.</summary>
    private static ImmutableArray<string> WriteSet(AnalysisOutcome outcome, FileSet set)
    {
        var units = outcome.Series.Settings.Units;
        var part = outcome.Part;
        ImmutableArray<(string Name, Action<Stream>? Write)> files =
        [
            // results.json comes last: whoever waits for it finds all.
            (SampleWriter.FileName, null),
            (ShardWriter.FileName, part is null ? null : stream => ShardWriter.Write(part, stream)),
            .. ReportWriters.All.Where(writer => writer.FileName is not null).Select(writer => (
                writer.FileName!, (writer.OfUnits && !units) || !CanShow(outcome, writer)
                    ? null : (Action<Stream>)(stream => writer.Write(outcome, stream)))),
        ];
        set.Write(files);
        return [.. files.Where(file => file.Write is not null).Select(file => file.Name)];
    }
}
