using System.CommandLine;
using System.Text;

namespace Emergence.CommandLine;

/// <summary>The help of a command, in lines that fit a width.</summary>
public static class HelpText
{
    private const int Indent = 2;

    private const char Kept = '\u00A0';

    // Wider ones leave too little to the right of them; what they say starts on the next line.
    private const int WidestName = 26;

    /// <summary>The page as text, each line ended by <c>\n</c>.</summary>
    /// <param name="page">The command.</param>
    /// <param name="path">The words that call it: program and command.</param>
    /// <param name="others">The commands below it.</param>
    /// <param name="color">The option that every command takes.</param>
    /// <param name="width">Columns.</param>
    public static string Of(CommandPage page, string path, IEnumerable<Command> others, Option color, int width)
    {
        ArgumentNullException.ThrowIfNull(page);
        var text = new StringBuilder();
        Wrapped(text, page.Command.Description ?? "", 0, 0, width);
        Title(text, "Usage:");
        var commands = others.Where(command => !command.Hidden).ToArray();
        // A command that does nothing by itself is not called without another.
        if (page.Command.Action is not null)
            Wrapped(text, Usage(page, path), Indent, Indent + 4, width);
        if (commands.Length > 0)
            Wrapped(text, $"{path} COMMAND [options]", Indent, Indent + 4, width);
        Section(text, "Arguments:", page.Command.Arguments.Select(argument => (NameOf(argument), argument.Description)), width);
        foreach (var group in page.Groups.Where(group => !group.Options.IsEmpty))
            Section(text, $"{group.Title}:", group.Options.Select(option => (NameOf(option), option.Description)), width);
        Section(text, "Commands:", commands.Select(command => (command.Name, command.Description)), width);
        Section(text, "Every command:", Common(page.Command, color), width);
        if (!page.Examples.IsEmpty)
            Title(text, "Examples:");
        foreach (var (call, meaning) in page.Examples)
        {
            Call(text, call, width);
            Wrapped(text, meaning, 3 * Indent, 3 * Indent, width);
        }
        Section(text, "Exit codes:", page.ExitCodes.Select(code => ($"{code.Code}", (string?)code.Meaning)), width);
        return text.ToString();
    }

    private static string Usage(CommandPage page, string path) => string.Join(' ', [
        path, .. page.Command.Arguments.Select(NameOf),
        .. page.Command.Options.Where(option => option.Required).Select(NameOf),
        "[options]"]);

    private static IEnumerable<(string, string?)> Common(Command command, Option color)
    {
        yield return (NameOf(color), color.Description);
        yield return ("--help, -h", "this text");
        if (command is RootCommand)
            yield return ("--version", "the version of the program");
    }

    private static string NameOf(Argument argument) =>
        (argument.HelpName ?? argument.Name) is var name && argument.Arity.MaximumNumberOfValues > 1 ? $"{name}…" : name;

    private static string NameOf(Option option)
    {
        var names = string.Join(", ", option.Aliases.Prepend(option.Name));
        return option.HelpName is { Length: > 0 } placeholder ? $"{names} {placeholder}" : names;
    }

    private static void Title(StringBuilder text, string title) => text.Append('\n').Append(title).Append('\n');

    private static void Section(StringBuilder text, string title, IEnumerable<(string Name, string? Meaning)> entries, int width)
    {
        (string Name, string? Meaning)[] lines = [.. entries];
        if (lines.Length == 0)
            return;
        Title(text, title);
        var fitting = lines.Select(line => line.Name.Length).Where(length => length <= WidestName);
        var longest = fitting.DefaultIfEmpty(WidestName).Max();
        var column = Indent + longest + 2;
        foreach (var (name, meaning) in lines)
        {
            if (name.Length <= longest)
            {
                Wrapped(text, $"{name.PadRight(longest)}  {meaning}", Indent, column, width, keep: longest + 2);
                continue;
            }
            // A list of words breaks between them.
            Wrapped(text, name.Replace("|", "|\u200B", StringComparison.Ordinal), Indent, Indent + 4, width);
            Wrapped(text, meaning ?? "", column, column, width);
        }
    }

    /// <summary>A call that is too long goes on after a backslash, so that it can still be copied.</summary>
    private static void Call(StringBuilder text, string call, int width)
    {
        // An option and its value stay together.
        var kept = call.Replace(' ', Kept).Replace($"{Kept}-", " -", StringComparison.Ordinal)
            .Replace($"{Kept}|", " |", StringComparison.Ordinal).Replace($"{Kept}>", " >", StringComparison.Ordinal);
        var lines = Lines(kept, width - Indent - 2, width - Indent - 6, 0);
        foreach (var (i, line) in lines.Index())
        {
            text.Append(' ', i == 0 ? Indent : Indent + 4).Append(line.Replace(Kept, ' '))
                .Append(i < lines.Count - 1 ? " \\\n" : "\n");
        }
    }

    private static void Wrapped(StringBuilder text, string sentence, int first, int indent, int width, int keep = 0)
    {
        foreach (var (i, line) in Lines(sentence, width - first, width - indent, keep).Index())
            text.Append(' ', i == 0 ? first : indent).Append(line).Append('\n');
    }

    /// <summary>Breaks a text at spaces and at zero-width ones, which vanish; the first <paramref name="keep"/> characters stay
    /// as they are.</summary>
    private static List<string> Lines(string text, int first, int width, int keep)
    {
        var (lines, line) = (new List<string>(), new StringBuilder(text[..keep]));
        var start = keep;
        var separator = "";
        while (start <= text.Length)
        {
            var end = text.AsSpan(start).IndexOfAny(' ', '\u200B');
            end = end < 0 ? text.Length : start + end;
            var word = text[start..end];
            var room = lines.Count == 0 ? first : Math.Max(width, 10);
            if (line.Length > (lines.Count == 0 ? keep : 0) && line.Length + separator.Length + word.Length > room)
            {
                lines.Add(line.ToString().TrimEnd());
                line.Clear();
                separator = "";
            }
            line.Append(separator).Append(word);
            separator = end < text.Length && text[end] == '\u200B' ? "" : " ";
            start = end + 1;
        }
        lines.Add(line.ToString().TrimEnd());
        return lines;
    }
}
