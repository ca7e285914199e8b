using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Containment;

/// <summary>
/// Runs the program's own command in a worker process and outlives it. A worker that dies on a checkpoint is followed by
/// another that does the same command, that checkpoint left out and named; so the others are delivered, and the numbers
/// are those of one run.
/// </summary>
/// <param name="terminal">What the user sees.</param>
internal sealed class Supervisor(Terminal terminal)
{
    // What a worker may take to end by itself, once it was asked to or its time is over.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    // Native code fills some hundred megabytes in this time.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<string, string> deaths = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource asked = new();
    private readonly Lock gate = new();
    private (string File, TimeSpan Time, long Started)? current;
    private long memory = long.MaxValue;
    private string input = "";

    /// <summary>Runs a command to its end.</summary>
    /// <returns>The exit code of the worker that came through.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        // A worker's own stdin is the pipe from here.
        if (args.Contains("-"))
            input = await terminal.Input.ReadToEndAsync();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        while (true)
        {
            current = null;
            var (code, killed, lastWords) = await WatchAsync(args);
            if (killed is null && code is >= ExitCode.Done and <= ExitCode.Partial or ExitCode.Canceled)
                return code;
            if (asked.Task.IsCompleted)
            {
                terminal.WriteError("canceled");
                return ExitCode.Canceled;
            }
            if (current is not { } dead)
            {
                terminal.WriteError(
                    $"the program ended unexpectedly: {Death(code, lastWords)}; this is a defect: report it with the command");
                return ExitCode.Failed;
            }
            deaths.Add(dead.File, killed ?? $"the runtime ended the process on it: {Death(code, lastWords)}; leave the file out");
        }
    }

    private void End(PosixSignalContext signal)
    {
        signal.Cancel = true;
        asked.TrySetResult();
    }

    /// <summary>One worker from start to end.</summary>
    private async Task<(int Code, string? Killed, string LastWords)> WatchAsync(IReadOnlyList<string> args)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        using var process = Start(args, pipe.GetClientHandleAsString());
        pipe.DisposeLocalCopyOfClientHandle();
        var orders = new BinaryWriter(process.StandardInput.BaseStream, Encoding.UTF8);
        Brief(orders);
        var news = Task.Factory.StartNew(() => Listen(pipe), TaskCreationOptions.LongRunning);
        var words = process.StandardError.ReadToEndAsync();
        var exit = process.WaitForExitAsync();
        string? killed = null;
        var isAsked = false;
        var askedAt = 0L;
        while (await Task.WhenAny(exit, Task.Delay(Look)) != exit)
        {
            if (asked.Task.IsCompleted && !isAsked)
            {
                (isAsked, askedAt) = (true, terminal.Clock.GetTimestamp());
                orders.Dispose();
            }
            if (isAsked && terminal.Clock.GetElapsedTime(askedAt) > Grace)
                process.Kill();
            else if ((killed ??= WhyEnd(process)) is not null)
                process.Kill();
        }
        await news;
        return (process.ExitCode, killed, LastLine(await words));
    }

    private static Process Start(IReadOnlyList<string> args, string pipe)
    {
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("the program does not know its own path");
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true
        };
        // Started as "dotnet emergence-analyze.dll", the path is that of dotnet.
        if (Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in args)
            start.ArgumentList.Add(argument);
        start.Environment[Worker.Variable] = pipe;
        return Process.Start(start)!;
    }

    private void Brief(BinaryWriter orders)
    {
        orders.Write(terminal.ErrorWidth ?? -1);
        orders.Write(terminal.ErrorColor);
        orders.Write(deaths.Count);
        foreach (var (file, death) in deaths)
        {
            orders.Write(file);
            orders.Write(death);
        }
        orders.Write(input);
        orders.Flush();
    }

    private void Listen(Stream pipe)
    {
        using var news = new BinaryReader(pipe, Encoding.UTF8);
        try
        {
            while (true)
            {
                switch ((WorkerNews)news.ReadByte())
                {
                    case WorkerNews.Says:
                        Say(news.ReadString());
                        break;
                    case WorkerNews.Starts:
                        Set((news.ReadString(), TimeSpan.FromSeconds(news.ReadDouble()), terminal.Clock.GetTimestamp()),
                            news.ReadInt64());
                        break;
                    case WorkerNews.MayTake:
                        Set(current, news.ReadInt64());
                        break;
                    default:
                        Set(null, long.MaxValue);
                        break;
                }
            }
        }
        catch (EndOfStreamException)
        {
            // The worker has ended, well or not; its exit code tells.
        }
    }

    private void Set((string File, TimeSpan Time, long Started)? now, long most)
    {
        lock (gate)
            (current, memory) = (now, most);
    }

    private void Say(string text)
    {
        terminal.Error.Write(text);
        terminal.Error.Flush();
    }

    /// <summary>Why the worker must end now; null where it may go on.</summary>
    private string? WhyEnd(Process process)
    {
        lock (gate)
        {
            if (current is not { } now)
                return null;
            if (terminal.Clock.GetElapsedTime(now.Started) > now.Time + Grace)
                return Boundary.TookTooLong(now.Time);
            return Taken(process) > memory
                ? $"needs more than {CheckpointRun.Gibibytes(memory)} of memory; raise --memory, or leave it out"
                : null;
        }
    }

    private static long Taken(Process process)
    {
        try
        {
            // Refreshing a process reads a file for each of its threads; this is one.
            if (OperatingSystem.IsLinux())
                return long.Parse(File.ReadAllText($"/proc/{process.Id}/statm").Split(' ')[1],
                    CultureInfo.InvariantCulture) * Environment.SystemPageSize;
            process.Refresh();
            return process.WorkingSet64;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or IOException or UnauthorizedAccessException)
        {
            // It has just ended.
            return 0;
        }
    }

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault("");

    /// <summary>What an exit code says of how a process died.</summary>
    private static string Death(int code, string lastWords)
    {
        var cause = code switch
        {
            128 + 4 => "an instruction that the processor does not know (SIGILL)",
            128 + 6 => "it gave up (SIGABRT)",
            128 + 7 => "an access to memory that is not there (SIGBUS)",
            128 + 8 => "a division by zero or an overflow in integers (SIGFPE)",
            128 + 9 => "killed from outside, perhaps for want of memory (SIGKILL)",
            128 + 11 => "an access to memory that is not its own (SIGSEGV)",
            _ => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        };
        return lastWords.Length > 0 ? $"{cause}: {lastWords}" : cause;
    }
}
