using System.CommandLine;
using System.Globalization;
using Emergence.CommandLine;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Cli;

/// <summary><c>emergence-train train</c>: trains a network and writes a checkpoint per epoch.</summary>
internal static class TrainCommand
{
    public static CommandPage Create(Terminal terminal)
    {
        var command = new Command("train", "Trains a network and writes a checkpoint per epoch.");
        var options = new TrainOptions();
        command.SetAction((parsed, token) =>
            Commands.ReportAsync(terminal, () => RunAsync(options, parsed, terminal, token), token));
        return CommandPage.Of(command, options.Groups,
            [
                new("emergence-train train --dataset digits --out runs/mlp",
                    "the usual network on drawn digits, without a download"),
                new("emergence-train train --dataset mnist --data-dir data --network lenet --epochs 10 --out runs/lenet",
                    "a convolutional network on files of your own"),
                new("emergence-train train --dataset digits --network vit --optimizer adam --lr 0.001 --out runs/vit",
                    "a small vision transformer"),
                new("emergence-train train --from runs/mlp/ckpt_005.onnx --epochs 5 --out runs/mlp",
                    "five more epochs; what is not given is as the checkpoint records it"),
            ],
            [.. ExitMeaning.Usual, ExitMeaning.Canceled]);
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
