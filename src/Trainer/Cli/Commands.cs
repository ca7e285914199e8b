using System.CommandLine;
using System.CommandLine.Invocation;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Trainer.Cli;

/// <summary>The program as a shell sees it: arguments in, exit code out.</summary>
internal static class Commands
{
    // Between two looks at the token lies one batch, or reading a data set.
    private static readonly TimeSpan TimeToCancel = TimeSpan.FromSeconds(30);

    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Terminal terminal, CancellationToken token = default)
    {
        // No @file expansion: a path may start with @.
        var parsed = Create(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            var command = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
            terminal.WriteError($"{parsed.Errors[0].Message.TrimEnd('.')}; see emergence-train {command}--help");
            return ExitCode.Usage;
        }
        await using var output = terminal.OpenOutput();
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeToCancel,
            },
            token);
    }

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
    private static RootCommand Create(Terminal terminal) =>
        new("Trains small networks and writes an ONNX checkpoint per epoch, for emergence-analyze to read.")
        {
            TrainCommand.Create(terminal),
            ExperimentCommand.Create(terminal),
        };
}
