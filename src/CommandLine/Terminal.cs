using System.Text;

namespace Emergence.CommandLine;

/// <summary>What the program talks through: the answer on one channel, everything else on the other.</summary>
/// <param name="Output">Where the answer goes: UTF-8, <c>\n</c>.</param>
/// <param name="Error">Where progress, notes, warnings and errors go.</param>
/// <param name="ErrorWidth">Columns of the terminal behind <paramref name="Error"/>; null if there is none.</param>
/// <param name="Clock">Tells how long work took and when progress was last shown.</param>
public sealed record Terminal(Stream Output, TextWriter Error, int? ErrorWidth, TimeProvider Clock)
{
    /// <summary>The console this process was started from.</summary>
    public static Terminal OfProcess()
    {
        // Windows consoles and pipes otherwise get the code page of the system, which has no Ẽ.
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(
            Console.OpenStandardOutput(), new ForgivingWriter(Console.Error), Console.IsErrorRedirected ? null : Width(),
            TimeProvider.System);
    }

    /// <summary>Whether something could not be said on <see cref="Error"/>.</summary>
    public bool HasLostErrors => Error is ForgivingWriter { HasLost: true };

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
    public void WriteError(string message) => WriteLine("error", message);

    /// <inheritdoc cref="WriteError"/>
    public void WriteWarning(string message) => WriteLine("warning", message);

    /// <summary>Why a gate tripped: a line that stays even with <c>--quiet</c>.</summary>
    public void WriteGate(string reason) => WriteLine("gate", reason);

    /// <summary>A text that the error before speaks of, and a caret below the character that is meant.</summary>
    public void WriteExcerpt(string text, int position)
    {
        Error.WriteLine($"  {Printable.Of(text)}");
        Error.WriteLine($"  {new string(' ', position)}^");
    }

    /// <summary>A line that <c>--quiet</c> silences: the caller asks.</summary>
    public void WriteNote(string message) => WriteLine("note", message);

    // One line each, whatever a foreign message holds, so that a script can count them.
    private void WriteLine(string label, string message) =>
        Error.WriteLine($"{label}: {Printable.Of(message.TrimEnd().ReplaceLineEndings(" "))}");
}
