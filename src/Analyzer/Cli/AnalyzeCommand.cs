using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Containment;
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
    /// <summary>The command, which analyzes what it is given with <paramref name="analyze"/>.</summary>
    public static CommandPage Create(Terminal terminal, AnalysisRunner analyze, Worker? worker)
    {
        var options = new AnalyzeOptions(worker);
        var command = new RootCommand(
            "Emergence of a neural network, measured on ONNX checkpoints: how many paths lead from dead nodes to alive ones.")
        {
            options.Argument,
        };
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal,
            () => RunAsync(options.Read(parsed, terminal.Input), terminal, analyze, token), token));
        return CommandPage.Of(command, options.Groups,
            [
                new("emergence-analyze ckpt_*.onnx", "a series; the samples are those the checkpoints record"),
                new("emergence-analyze runs/mlp --data mnist --data-dir data --samples all --out results",
                    "a directory's checkpoints on the whole MNIST test set; writes series.csv, layers.csv, results.json"),
                new("emergence-analyze model.onnx --data images.npy --labels labels.npy --scale 1/255 --mean 0.5 --std 0.5",
                    "any ONNX classifier on samples of your own, scaled to [-1, 1]"),
                new("emergence-analyze ckpt_*.onnx --threshold 0,0.01,0.05,0.1 --format csv",
                    "the same checkpoints under four thresholds, from one run, as CSV"),
                new("ls -1 runs/*/last.onnx | emergence-analyze - --data random",
                    "the checkpoints that another program lists, on random samples"),
                new("emergence-analyze compare before.onnx after.onnx",
                    "two models side by side, or two directories, or two results.json"),
            ],
            [
                .. ExitMeaning.Usual,
                new(ExitCode.Partial, "done in part: some checkpoints failed, each named; the rest is written"),
                ExitMeaning.Canceled,
            ]);
    }

    private static async Task<int> RunAsync(AnalyzeCall call, Terminal terminal, AnalysisRunner analyze, CancellationToken token)
    {
        if (!call.Quiet)
        {
            foreach (var note in call.Notes)
                terminal.WriteNote(note);
        }
        if (call.Out is { } earlier)
            FileSet.Recover(earlier);
        using var line = call.Quiet ? null : new ProgressLine(terminal);
        var times = new PhaseTimes(terminal.Clock, line);
        // On another thread: Ctrl-C is listened to only once the action has returned its task.
        var outcome = await Task.Run(
            () => analyze(call.Request, call.Quiet && !call.IsVerbose ? null : times, token), CancellationToken.None);
        line?.Wipe();
        times.Write();
        Messages.WriteDiagnostics(terminal, outcome.Series.Checkpoints, call.Quiet);
        Messages.WriteFailures(terminal, outcome.Failures);
        if (outcome.Series.Checkpoints.IsEmpty)
            return ExitCode.Failed;
        // First what stays: stdout may be full or gone.
        if (call.Out is { } directory)
        {
            var files = WriteFiles(outcome, directory);
            if (!call.Quiet)
                terminal.WriteNote($"{directory}: {string.Join(", ", files)} written");
        }
        if (call.Html is { } page)
        {
            AtomicFile.Write(page, stream => ReportWriters.Page.Write(outcome, stream));
            if (!call.Quiet)
                terminal.WriteNote($"{page}: written");
        }
        if (call.Format.Format == "table")
            TableReport.Write(outcome, terminal.Output, terminal.OutputWidth, terminal.OutputColor);
        else
            call.Format.Write(outcome, terminal.Output);
        await terminal.Output.FlushAsync(token);
        if (call.IsVerbose)
            times.Say(terminal, call.Request.Checkpoints.Length);
        return outcome.Failures.IsEmpty ? ExitCode.Done : ExitCode.Partial;
    }

    private static ImmutableArray<string> WriteFiles(AnalysisOutcome outcome, string directory)
    {
        var units = outcome.Series.Settings.Units;
        var writers = ReportWriters.All.Where(writer => writer.FileName is not null).ToImmutableArray();
        FileSet.Write(directory, [.. writers.Select(writer => (
            writer.FileName!, writer.OfUnits && !units ? null : (Action<Stream>)(stream => writer.Write(outcome, stream))))]);
        return [.. writers.Where(writer => units || !writer.OfUnits).Select(writer => writer.FileName!)];
    }
}
