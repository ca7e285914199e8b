using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Text;
using Emergence.Analyzer.Journal;
using Emergence.CommandLine;
using Microsoft.Win32.SafeHandles;

namespace Emergence.Analyzer.Containment;

/// <summary>
/// Runs the program's own command in a worker process and outlives it. A worker that dies on a checkpoint is followed by
/// another that does the same command, that checkpoint left out and named; so the others are delivered, and the numbers
/// are those of one run. Where a worker dies on several checkpoints at once, the next works on each of these alone, so that
/// only the guilty one is named.
/// </summary>
/// <remarks>
/// All that happens here is paid for by every run, also the shortest: one thread, no tasks, and nothing is made before it is
/// needed.
/// </remarks>
/// <param name="terminal">What the user sees.</param>
/// <param name="errorWidth">Columns of the terminal that errors go to; null if there is none.</param>
internal sealed class Supervisor(Lazy<Terminal> terminal, int? errorWidth)
{
    // What a worker may take to end by itself, once it was asked to or its time is over.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    // Native code fills some hundred megabytes in this time.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly List<(string File, string Death)> deaths = [];
    // Together they take too much memory.
    private bool isOneByOne;
    private readonly HashSet<string> suspects = new(StringComparer.Ordinal);
    private readonly object gate = new();
    private RunsInWork inWork = new(Grace);
    private string input = "";
    private bool isOver;
    // A time stamp; 0 until the user wants an end.
    private long askedAt;
    // Where workers keep results; empty as long as none does.
    private string kept = "";

