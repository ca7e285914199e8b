using System.Text;

namespace Emergence.Trainer.Cli;

/// <summary>What the program talks through: the answer on one channel, everything else on the other.</summary>
/// <param name="Output">Where the answer goes.</param>
/// <param name="Error">Where progress, notes, warnings and errors go.</param>
/// <param name="ErrorWidth">Columns of the terminal behind <paramref name="Error"/>; null where there is none.</param>
/// <param name="Clock">Tells how long an epoch took and when progress was last shown.</param>
internal sealed record Terminal(TextWriter Output, TextWriter Error, int? ErrorWidth, TimeProvider Clock)
{
    /// <summary>The console this process was started from.</summary>
    public static Terminal OfProcess()
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        Console.Out.NewLine = "\n";
        return new Terminal(Console.Out, Console.Error, Console.IsErrorRedirected ? null : Console.WindowWidth, TimeProvider.System);
    }

    /// <summary>A line that stays even with <c>--quiet</c>.</summary>
    public void WriteError(string message) => WriteLine("error", message);

    /// <inheritdoc cref="WriteError"/>
    public void WriteWarning(string message) => WriteLine("warning", message);

    /// <summary>A line that <c>--quiet</c> silences: the caller asks.</summary>
    public void WriteNote(string message) => WriteLine("note", message);

    // One line each, whatever a foreign message holds, so that a script can count them.
    private void WriteLine(string label, string message) =>
        Error.WriteLine($"{label}: {message.TrimEnd().ReplaceLineEndings(" ")}");
}
