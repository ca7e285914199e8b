using System.Globalization;
using Emergence.CommandLine;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Cli;

/// <summary>
/// Shows how far an experiment is: on a terminal in one line that is rewritten; else a line for each step, and one now and
/// then while a step takes long.
/// </summary>
internal sealed class StepDisplay(Terminal terminal, bool quiet) : IProgress<StepProgress>
{
    // Ten times a second is as fast as an eye follows.
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    private readonly long begun = terminal.Clock.GetTimestamp();
    private long shownAt = terminal.Clock.GetTimestamp();
    private int shown;

    public void Report(StepProgress value)
    {
        var interval = terminal.ErrorWidth is null ? PlainInterval : LiveInterval;
        if (quiet || (value.Working is not null && terminal.Clock.GetElapsedTime(shownAt) < interval))
            return;
        shownAt = terminal.Clock.GetTimestamp();
        if (terminal.ErrorWidth is not { } width)
        {
            terminal.Error.WriteLine(Describe(value));
            return;
        }
        var line = Describe(value);
        line = line[..Math.Min(line.Length, Math.Max(0, width - 1))];
        terminal.Error.Write('\r' + line.PadRight(shown));
        shown = line.Length;
    }

    /// <summary>Wipes the line, so that what follows starts on a clean one.</summary>
    public void Clear()
    {
        if (shown > 0)
            terminal.Error.Write('\r' + new string(' ', shown) + '\r');
        shown = 0;
    }

    private string Describe(StepProgress value)
    {
        var left = TimeLeft.After(terminal.Clock.GetElapsedTime(begun), value.Share);
        var step = value.Step?.Title ?? "nothing left to do";
        return string.Create(CultureInfo.InvariantCulture,
            $"[{value.StepsDone}/{value.Steps}{left}] {step}{(value.Working is { } working ? $", {working.Where}" : "")}");
    }
}
