using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Reduction;

/// <summary>How a command ended.</summary>
/// <param name="Code">Its exit code; null where it took too long.</param>
/// <param name="Output">The end of what it said, on both channels.</param>
internal sealed record CommandEnd(int? Code, string Output)
{
    /// <summary>The last line that says something.</summary>
    public string LastLine => Output.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Length > 0) ?? "";

    /// <summary>How it ended, in words.</summary>
    public string Text => Code is { } code
        ? string.Create(CultureInfo.InvariantCulture, $"exit code {code}") : "it took too long";
}

/// <summary>A command of the user's that is run on models.</summary>
/// <param name="words">The program and its arguments; <c>{}</c> in them is the model's file, which else comes last.</param>
/// <param name="timeout">What one run may take.</param>
internal sealed class FailingCommand(ImmutableArray<string> words, TimeSpan timeout)
{
    private const string Model = "{}";
    private const int MostOutput = 1 << 16;

    /// <summary>How often it was run.</summary>
    public int Runs { get; private set; }

    /// <summary>Runs it.</summary>
    /// <exception cref="UsageException">There is no such program.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public CommandEnd Run(string model, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        Runs++;
        var start = new ProcessStartInfo(words[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var word in words.Skip(1))
            start.ArgumentList.Add(word.Replace(Model, model, StringComparison.Ordinal));
        if (!words.Any(word => word.Contains(Model, StringComparison.Ordinal)))
            start.ArgumentList.Add(model);
        using var process = Start(start);
        process.StandardInput.Close();
        var output = new Tail();
        process.OutputDataReceived += (_, line) => output.Add(line.Data);
        process.ErrorDataReceived += (_, line) => output.Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var kill = token.Register(() => Kill(process));
        var ended = process.WaitForExit(timeout);
        if (!ended)
            Kill(process);
        // Waits for the ends of both channels too.
        process.WaitForExit();
        token.ThrowIfCancellationRequested();
        return new CommandEnd(ended ? process.ExitCode : null, output.ToString());
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new UsageException(
                $"{words[0]}: cannot be started ({e.Message}); give the command behind --, as you would type it");
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has just ended.
        }
    }

    /// <summary>The end of an output that may be endless.</summary>
    private sealed class Tail
    {
        private readonly Queue<string> lines = [];
        private int length;

        public void Add(string? line)
        {
            if (line is null)
                return;
            lock (lines)
            {
                lines.Enqueue(line);
                length += line.Length;
                while (length > MostOutput && lines.Count > 1)
                    length -= lines.Dequeue().Length;
            }
        }

        public override string ToString()
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }
}
