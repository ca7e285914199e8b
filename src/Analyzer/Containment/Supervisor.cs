using System.Diagnostics;
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
/// All that happens here is paid for by every run, also the shortest. The worker is started first. Whatever most runs do not need
/// is in a method of its own, so that nothing of it is compiled or loaded: libraries, types made of others, a terminal.
/// </remarks>
/// <param name="errorWidth">Columns of the terminal that errors go to; null if there is none.</param>
internal sealed class Supervisor(int? errorWidth)
{
    // What a worker may take to end by itself, once it was asked to or its time is over.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);

    // Native code fills some hundred megabytes in this time.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    // The checkpoints that killed a worker, each followed by how.
    private readonly List<string> deaths = [];
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
    private string lastWords = "";
    private PosixSignalRegistration[]? signals;
    private Terminal? terminal;

    /// <summary>Whether something could not be said.</summary>
    public bool HasLostErrors => terminal is not null && HasLost(terminal);

    /// <summary>Runs a command to its end.</summary>
    /// <returns>The exit code of the worker that came through.</returns>
    public int Run(string[] args)
    {
        // A worker's own stdin is the pipe from here.
        if (Array.IndexOf(args, "-") >= 0)
            input = Speaker().Input.ReadToEnd();
        var code = Watch(args, out var ended);
        while (ended is not null || code is not (>= ExitCode.Done and <= ExitCode.Partial or ExitCode.Canceled))
        {
            if (Judge(code, ended) is { } end)
            {
                code = end;
                break;
            }
            code = Watch(args, out ended);
        }
        if (kept.Length > 0)
            ResultStore.Remove(kept);
        // Not disposed of: they end with the process.
        GC.KeepAlive(signals);
        return code;
    }

    /// <summary>What follows from the end of a worker that did not come through.</summary>
    /// <returns>The exit code; null where another worker is to go on.</returns>
    private int? Judge(int code, WorkerEnd? ended)
    {
        if (Volatile.Read(ref askedAt) != 0)
        {
            Speaker().WriteError("canceled");
            return ExitCode.Canceled;
        }
        var files = inWork.Files;
        if (files.IsEmpty)
        {
            Speaker().WriteError(
                $"the program ended unexpectedly: {WorkerEnd.Cause(code, lastWords)}; this is a defect: report it with the "
                + "command");
            return ExitCode.Failed;
        }
        isOneByOne |= ended is { File: null } && files.Length > 1;
        Accuse(ended?.File,
            ended?.Why ?? $"the runtime ended the process on it: {WorkerEnd.Cause(code, lastWords)}; leave the file out");
        return null;
    }

    private Terminal Speaker()
    {
        lock (gate)
            return terminal ??= Terminal.OfProcess();
    }

    private static bool HasLost(Terminal terminal) => terminal.HasLostErrors;

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
        foreach (var file in files)
        {
            deaths.Add(file);
            deaths.Add(death);
        }
    }

    private void ListenToSignals() => signals =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, End),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, End),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, End),
    ];

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
    /// <returns>Its exit code.</returns>
    private int Watch(string[] args, out WorkerEnd? ended)
    {
        (inWork, isOver, lastWords, ended) = (new RunsInWork(Grace), false, "", null);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        using var process = Start(args, pipe.GetClientHandleAsString());
        pipe.DisposeLocalCopyOfClientHandle();
        using var orders = new BinaryWriter(PlainFile(process.StandardInput.BaseStream, FileAccess.Write), Encoding.UTF8);
        Brief(orders);
        // A signal before this ends this process, and with its stdin the worker.
        if (signals is null)
            ListenToSignals();
        new Thread(Listen) { IsBackground = true }.Start(PlainFile(pipe, FileAccess.Read));
        var hearing = new Thread(HearLastWords) { IsBackground = true };
        hearing.Start(PlainFile(process.StandardError.BaseStream, FileAccess.Read));
        using var memory = new ProcessMemory(process);
        while (!HasEnded(process))
        {
            if (Volatile.Read(ref askedAt) is not 0 and var asked)
            {
                process.StandardInput.Close();
                if (Stopwatch.GetElapsedTime(asked) > Grace)
                    process.Kill();
            }
            else if ((ended ??= inWork.WhyEnd(memory)) is not null)
                process.Kill();
        }
        hearing.Join();
        return process.ExitCode;
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

    private static Process Start(string[] args, string pipe)
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

    /// <summary>Tells a worker what it must know.</summary>
    internal void Brief(BinaryWriter orders)
    {
        orders.Write(errorWidth ?? -1);
        orders.Write(deaths.Count / 2);
        foreach (var text in deaths)
            orders.Write(text);
        orders.Write(isOneByOne);
        orders.Write(suspects.Count);
        foreach (var file in suspects)
            orders.Write(file);
        orders.Write(kept);
        orders.Write(input);
        orders.Flush();
    }

    private void Listen(object? stream)
    {
        var pipe = (Stream)stream!;
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
        var error = Speaker().Error;
        error.Write(text);
        error.Flush();
    }

    private void HearLastWords(object? stream)
    {
        using var words = new StreamReader((Stream)stream!);
        while (words.ReadLine() is { } line)
        {
            if (line.Trim() is { Length: > 0 } said)
                lastWords = said;
        }
    }
}
