using System.Text;

namespace Emergence.CommandLine;

/// <summary>What the program talks through: the answer on one channel, everything else on the other.</summary>
/// <param name="Output">Where the answer goes: UTF-8, <c>\n</c>.</param>
/// <param name="Error">Where progress, notes, warnings and errors go.</param>
/// <param name="ErrorWidth">Columns of the terminal behind <paramref name="Error"/>; null if there is none.</param>
/// <param name="Clock">Tells how long work took and when progress was last shown.</param>
public sealed record Terminal(Stream Output, TextWriter Error, int? ErrorWidth, TimeProvider Clock)
{
    /// <summary>Columns of the terminal behind <see cref="Output"/>; null if there is none.</summary>
    public int? OutputWidth { get; init; }

    /// <summary>Whether the answer is colored.</summary>
    public bool OutputColor { get; init; }

    /// <summary>Whether messages are colored.</summary>
    public bool ErrorColor { get; init; }

    /// <summary>What others say to the program: its stdin.</summary>
    public TextReader Input { get; init; } = TextReader.Null;

    /// <summary>The console this process was started from.</summary>
    public static Terminal OfProcess()
    {
        // Windows consoles and pipes otherwise get the code page of the system, which has no Ẽ.
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(
            Console.OpenStandardOutput(), new ForgivingWriter(Console.Error), WidthOfErrors(), TimeProvider.System)
        {
            OutputWidth = Console.IsOutputRedirected ? null : Width(),
            Input = Console.In,
            OutputColor = IsColored(!Console.IsOutputRedirected),
            ErrorColor = IsColored(!Console.IsErrorRedirected),
        };
    }

    /// <summary>Whether a channel is colored, as the call and the environment of this process say.</summary>
    /// <param name="isTerminal">Whether it ends in a terminal.</param>
    public static bool IsColored(bool isTerminal) =>
        Paint.Is(Environment.GetCommandLineArgs()[1..], isTerminal, Environment.GetEnvironmentVariable);

    /// <summary>Whether something could not be said on <see cref="Error"/>.</summary>
    public bool HasLostErrors => Error is ForgivingWriter { HasLost: true };

    /// <summary>Columns of the terminal that stderr is; null if it is none.</summary>
    public static int? WidthOfErrors() => Console.IsErrorRedirected ? null : Width();

    // Some terminals say 0 when they do not know.
    private static int Width() => Console.WindowWidth is > 0 and var width ? width : 80;

    /// <summary>A writer of text into the answer: UTF-8, <c>\n</c>. The channel stays open when it is disposed.</summary>
    public StreamWriter OpenOutput() =>
        new(Output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true) { NewLine = "\n" };

    /// <summary>A line of the answer.</summary>
    public void WriteAnswer(string line)
    {
        using var output = OpenOutput();
        output.WriteLine(line);
    }

    /// <summary>A line that stays even with <c>--quiet</c>.</summary>
    public void WriteError(string message) => WriteLine("error", Paint.Bad, message);

    /// <inheritdoc cref="WriteError"/>
    public void WriteWarning(string message) => WriteLine("warning", Paint.Odd, message);

    /// <summary>Why a gate tripped: a line that stays even with <c>--quiet</c>.</summary>
    public void WriteGate(string reason) => WriteLine("gate", Paint.Bad, reason);

    /// <summary>A text that the error before speaks of, and a caret below the character that is meant.</summary>
    public void WriteExcerpt(string text, int position)
    {
        Error.WriteLine($"  {Printable.Of(text)}");
        Error.WriteLine($"  {new string(' ', position)}^");
    }

    /// <summary>A line that <c>--quiet</c> silences: the caller asks.</summary>
    public void WriteNote(string message) => WriteLine("note", Paint.Faint, message);

    // One line each, whatever a foreign message holds, so that a script can count them.
    private void WriteLine(string label, Func<string, string> paint, string message) => Error.WriteLine(
        $"{(ErrorColor ? paint($"{label}:") : $"{label}:")} {Printable.Of(message.TrimEnd().ReplaceLineEndings(" "))}");
}
