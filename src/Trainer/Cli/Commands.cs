using System.CommandLine;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Trainer.Cli;

/// <summary>The program as a shell sees it: arguments in, exit code out.</summary>
internal static class Commands
{
    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    public static Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken token = default) =>
        Tree(terminal).RunAsync(args, token);

    /// <summary>
    /// Runs a command's work, or says in one line why it could not be done. What a user cannot act on is a defect of ours
    /// and is let through.
    /// </summary>
    public static async Task<int> ReportAsync(Terminal terminal, Func<Task> work, CancellationToken token)
    {
        try
        {
            // On another thread: Ctrl-C is listened to only once the action has returned its task.
            await Task.Run(work, CancellationToken.None);
            return ExitCode.Done;
        }
        catch (UserException e)
        {
            terminal.WriteError(e.Message);
            return e is UsageException ? ExitCode.Usage : ExitCode.Failed;
        }
        // Without the condition a timeout somewhere inside would pass for the user's wish.
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            terminal.WriteError("canceled; the files written so far are complete");
            return ExitCode.Canceled;
        }
    }

    /// <summary>The commands: one file of this folder and one line here each.</summary>
    public static CommandTree Tree(Terminal terminal) => new(
        terminal, "emergence-train",
        CommandPage.Of(
            new RootCommand("Trains small networks and writes an ONNX checkpoint per epoch, for emergence-analyze to read."), [],
            [
                new("emergence-train train --dataset digits --epochs 5 --out runs/mlp", "a network on drawn digits, no download"),
                new("emergence-train experiment mlp-pruning --quick --out small", "the paper's pruning experiment, small"),
            ],
            [.. ExitMeaning.Usual, ExitMeaning.Canceled]),
        TrainCommand.Create(terminal),
        SharpnessCommand.Create(terminal),
        ExperimentCommand.Create(terminal),
        PredictorCommand.Create(terminal));
}
