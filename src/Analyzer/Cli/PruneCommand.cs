using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Inference;
using Emergence.Pruning;

namespace Emergence.Analyzer.Cli;

/// <summary><c>emergence-analyze prune</c>: writes pruned copies of checkpoints, or shows how sensitive
/// their layers are.</summary>
internal static class PruneCommand
{
    public static CommandPage Create(Terminal terminal, Worker? worker)
    {
        var command =
            new Command("prune", "Prune checkpoints by magnitude: the smallest weights become zero, or whole nodes are removed.");
        var arguments = new PruneArguments(worker);
        command.Arguments.Add(arguments.Argument);
        command.SetAction((parsed, token) => UserErrors.ReportAsync(terminal, () => Task.Run(() =>
        {
            var call = arguments.Read(parsed, terminal.Input);
            return call.Sensitivity is { } sensitivity
                ? Measure(call, sensitivity, terminal, token)
                : Write(call, terminal, token);
        }, CancellationToken.None), token));
        return CommandPage.Of(command, arguments.Groups,
            [
                new("emergence-analyze prune model.onnx --amount 30% --out pruned.onnx",
                    "the smallest 30 % of the weights become 0"),
                new("emergence-analyze prune ckpt_*.onnx --amount 0.3,0.5,0.7 --out pruned", "three files for each checkpoint"),
                new("emergence-analyze prune model.onnx --amount 0.5 --structure nodes --shrink --out small.onnx",
                    "half of the nodes are cut out, and the file becomes smaller"),
                new("emergence-analyze prune model.onnx --sensitivity --data mnist", "what each layer can lose; writes nothing"),
            ],
            [
                .. ExitMeaning.Usual,
                new(ExitCode.Partial, "done in part: some checkpoints failed, each named; the rest is written"),
                ExitMeaning.Canceled,
            ]);
    }

    private static int Write(PruneCall call, Terminal terminal, CancellationToken token)
    {
        // Beside the checkpoints: of one that fails at its second amount, the first is written all the same.
        var written = ImmutableArray.CreateBuilder<PruneReport>();
        using var progress = call.Quiet ? null : new ProgressLine(terminal);
        var finished = ForEach(call, terminal, (file, run) =>
        {
            var said = new HashSet<Diagnostic>();
            var measure = ShapeRun.OnRandom(run.Token);
            var checkpoint = Checkpoint.Open(file);
            run.Holds(checkpoint.Bytes, 0);
            Func<PruneOptions, PrunedModel> pruner = call.Verification is { } probe
                ? new VerifiedPruner(checkpoint, probe, run).Prune
                : options => Pruner.Prune(checkpoint, options);
            var measurement =
                call.Measured is { } measured ? new PruneMeasurement(checkpoint, measured.Settings, measured.Probe, run) : null;
            Say(terminal, file, measurement?.Diagnostics ?? [], call.Quiet);
            var asked = Ranked(call, measurement) with { Trace = call.Options.Trace with { MeasureShapes = measure } };
            foreach (var planned in call.Files.Where(planned => planned.Source == file))
            {
                run.Token.ThrowIfCancellationRequested();
                progress?.Report(new AnalysisProgress(planned.Output, call.Files.IndexOf(planned), call.Files.Length, 0, 0));
                var pruned = pruner(asked with { Amount = planned.Amount });
                var effect = measurement?.EffectOf(pruned);
                Save(pruned, checkpoint, planned.Output);
                progress?.Wipe();
                written.Add(PruneReport.Of(file, planned.Output, pruned) with { Effect = effect });
                Say(terminal, file, pruned.Diagnostics.Where(said.Add), call.Quiet);
            }
            return file;
        }, token);
        progress?.Wipe();
        if (written.Count > 0)
            Print(written.ToImmutable(), call.Format, terminal);
        PruneSummary.Write(call, written, terminal, token);
        return Finish(call, finished.Length, terminal);
    }

    private static void Print(ImmutableArray<PruneReport> written, string format, Terminal terminal)
    {
        if (format == "table")
            PruneTable.Write(written, terminal.Output, terminal.OutputWidth);
        else
            PruneReportWriters.All.Single(writer => writer.Format == format).Write(written, terminal.Output);
    }

    /// <summary>The options with what was measured of this checkpoint.</summary>
    private static PruneOptions Ranked(PruneCall call, PruneMeasurement? measurement) => measurement is null ? call.Options
        : call.IsDead ? call.Options with { Dead = measurement.Dead }
        : call.Importance == Importance.Wanda ? call.Options with { InputSizes = measurement.SizesOfInputs() }
        : call.Options with { Scores = measurement.Scores };

    private static int Measure(PruneCall call, MeasuringCall sensitivity, Terminal terminal, CancellationToken token)
    {
        var results = ForEach(call, terminal, (file, run) =>
        {
            using var progress = call.Quiet ? null : new ProgressLine(terminal);
            return Sensitivity.Measure(file, call.Amounts, call.Options, sensitivity.Settings, sensitivity.Probe, progress,
                (samples, device) => run.Holds(new FileInfo(file).Length, samples, device), run.Token);
        }, token);
        foreach (var result in results)
            Say(terminal, result.File, result.Diagnostics.Distinct(), call.Quiet);
        if (!results.IsEmpty)
            SensitivityWriters.All.Single(writer => writer.Format == call.Format).Write(results, terminal.Output);
        return Finish(call, results.Length, terminal);
    }

    /// <summary>Works on each checkpoint; of several, one that fails is named and does not keep the others.</summary>
    private static ImmutableArray<T> ForEach<T>(PruneCall call, Terminal terminal, Func<string, CheckpointRun, T> work,
        CancellationToken token)
    {
        var results = ImmutableArray.CreateBuilder<T>();
        foreach (var file in call.Checkpoints)
        {
            var (result, failure) = call.Boundary.Run(file,
                run => call.Checkpoints.Length > 1 ? OfOne(() => work(file, run)) : work(file, run), token);
            if (failure is null)
                results.Add(result!);
            else
                Messages.WriteFailures(terminal, [new FailedCheckpoint(file, failure)]);
        }
        return results.ToImmutable();
    }

    /// <summary>Options that do not fit one of several checkpoints are that one's failure, not wrong usage
    /// of the whole.</summary>
    private static T OfOne<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UsageException e)
        {
            throw new UserException(e.Message, e);
        }
    }

    private static int Finish(PruneCall call, int done, Terminal terminal)
    {
        terminal.Output.Flush();
        return done == call.Checkpoints.Length ? ExitCode.Done : done > 0 ? ExitCode.Partial : ExitCode.Failed;
    }

    private static void Save(PrunedModel pruned, Checkpoint checkpoint, string output)
    {
        try
        {
            if (Path.GetDirectoryName(output) is { Length: > 0 } folder)
                Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"--out {output}: its directory cannot be created ({e.Message}); name another", e);
        }
        PrunedFile.Save(pruned.Model, checkpoint.Directory, output);
    }

    private static void Say(Terminal terminal, string file, IEnumerable<Diagnostic> diagnostics, bool quiet)
    {
        foreach (var diagnostic in diagnostics.Where(diagnostic => !quiet || diagnostic.Severity == Severity.Warning))
            Messages.WriteDiagnostic(terminal, file, diagnostic);
    }
}
