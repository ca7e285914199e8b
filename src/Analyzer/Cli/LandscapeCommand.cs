using System.CommandLine;
using System.Globalization;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Reports.Landscapes;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze landscape</c>: the loss around checkpoints, or between two.</summary>
internal static class LandscapeCommand
{
    // Beside the set of files, not in it: it is there while a run is, and after one that was interrupted.
    private const string Journal = ".emergence-landscape";

    public static CommandPage Create(Terminal terminal, Worker? worker)
    {
        var command = new Command("landscape",
            "Measure the loss around checkpoints as a function of their weights: a grid, its picture, and numbers for how "
            + "rugged, sharp and curved it is.");
        var options = new LandscapeOptions(worker);
        command.Arguments.Add(options.Argument);
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () => Task.Run(
            () => Run(options.Read(parsed, terminal.Input), terminal, token), CancellationToken.None), token));
        return CommandPage.Of(command, options.Groups,
            [
                new("emergence-analyze landscape model.onnx --data mnist --out landscape",
                    "41 x 41 points along two random directions, normalized by filter; writes landscape.json, .csv, .svg, .html"),
                new("emergence-analyze landscape ckpt_*.onnx --directions trajectory --out path",
                    "the plane in which a training run moves, with its path"),
                new("emergence-analyze landscape a.onnx b.onnx --directions between --samples all",
                    "loss and accuracy on the line from one checkpoint to the other, and the height of the barrier"),
                new("emergence-analyze landscape model.onnx --data x.npy --loss mse --targets y.npy --grid 11 --pairs 10",
                    "a regression on a coarse grid; numbers over ten pairs of directions"),
            ],
            [
                .. ExitMeaning.Usual,
                new(ExitCode.Partial, "done in part: some checkpoints failed, each named; the rest is written"),
                ExitMeaning.Canceled,
            ]);
    }

    private static int Run(LandscapeCall call, Terminal terminal, CancellationToken token)
    {
        var journal = call.Out is null ? null : Path.Combine(call.Out, Journal);
        using var set = call.Out is null ? null : FileSet.Open(call.Out);
        using var progress = call.Quiet ? null : new ProgressLine(terminal);
        var outcome = new LandscapeAnalysis(call.Request with { Journal = journal }, progress, terminal.WriteWarning).Run(token);
        progress?.Wipe();
        Messages.WriteFailures(terminal, outcome.Failures);
        if (outcome.Landscapes.IsEmpty)
            return ExitCode.Failed;
        Say(outcome, call, terminal);
        Write(outcome, call, set, terminal);
        if (journal is not null)
            ResultStore.Remove(journal);
        return outcome.Failures.IsEmpty ? ExitCode.Done : ExitCode.Partial;
    }

    private static void Say(LandscapeOutcome outcome, LandscapeCall call, Terminal terminal)
    {
        if (outcome.Resumed > 0 && !call.Quiet)
            terminal.WriteNote(string.Create(CultureInfo.InvariantCulture,
                $"{call.Out}: {outcome.Resumed:N0} losses were measured before an interruption"));
        foreach (var landscape in outcome.Landscapes)
        {
            foreach (var diagnostic in landscape.Diagnostics.Distinct()
                .Where(diagnostic => !call.Quiet || diagnostic.Severity == Severity.Warning))
                Messages.WriteDiagnostic(terminal, landscape.File, diagnostic);
        }
    }

    private static void Write(LandscapeOutcome outcome, LandscapeCall call, FileSet? set, Terminal terminal)
    {
        if (set is not null)
        {
            var writers = LandscapeWriters.All.Where(writer => writer.FileName is not null).ToArray();
            set.Write([.. writers.Select(writer => (
                writer.FileName!, (Action<Stream>?)(stream => writer.Write(outcome, stream))))]);
            if (!call.Quiet)
                terminal.WriteNote($"{call.Out}: {string.Join(", ", writers.Select(writer => writer.FileName))} written");
        }
        LandscapeWriters.All.Single(writer => writer.Format == call.Format).Write(outcome, terminal.Output);
        terminal.Output.Flush();
    }
}
