using System.Globalization;
using Emergence.CommandLine;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Cli;

/// <summary>
/// Shows how far a run is: a line for each checkpoint and, on a terminal, a bar below it that is rewritten while the next
/// one is trained.
/// </summary>
internal sealed class ProgressDisplay(Terminal terminal, bool quiet) : IProgress<TrainingProgress>
{
    private const int BarWidth = 30;

    // Ten times a second is as fast as an eye follows.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly long begun = terminal.Clock.GetTimestamp();
    private int? firstEpoch;
    private long epochStarted = terminal.Clock.GetTimestamp();
    private long barShown;
    private int barLength;

    public void Report(TrainingProgress value)
    {
        switch (value)
        {
            case TrainingProgress.Diverged { Message: var message }:
                Clear();
                terminal.WriteWarning(message);
                break;
            case TrainingProgress.Note { Message: var message } when !quiet:
                Clear();
                terminal.WriteNote(message);
                break;
            case TrainingProgress.Written written when !quiet:
                Clear();
                terminal.Error.WriteLine(Describe(written, terminal.Clock.GetElapsedTime(epochStarted)));
                epochStarted = terminal.Clock.GetTimestamp();
                break;
            case TrainingProgress.Step step when !quiet && terminal.ErrorWidth is { } width
                && terminal.Clock.GetElapsedTime(barShown) >= Interval:
                barShown = terminal.Clock.GetTimestamp();
                Show(Bar(step) + Left(step), width);
                break;
        }
    }

    /// <summary>Wipes the bar, so that what follows starts on a clean line.</summary>
    public void Clear()
    {
        if (barLength == 0)
            return;
        // Spaces over the old text: works on terminals that know no escape sequence.
        terminal.Error.Write('\r' + new string(' ', barLength) + '\r');
        barLength = 0;
    }

    private void Show(string text, int width)
    {
        var shown = text[..Math.Min(text.Length, Math.Max(0, width - 1))];
        terminal.Error.Write('\r' + shown.PadRight(barLength));
        barLength = Math.Max(barLength, shown.Length);
    }

    private string Left(TrainingProgress.Step step)
    {
        var first = firstEpoch ??= step.Epoch;
        var done = step.Epoch - first + (double)step.SamplesDone / step.Samples;
        return TimeLeft.After(terminal.Clock.GetElapsedTime(begun), done / (step.LastEpoch - first + 1));
    }

    private static string Bar(TrainingProgress.Step step)
    {
        var full = (int)((long)BarWidth * step.SamplesDone / step.Samples);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {step.Epoch}/{step.LastEpoch} [{new string('#', full)}{new string('.', BarWidth - full)}] "
            + $"{step.SamplesDone}/{step.Samples}");
    }

    private static string Describe(TrainingProgress.Written written, TimeSpan time)
    {
        var record = written.Record;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"epoch {record.Epoch}/{written.LastEpoch}  loss {record.Train.Loss:0.0000}  train "
            + $"{record.Train.Accuracy * 100:0.00} %  test {record.Test.Accuracy * 100:0.00} %  {time.TotalSeconds:0.0} s");
    }
}
