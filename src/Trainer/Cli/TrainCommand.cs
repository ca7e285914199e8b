using System.CommandLine;
using System.Globalization;
using Emergence.CommandLine;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Cli;

/// <summary><c>emergence-train train</c>: trains a network and writes a checkpoint per epoch.</summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("train", "Trains a network and writes a checkpoint per epoch.");
        var options = new TrainOptions();
        options.AddTo(command);
        command.SetAction((parsed, token) =>
            Commands.ReportAsync(terminal, () => RunAsync(options, parsed, terminal, token), token));
        return command;
    }

    private static Task RunAsync(TrainOptions options, ParseResult parsed, Terminal terminal, CancellationToken token)
    {
        var plan = options.Read(parsed);
        var progress = new ProgressDisplay(terminal, options.ReadQuiet(parsed));
        try
        {
            var records = TrainingRun.Run(plan, progress, token);
            terminal.WriteAnswer(Summary(plan, records[^1]));
        }
        finally
        {
            progress.Clear();
        }
        return Task.CompletedTask;
    }

    private static string Summary(TrainingPlan plan, EpochRecord last) => string.Create(
        CultureInfo.InvariantCulture,
        $"{CheckpointFolder.PathOf(plan.Output, last.Epoch)}: epoch {last.Epoch}, train {last.Train.Accuracy * 100:0.00} %, "
        + $"test {last.Test.Accuracy * 100:0.00} %");
}
