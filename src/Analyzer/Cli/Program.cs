using Emergence.Analyzer.Containment;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        try
        {
            return await RunAsync(args);
        }
        catch (Exception e)
        {
            return SayLast(Boundary.Unforeseen(e));
        }
    }

    private static async Task<int> RunAsync(string[] args)
    {
        using var worker = Worker.OfProcess(Console.OpenStandardInput);
        if (worker is not null)
            return await Commands.RunAsync(args, worker.Terminal, Analysis.RunAsync, worker, worker.Token);
        var terminal = Terminal.OfProcess();
        // What runs no model needs no second process.
        var code = args is [] or ["completion", ..] || args.Any(arg => arg is "--help" or "-h" or "-?" or "--version")
            ? await Commands.RunAsync(args, terminal, Analysis.RunAsync)
            : await new Supervisor(terminal).RunAsync(args);
        // A warning that nobody could read is not done.
        return code == ExitCode.Done && terminal.HasLostErrors ? ExitCode.Failed : code;
    }

    /// <summary>A line on a channel that may be as unusable as whatever failed.</summary>
    private static int SayLast(string message)
    {
        try
        {
            Console.Error.WriteLine($"error: {Printable.Of(message)}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TypeInitializationException)
        {
            // Nothing is left to say it on; the exit code does.
        }
        return ExitCode.Failed;
    }
}
