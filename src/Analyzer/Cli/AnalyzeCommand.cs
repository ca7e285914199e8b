using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>Analyses a series of checkpoints.</summary>
internal delegate Task<AnalysisOutcome> AnalysisRunner(
    AnalysisRequest request, IProgress<AnalysisProgress>? progress, CancellationToken token);

/// <summary>The default command: <c>emergence-analyze [options] checkpoints…</c>.</summary>
internal static class AnalyzeCommand
{
    /// <summary>Makes <paramref name="command"/> analyze what it is given, with <paramref name="analyze"/>.</summary>
    public static void Define(Command command, Terminal terminal, AnalysisRunner analyze, Worker? worker)
    {
        var options = new AnalyzeOptions(worker);
        options.AddTo(command);
        command.SetAction((parsed, token) =>
            UserErrors.ReportAsync(terminal, () => RunAsync(options.Read(parsed), terminal, analyze, token), token));
    }

    // Beside the set of files, not in it: it is there while a run is, and after one that was interrupted.
    private const string Journal = ".emergence-journal";

    private static async Task<int> RunAsync(AnalyzeCall call, Terminal terminal, AnalysisRunner analyze, CancellationToken token)
    {
        if (!call.Quiet)
        {
            foreach (var note in call.Notes)
                terminal.WriteNote(note);
        }
        var journal = call.Out is null ? null : Path.Combine(call.Out, Journal);
        var store = journal is null ? null : new ResultStore(() => journal, isDurable: true, terminal.WriteWarning);
        using var set = call.Out is null ? null : FileSet.Open(call.Out);
        var outcome = await AnalyzeAsync(call with { Request = call.Request with { Store = store } }, terminal, analyze, token);
        if (store is { Found: > 0 and var found } && !call.Quiet)
        {
            terminal.WriteNote(string.Create(CultureInfo.InvariantCulture,
                $"{call.Out}: {found} of {call.Request.Checkpoints.Length} checkpoints were measured before an interruption"));
        }
        Messages.WriteDiagnostics(terminal, outcome.Series.Checkpoints, call.Quiet);
        Messages.WriteFailures(terminal, outcome.Failures);
        if (outcome.Series.Checkpoints.IsEmpty)
            return ExitCode.Failed;
        // First what stays: stdout may be full or gone.
        if (call.Out is { } directory)
        {
            var files = WriteFiles(outcome, set!);
            ResultStore.Remove(journal!);
            if (!call.Quiet)
                terminal.WriteNote($"{directory}: {string.Join(", ", files)} written");
        }
        if (call.Html is { } page)
        {
            AtomicFile.Write(page, stream => ReportWriters.Page.Write(outcome, stream));
            if (!call.Quiet)
                terminal.WriteNote($"{page}: written");
        }
        call.Format.Write(outcome, terminal.Output);
        await terminal.Output.FlushAsync(token);
        return outcome.Failures.IsEmpty ? ExitCode.Done : ExitCode.Partial;
    }

    private static async Task<AnalysisOutcome> AnalyzeAsync(
        AnalyzeCall call, Terminal terminal, AnalysisRunner analyze, CancellationToken token)
    {
        using var progress = call.Quiet ? null : new ProgressLine(terminal);
        // On another thread: Ctrl-C is listened to only once the action has returned its task.
        return await Task.Run(() => analyze(call.Request, progress, token), CancellationToken.None);
    }

    private static ImmutableArray<string> WriteFiles(AnalysisOutcome outcome, FileSet set)
    {
        var units = outcome.Series.Settings.Units;
        var writers = ReportWriters.All.Where(writer => writer.FileName is not null).ToImmutableArray();
        set.Write([.. writers.Select(writer => (
            writer.FileName!, writer.OfUnits && !units ? null : (Action<Stream>)(stream => writer.Write(outcome, stream))))]);
        return [.. writers.Where(writer => units || !writer.OfUnits).Select(writer => writer.FileName!)];
    }
}
