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

    private static int Run(string[] args)
    {
        using var worker = Worker.OfProcess(Console.OpenStandardInput);
        if (worker is not null)
            return Commands.RunAsync(args, worker.Terminal, Analysis.RunAsync, worker, worker.Token).GetAwaiter().GetResult();
        var terminal = new Lazy<Terminal>(Terminal.OfProcess);
        var code = RunsModels(args)
            ? new Supervisor(terminal, Terminal.WidthOfErrors()).Run(args)
            : Commands.RunAsync(args, terminal.Value, Analysis.RunAsync).GetAwaiter().GetResult();
        // A warning that nobody could read is not done.
        return code == ExitCode.Done && terminal is { IsValueCreated: true, Value.HasLostErrors: true } ? ExitCode.Failed : code;
    }

    /// <summary>What runs no model needs no second process.</summary>
    private static bool RunsModels(string[] args) =>
        args is not ([] or ["completion" or "merge" or "cache", ..])
            && Array.TrueForAll(args, arg => arg is not ("--help" or "-h" or "-?" or "--version"));

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
