using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Cli;

/// <summary>Tells the user on stderr what a result does not say by itself.</summary>
internal static class Messages
{
    /// <summary>Every diagnostic once, with how many checkpoints share it; notes not where <paramref name="quiet"/>, and where
    /// nodes run only where <paramref name="verbose"/>.</summary>
    public static void WriteDiagnostics(
        Terminal terminal, ImmutableArray<CheckpointResult> checkpoints, bool quiet, bool verbose)
    {
        var groups = checkpoints
            .SelectMany(checkpoint => checkpoint.Diagnostics.Distinct(),
                (checkpoint, diagnostic) => (checkpoint.File, Diagnostic: diagnostic))
            .Where(entry => verbose || !ProviderNodes.IsPlacement(entry.Diagnostic))
            .GroupBy(entry => entry.Diagnostic, entry => entry.File);
        foreach (var group in groups)
        {
            string[] files = [.. group];
            var text = files.Length == checkpoints.Length && files.Length > 1
                ? $"{group.Key} (all checkpoints)"
                : $"{Files(files)}: {group.Key}";
            Write(terminal, group.Key.Severity, text, quiet);
        }
    }

    /// <summary>What <c>--device auto</c> chose, where no diagnostic says so already.</summary>
    public static void WriteDevice(Terminal terminal, SeriesResult series)
    {
        const string Subject = "--device auto";
        if (series.Settings.Device == Device.Auto
            && !series.Checkpoints.Any(checkpoint => checkpoint.Diagnostics.Any(entry => entry.Subject == Subject)))
            terminal.WriteNote($"{Subject}: runs on {series.DeviceReason}");
    }

    /// <summary>What went between the program and the device (<c>--verbose</c>).</summary>
    public static void WriteCopied(Terminal terminal, SeriesResult series)
    {
        foreach (var group in series.Checkpoints.Where(checkpoint => checkpoint.Copied.Runs > 0)
            .GroupBy(checkpoint => checkpoint.Device, checkpoint => checkpoint.Copied))
        {
            var sum = group.Aggregate(CopiedBytes.None, (all, each) => all.Plus(each));
            terminal.WriteNote(string.Create(CultureInfo.InvariantCulture,
                $"{group.Key}: fed {sum.InASample:N0} bytes a sample, {sum.BackARun:N0} bytes back from a run of "
                + $"{(double)sum.Samples / sum.Runs:N0} samples, {sum.Runs:N0} runs"));
        }
    }

    /// <summary>A diagnostic of one file.</summary>
    public static void WriteDiagnostic(Terminal terminal, string file, Diagnostic diagnostic) =>
        Write(terminal, diagnostic.Severity, $"{file}: {diagnostic}", quiet: false);

    /// <summary>One error line for each checkpoint that failed, naming it.</summary>
    public static void WriteFailures(Terminal terminal, ImmutableArray<FailedCheckpoint> failures)
    {
        foreach (var (file, message) in failures)
            terminal.WriteError(WithPath(file, message));
    }

    /// <summary>A line for each value that trips a gate, and for each gate that cannot be judged.</summary>
    public static void WriteGates(Terminal terminal, AnalysisOutcome outcome)
    {
        foreach (var gate in outcome.Gates)
        {
            var at = outcome.Series.Settings.Thresholds.Length > 1
                ? FormattableString.Invariant($" at θ = {gate.Threshold}") : "";
            foreach (var reason in gate.Reasons)
                terminal.WriteGate($"{gate.File}: {reason} (--fail-on '{gate.Expression}'{at})");
            if (gate.Problem is { } problem)
                terminal.WriteError($"--fail-on '{gate.Expression}'{at}: {problem}");
        }
    }

    // A message that opens with the bare name is given the path: several runs have a ckpt_001.onnx.
    internal static string WithPath(string file, string message)
    {
        var name = Path.GetFileName(file);
        return message.StartsWith($"{file}: ", StringComparison.Ordinal) ? message
            : message.StartsWith($"{name}: ", StringComparison.Ordinal) ? file + message[name.Length..]
            : $"{file}: {message}";
    }

    private static void Write(Terminal terminal, Severity severity, string text, bool quiet)
    {
        if (severity == Severity.Warning)
            terminal.WriteWarning(text);
        else if (!quiet)
            terminal.WriteNote(text);
    }

    private static string Files(string[] files) => files.Length == 1
        ? files[0]
        : string.Create(CultureInfo.InvariantCulture, $"{files[0]} and {files.Length - 1} more");
}
