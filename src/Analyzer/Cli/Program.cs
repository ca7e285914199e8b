using System.Text;
using Emergence.Analyzer.Containment;
using Emergence.CommandLine;
using Microsoft.Win32.SafeHandles;

namespace Emergence.Analyzer.Cli;

internal static class Program
{
    public static int Main(string[] args)
    {
        try
        {
            return FileHandles.Shortage() is { } shortage ? SayLast(shortage) : Run(args);
        }
        catch (Exception e)
        {
            return SayLast(Boundary.Unforeseen(e));
        }
    }

    // What each of these needs is loaded only where it is called: a supervisor's start is paid for by every run.
    private static int Run(string[] args) =>
        Worker.IsThisProcess ? Work(args) : RunsModels(args) ? Supervise(args) : RunAlone(args);

    private static int Work(string[] args)
    {
        using var worker = Worker.OfProcess(Console.OpenStandardInput());
        return Commands.RunAsync(args, worker.Terminal, Analysis.RunAsync, worker, worker.Token).GetAwaiter().GetResult();
    }

    private static int Supervise(string[] args)
    {
        var supervisor = new Supervisor(Console.IsErrorRedirected ? null : Terminal.WidthOfErrors());
        var code = supervisor.Run(args);
        return CodeOf(code, supervisor.HasLostErrors);
    }

    private static int RunAlone(string[] args)
    {
        var terminal = Terminal.OfProcess();
        var code = Commands.RunAsync(args, terminal, Analysis.RunAsync).GetAwaiter().GetResult();
        return CodeOf(code, terminal.HasLostErrors);
    }

    // A warning that nobody could read is not done.
    private static int CodeOf(int code, bool hasLostErrors) => code == ExitCode.Done && hasLostErrors ? ExitCode.Failed : code;

    /// <summary>What runs no model needs no second process.</summary>
    private static bool RunsModels(string[] args)
    {
        if (args is [] or ["completion" or "merge" or "cache", ..])
            return false;
        foreach (var arg in args)
        {
            if (arg is "--help" or "-h" or "-?" or "--version")
                return false;
        }
        return true;
    }

    /// <summary>A line on a channel that may be as unusable as whatever failed, without loading or opening anything.</summary>
    private static int SayLast(string message)
    {
        try
        {
            if (OperatingSystem.IsWindows())
                SayOnConsole(message);
            else
                SayOnDescriptor(message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TypeInitializationException
            or ArgumentException)
        {
            // Nothing is left to say it on; the exit code does.
        }
        return ExitCode.Failed;
    }

    private static void SayOnConsole(string message) => Console.Error.WriteLine($"error: {Printable.Of(message)}");

    private static void SayOnDescriptor(string message)
    {
        using var error = new SafeFileHandle(2, ownsHandle: false);
        using var stream = new FileStream(error, FileAccess.Write, bufferSize: 0);
        stream.Write(Encoding.UTF8.GetBytes($"error: {Printable.Of(message)}\n"));
    }
}
