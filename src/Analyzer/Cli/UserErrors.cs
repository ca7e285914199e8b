using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Gates;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>Turns what goes wrong into one line and an exit code: what a user can act on, and a defect of
/// ours, said to be one.</summary>
internal static class UserErrors
{
    /// <summary>Runs a command's work, or says in one line why it could not be done.</summary>
    public static async Task<int> ReportAsync(Terminal terminal, Func<Task<int>> work, CancellationToken token)
    {
        try
        {
            return await work();
        }
        catch (UsageException e)
        {
            terminal.WriteError(e.Message);
            return ExitCode.Usage;
        }
        catch (GateSyntaxException e)
        {
            terminal.WriteError(e.Message);
            terminal.WriteExcerpt(e.Expression, e.Position);
            return ExitCode.Usage;
        }
        catch (UserException e)
        {
            terminal.WriteError(e.Message);
            return ExitCode.Failed;
        }
        // Without the condition a timeout somewhere inside would pass for the user's wish.
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            terminal.WriteError("canceled");
            return ExitCode.Canceled;
        }
        catch (Exception e)
        {
            terminal.WriteError(Boundary.Unforeseen(e));
            return ExitCode.Failed;
        }
    }
}
