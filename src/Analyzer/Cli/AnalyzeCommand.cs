using System.CommandLine;
using Emergence.Analyzer.Containment;
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

    private static async Task<int> RunAsync(AnalyzeCall call, Terminal terminal, AnalysisRunner analyze, CancellationToken token)
    {
        if (!call.Output.Quiet)
        {
            foreach (var note in call.Notes)
                terminal.WriteNote(note);
        }
        if (call.Output.Out is { } earlier)
            FileSet.Recover(earlier);
        var analyzed = await AnalyzeAsync(call, terminal, analyze, token);
        Messages.WriteDiagnostics(terminal, analyzed.Series.Checkpoints, call.Output.Quiet);
        Messages.WriteFailures(terminal, analyzed.Failures);
        if (analyzed.Series.Checkpoints.IsEmpty)
            return ExitCode.Failed;
        var outcome = call.Gates.Judge(analyzed);
        await AnswerFiles.WriteAsync(outcome, call.Output, terminal, token);
        Messages.WriteGates(terminal, outcome);
        return CodeOf(outcome);
    }

    /// <summary>What went wrong outranks a gate, so that no gate of an incomplete result passes for an answer.</summary>
    private static int CodeOf(AnalysisOutcome outcome) =>
        !outcome.Failures.IsEmpty ? ExitCode.Partial
        : outcome.Gates.Any(gate => gate.MatchesNothing) ? ExitCode.Usage
        : outcome.Gates.Any(gate => gate.Problem is not null) ? ExitCode.Failed
        : outcome.Gates.Any(gate => gate.IsTripped) ? ExitCode.Gate
        : ExitCode.Done;

    private static async Task<AnalysisOutcome> AnalyzeAsync(
        AnalyzeCall call, Terminal terminal, AnalysisRunner analyze, CancellationToken token)
    {
        using var progress = call.Output.Quiet ? null : new ProgressLine(terminal);
        // On another thread: Ctrl-C is listened to only once the action has returned its task.
        return await Task.Run(() => analyze(call.Request, progress, token), CancellationToken.None);
    }
}
