using System.Globalization;
using Emergence.CommandLine;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Cli;

/// <summary>Shows how far an experiment is: on a terminal in one line that is rewritten, else a line for each step.</summary>
internal sealed class StepDisplay(Terminal terminal, bool quiet) : IProgress<StepProgress>
{
    private int shown;

    public void Report(StepProgress value)
    {
        if (quiet)
            return;
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

    private static string Describe(StepProgress value)
    {
        var left = value.Left is { } time && value.StepsDone < value.Steps ? $", about {TimeLeft.Of(time)} left" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"[{value.StepsDone}/{value.Steps}{left}] {value.Finished?.Title ?? "nothing left to do"}");
    }
}
