using System.CommandLine;
using System.Globalization;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Sharding;
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
                new("emergence-analyze runs/mlp --fail-on 'alive_share < 0.6' --fail-on 'verdict == collapsing'",
                    "a step of a pipeline: exit code 3 if one of them holds; docs/gates.md lists the values"),
                new("emergence-analyze compare before.onnx after.onnx",
                    "two models side by side, or two directories, or two results.json"),
            ],
            [
                .. ExitMeaning.Usual,
                new(ExitCode.Gate, "done, and a condition of --fail-on holds"),
                new(ExitCode.Partial, "done in part: some checkpoints failed, each named; the rest is written"),
                ExitMeaning.Canceled,
            ]);
    }

    // Beside the set of files, not in it: it is there while a run is, and after one that was interrupted.
    private const string Journal = ".emergence-journal";

    private static async Task<int> RunAsync(AnalyzeCall call, Terminal terminal, AnalysisRunner analyze, CancellationToken token)
    {
        if (!call.Output.Quiet)
        {
            foreach (var note in call.Notes)
                terminal.WriteNote(note);
        }
        var place = call.Output.Out;
        var keepsNone = place is null || call.Cache is not null || call.Request.SampleShard is not null;
        var journal = keepsNone ? null : Path.Combine(place!, Journal);
        var store = call.Cache?.Open(call.Request.Boundary.Limits.Timeout, terminal.WriteWarning)
            ?? (journal is null ? null : new ResultStore(() => journal, terminal.WriteWarning));
        using var set = place is null ? null : FileSet.Open(place);
        if (call.Request.Shard is { } shard)
            ShardFolder.RequireOwn(place!, ShardKinds.Series, shard);
        if (call.Request.SampleShard is { } share)
            ShardFolder.RequireOwn(place!, ShardKinds.Samples, share);
        using var line = call.Output.Quiet ? null : new ProgressLine(terminal);
        var times = new PhaseTimes(terminal.Clock, line);
        // On another thread: Ctrl-C is listened to only once the action has returned its task.
        var analyzed = await Task.Run(
            () => analyze(
                call.Request with { Store = store }, call.Output is { Quiet: true, IsVerbose: false } ? null : times, token),
            CancellationToken.None);
        line?.Wipe();
        times.Write();
        Say(call, analyzed, store?.Found ?? 0, terminal);
        if (analyzed.Samples is { } samples)
        {
            AnswerFiles.WriteShare(samples, call.Output, set!, terminal);
            return CodeOf(analyzed);
        }
        // A shard may have none, or none that can be analyzed, which the whole has to know.
        if (analyzed.Series.Checkpoints.IsEmpty && analyzed.Part is null)
            return ExitCode.Failed;
        var outcome = call.Gates.Judge(analyzed);
        try
        {
            await AnswerFiles.WriteAsync(outcome, call.Output, set, terminal, token);
        }
        finally
        {
            // All is in the set then, even where stdout is full. A shard that is started again, as clusters do, skips what is
            // done.
            if (journal is not null && analyzed.Part is null && set!.IsWritten)
                ResultStore.Remove(journal);
        }
        if (store is not null)
            call.Cache?.Limit(store);
        if (call.Output.IsVerbose)
        {
            times.Say(terminal, call.Request.Checkpoints.Length);
            Messages.WriteCopied(terminal, analyzed.Series);
        }
        Messages.WriteGates(terminal, outcome);
        return CodeOf(outcome);
    }

    /// <summary>What the user should know of the analysis beside its numbers.</summary>
    private static void Say(AnalyzeCall call, AnalysisOutcome analyzed, int found, Terminal terminal)
    {
        if (found > 0 && !call.Output.Quiet)
            terminal.WriteNote(FoundWhere(call, found));
        Messages.WriteDiagnostics(terminal, analyzed.Series.Checkpoints, call.Output.Quiet, call.Output.IsVerbose);
        if (!call.Output.Quiet && (call.SaysDevice || call.Output.IsVerbose))
            Messages.WriteDevice(terminal, analyzed.Series);
        Messages.WriteFailures(terminal, analyzed.Failures);
    }

    private static string FoundWhere(AnalyzeCall call, int found)
    {
        var (place, how) = call.Cache is { } cache ? (cache.Folder, "found in the cache")
            : (call.Output.Out, "measured before an interruption");
        // A shard has one more than its own: the one before them.
        var of = call.Request.Shard is { } shard ? $"results of shard {shard}"
            : $"of {call.Request.Checkpoints.Length} checkpoints";
        return string.Create(CultureInfo.InvariantCulture, $"{place}: {found} {of} were {how}");
    }

    /// <summary>What went wrong outranks a gate, so that no gate of an incomplete result passes for an answer.</summary>
    public static int CodeOf(AnalysisOutcome outcome) =>
        !outcome.Failures.IsEmpty ? ExitCode.Partial
        : outcome.Gates.Any(gate => gate.MatchesNothing) ? ExitCode.Usage
        : outcome.Gates.Any(gate => gate.Problem is not null) ? ExitCode.Failed
        : outcome.Gates.Any(gate => gate.IsTripped) ? ExitCode.Gate
        : ExitCode.Done;
}