    /// <summary>Runs a command to its end.</summary>
    /// <returns>The exit code of the worker that came through.</returns>
    public int Run(IReadOnlyList<string> args)
    {
        PosixSignalRegistration[] signals =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, End),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, End),
        ];
        var code = Outlive(args);
        if (kept.Length > 0)
            ResultStore.Remove(kept);
        // Not disposed of: they end with the process.
        GC.KeepAlive(signals);
        return code;
    }

    private int Outlive(IReadOnlyList<string> args)
    {
        // A worker's own stdin is the pipe from here.
        if (args.Contains("-"))
            input = terminal.Value.Input.ReadToEnd();
        while (true)
        {
            (inWork, isOver) = (new RunsInWork(Grace), false);
            var (code, killed, lastWords) = Watch(args);
            if (killed is null && code is >= ExitCode.Done and <= ExitCode.Partial or ExitCode.Canceled)
                return code;
            if (Volatile.Read(ref askedAt) != 0)
            {
                terminal.Value.WriteError("canceled");
                return ExitCode.Canceled;
            }
            if (inWork.Files.IsEmpty)
            {
                terminal.Value.WriteError(
                    $"the program ended unexpectedly: {Death(code, lastWords)}; this is a defect: report it with the command");
                return ExitCode.Failed;
            }
            isOneByOne |= killed is { File: null } && inWork.Files.Length > 1;
            Accuse(killed?.File,
                killed?.Why ?? $"the runtime ended the process on it: {Death(code, lastWords)}; leave the file out");
        }
    }

    /// <summary>Names the file on which a worker died. Where it had several in work and any may be the one, each is tried alone.
    /// </summary>
    private void Accuse(string? guilty, string death)
    {
        var files = guilty is null ? inWork.Files : [guilty];
        var known = suspects.Count;
        if (files.Length > 1)
            suspects.UnionWith(files);
        // A suspect is alone; should it ever not be, its deaths come to an end here all the same.
        if (suspects.Count > known)
            return;
        deaths.AddRange(files.Select(file => (file, death)));
    }

    private void End(PosixSignalContext signal)
    {
        signal.Cancel = true;
        lock (gate)
        {
            if (askedAt == 0)
                askedAt = Stopwatch.GetTimestamp();
            Monitor.Pulse(gate);
        }
    }

    /// <summary>One worker from start to end.</summary>
    private (int Code, (string? File, string Why)? Killed, string LastWords) Watch(IReadOnlyList<string> args)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        using var process = Start(args, pipe.GetClientHandleAsString());
        pipe.DisposeLocalCopyOfClientHandle();
        using var orders = new BinaryWriter(PlainFile(process.StandardInput.BaseStream, FileAccess.Write), Encoding.UTF8);
        Brief(orders);
        var news = PlainFile(pipe, FileAccess.Read);
        new Thread(() => Listen(news)) { IsBackground = true }.Start();
        var lastWords = "";
        var words = new StreamReader(PlainFile(process.StandardError.BaseStream, FileAccess.Read));
        var hearing = new Thread(() => lastWords = LastLine(words)) { IsBackground = true };
        hearing.Start();
        using var memory = new ProcessMemory(process);
        (string? File, string Why)? killed = null;
        while (!HasEnded(process))
        {
            if (Volatile.Read(ref askedAt) is not 0 and var asked)
            {
                process.StandardInput.Close();
                if (Stopwatch.GetElapsedTime(asked) > Grace)
                    process.Kill();
            }
            else if ((killed ??= inWork.WhyEnd(memory)) is not null)
                process.Kill();
        }
        hearing.Join();
        return (process.ExitCode, killed, lastWords);
    }

    /// <summary>Waits a moment for the worker's end, which closes the pipe.</summary>
    private bool HasEnded(Process process)
    {
        lock (gate)
        {
            if (!isOver)
            {
                Monitor.Wait(gate, Look);
                return false;
            }
        }
        return process.WaitForExit(Look);
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

    /// <summary>The same pipe without what .NET loads to wait for one asynchronously: its whole network stack.</summary>
    private static Stream PlainFile(Stream stream, FileAccess access) => stream is PipeStream pipe
        ? new FileStream(new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false), access)
        : stream;

    private void Brief(BinaryWriter orders)
    {
        orders.Write(errorWidth ?? -1);
        orders.Write(Terminal.ColorsErrors());
        orders.Write(deaths.Count);
        foreach (var (file, death) in deaths)
        {
            orders.Write(file);
            orders.Write(death);
        }
        orders.Write(isOneByOne);
        orders.Write(suspects.Count);
        foreach (var file in suspects)
            orders.Write(file);
        orders.Write(kept);
        orders.Write(input);
        orders.Flush();
    }

    private void Listen(Stream pipe)
    {
        using var news = new BinaryReader(pipe, Encoding.UTF8);
        try
        {
            for (int what; (what = pipe.ReadByte()) >= 0;)
                Hear((WorkerNews)what, news);
        }
        catch (EndOfStreamException)
        {
            // The worker has died in the middle of a word; its exit code tells.
        }
        lock (gate)
        {
            isOver = true;
            Monitor.Pulse(gate);
        }
    }

    private void Hear(WorkerNews what, BinaryReader news)
    {
        switch (what)
        {
            case WorkerNews.Says:
                Say(news.ReadString());
                break;
            case WorkerNews.Keeps:
                kept = news.ReadString();
                break;
            default:
                HearOfRun(what, news.ReadInt32(), news);
                break;
        }
    }

    private void HearOfRun(WorkerNews what, int run, BinaryReader news)
    {
        if (what == WorkerNews.Starts)
            inWork.Start(run, news.ReadString(), TimeSpan.FromSeconds(news.ReadDouble()),
                TimeSpan.FromSeconds(news.ReadDouble()), news.ReadInt64());
        else if (what == WorkerNews.MayTake)
            inWork.MayTake(run, news.ReadInt64());
        else
            inWork.End(run);
    }

    private void Say(string text)
    {
        terminal.Value.Error.Write(text);
        terminal.Value.Error.Flush();
    }

    private static string LastLine(StreamReader words)
    {
        var last = "";
        while (words.ReadLine() is { } line)
            last = line.AsSpan().Trim().Length > 0 ? line.Trim() : last;
        return last;
    }

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
