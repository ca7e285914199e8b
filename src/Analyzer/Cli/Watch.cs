using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>One watch: looks at a folder, analyzes what is new, shows and writes it, and ends when its goal says so.</summary>
/// <param name="name">The folder or pattern.</param>
/// <param name="call">How to analyze, and where the answer goes.</param>
/// <param name="goal">When it is over.</param>
/// <param name="terminal">What the user sees.</param>
internal sealed class Watch(string name, AnalyzeCall call, WatchGoal goal, Terminal terminal)
{
    // Cursor to the top left, and nothing below it: what was scrolled away stays.
    private const string ClearScreen = "\x1b[H\x1b[2J";

    private readonly List<string> analyzed = [];
    private readonly HashSet<string> told = [];
    private int failuresTold;

    /// <summary>The time from one look to the next.</summary>
    public required TimeSpan Pause { get; init; }

    // A terminal shows the table that a log would be filled with.
    private bool IsLive => terminal.OutputWidth is not null && !call.Output.Quiet
        && call.Output.Formats.Any(format => format is { File: null, Writer.Format: "table" });

    /// <summary>Watches to the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken token)
    {
        foreach (var note in call.Notes)
            Note(note);
        var place = call.Output.Out;
        using var set = place is null ? null : FileSet.Open(place);
        // A log has a line for each checkpoint anyway.
        using var line = call.Output.Quiet || terminal.ErrorWidth is null
            ? null : new ProgressLine(terminal) { KnowsEnd = false };
        var folder = new WatchedFolder(name, file => Open(file, token), call.Request.Boundary.HasEndedOn);
        var request = call.Request with { Store = call.Request.Boundary.Store };
        var series = new SeriesAnalysis(request, 0, line);
        var begun = terminal.Clock.GetTimestamp();
        if (!Path.Exists(name))
            Note($"{name}: nothing there yet; waiting for training to write checkpoints");
        AnalysisOutcome? outcome = null;
        while (true)
        {
            if (folder.Look() is { IsEmpty: false } found)
            {
                series = Follow(folder, found, series, () => new SeriesAnalysis(request, 0, line), token);
                line?.Wipe();
                outcome = call.Gates.Judge(series.Outcome);
                await ShowAsync(outcome, set, token);
                if (goal.EndWith(outcome) is { } code)
                    return await EndAsync(outcome, set, code, folder, token);
            }
            if (goal.Timeout is { } limit && terminal.Clock.GetElapsedTime(begun) >= limit)
            {
                await EndAsync(outcome, set, ExitCode.Failed, folder, token);
                terminal.WriteError($"{name}: the verdict after {TimeText(limit)} is '{VerdictOf(outcome)}', not "
                    + $"'{VerdictText.Of(goal.Until)}'; give it a longer --timeout, or another --until");
                return ExitCode.Failed;
            }
            await Task.Delay(Pause, terminal.Clock, token);
        }
    }

    /// <summary>Adds what comes behind the series, or begins again where something lies within it.</summary>
    private SeriesAnalysis Follow(
        WatchedFolder folder, ImmutableArray<string> found, SeriesAnalysis series, Func<SeriesAnalysis> begin,
        CancellationToken token)
    {
        var finished = folder.Finished;
        if (found.FirstOrDefault(analyzed.Contains) is { } again)
            Note($"{again}: was written again; the series is analyzed from its start");
        if (found.Any(analyzed.Contains) || !finished.AsSpan(0, analyzed.Count).SequenceEqual(analyzed.ToArray()))
        {
            (series, failuresTold) = (begin(), 0);
            analyzed.Clear();
            folder.ForgetGone();
            finished = folder.Finished;
        }
        foreach (var file in finished.Skip(analyzed.Count))
        {
            series.Add(file, token);
            analyzed.Add(file);
            Tell(file, series.Outcome);
        }
        return series;
    }

    private (Checkpoint?, string?) Open(string file, CancellationToken token)
    {
        var (checkpoint, failure) = call.Request.Boundary.Run(file, _ =>
        {
            var opened = Checkpoint.Open(file);
            opened.RequireExternalData();
            return opened;
        }, token);
        if (failure is not null && told.Add(file))
            Note($"{Messages.WithPath(file, failure)} (so far; waiting for the rest of it)");
        return (checkpoint, failure);
    }

    /// <summary>A line for each checkpoint, which a log keeps.</summary>
    private void Tell(string file, AnalysisOutcome outcome)
    {
        if (outcome.Failures.Length > failuresTold)
        {
            failuresTold = outcome.Failures.Length;
            Messages.WriteFailures(terminal, outcome.Failures[^1..]);
        }
        else if (!IsLive && outcome.Series.Checkpoints[^1] is var last)
        {
            var measurement = last.Measurements[0];
            var epoch = last.Epoch is { } number ? string.Create(CultureInfo.InvariantCulture, $" (epoch {number})") : "";
            Note($"{file}{epoch}: E {NumberText.Integer(measurement.Emergence.Rounded)}, "
                + $"{measurement.Alive} of {measurement.Nodes} nodes alive; {VerdictOf(outcome)}");
        }
    }

    /// <summary>Writes the files again, and the table where a terminal shows it.</summary>
    private async Task ShowAsync(AnalysisOutcome outcome, FileSet? set, CancellationToken token)
    {
        if (outcome.Series.Checkpoints.IsEmpty)
            return;
        await AnswerFiles.WriteAsync(outcome, FilesOnly, set, terminal, token);
        if (!IsLive)
            return;
        terminal.Output.Write(Encoding.UTF8.GetBytes(ClearScreen));
        TableReport.Write(outcome, terminal.Output, terminal.OutputWidth, terminal.OutputColor);
        terminal.WriteAnswer($"watching {Printable.Of(name)}: {VerdictOf(outcome)}; Ctrl-C ends");
    }

    private OutputCall FilesOnly => call.Output with
    {
        Formats = [.. call.Output.Formats.Where(format => format.File is not null)],
        Quiet = true,
    };

    private async Task<int> EndAsync(
        AnalysisOutcome? outcome, FileSet? set, int code, WatchedFolder folder, CancellationToken token)
    {
        foreach (var (file, why) in folder.Unfinished)
            terminal.WriteWarning($"{Messages.WithPath(file, why)}; it is not in the result");
        if (outcome is null || outcome.Series.Checkpoints.IsEmpty)
            return code;
        if (IsLive)
            terminal.Output.Write(Encoding.UTF8.GetBytes(ClearScreen));
        Messages.WriteDiagnostics(terminal, outcome.Series.Checkpoints, call.Output.Quiet, call.Output.IsVerbose);
        await AnswerFiles.WriteAsync(outcome, call.Output, set, terminal, token);
        Messages.WriteGates(terminal, outcome with { Gates = [.. outcome.Gates.Where(gate => gate.IsTripped)] });
        return code;
    }

    private static string VerdictOf(AnalysisOutcome? outcome) =>
        outcome?.Verdicts is [var first, ..] ? VerdictText.Of(first.Kind) : VerdictText.Of(VerdictKind.CannotTell);

    private static string TimeText(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    private void Note(string text)
    {
        if (!call.Output.Quiet)
            terminal.WriteNote(text);
    }
}
