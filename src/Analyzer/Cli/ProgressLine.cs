using System.Globalization;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>
/// Shows how far an analysis is: on a terminal one line that is rewritten and finally wiped; elsewhere, as in a log, a
/// plain line now and then, so that a short run leaves no trace and a long one is seen to live.
/// </summary>
internal sealed class ProgressLine : IProgress<AnalysisProgress>, IDisposable
{
    // Ten times a second is as fast as an eye follows.
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly Terminal terminal;
    private readonly long begun;
    private long shownAt;
    private int shownWidth;

    public ProgressLine(Terminal terminal)
    {
        this.terminal = terminal;
        shownAt = begun = terminal.Clock.GetTimestamp();
    }

    /// <summary>Whether the number of checkpoints is known, so that the time left can be told.</summary>
    public bool KnowsEnd { get; init; } = true;

    /// <inheritdoc/>
    public void Report(AnalysisProgress value)
    {
        lock (gate)
        {
            var interval = terminal.ErrorWidth is null ? PlainInterval : LiveInterval;
            if (terminal.Clock.GetElapsedTime(shownAt) < interval)
                return;
            shownAt = terminal.Clock.GetTimestamp();
            var left = KnowsEnd ? TimeLeft.After(terminal.Clock.GetElapsedTime(begun), Share(value)) : "";
            var text = Printable.Of((value.Activity ?? Describe(value)) + left);
            if (terminal.ErrorWidth is { } width)
                Rewrite(text[..Math.Min(text.Length, Math.Max(0, width - 1))]);
            else
                terminal.Error.WriteLine(text);
        }
    }

    private static string Describe(AnalysisProgress value)
    {
        var samples = value.SamplesTotal == 0 ? "" : string.Create(
            CultureInfo.InvariantCulture, $"  {value.SamplesDone}/{value.SamplesTotal} samples");
        return string.Create(
            CultureInfo.InvariantCulture, $"{value.Index + 1}/{value.Total}  {Path.GetFileName(value.File)}{samples}");
    }

    private static double Share(AnalysisProgress value) => value.Total == 0 ? 0
        : (value.Index + (value.SamplesTotal > 0 ? (double)value.SamplesDone / value.SamplesTotal : 0)) / value.Total;

    /// <summary>Wipes the line, so that what follows starts on a clean one.</summary>
    public void Wipe()
    {
        lock (gate)
        {
            if (shownWidth == 0)
                return;
            Rewrite("");
            terminal.Error.Write('\r');
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Wipe();

    // Spaces over the old text: works on terminals that know no escape sequence.
    private void Rewrite(string text)
    {
        terminal.Error.Write('\r' + text.PadRight(shownWidth));
        shownWidth = text.Length;
    }
}
