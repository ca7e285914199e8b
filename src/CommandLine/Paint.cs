using System.CommandLine;

namespace Emergence.CommandLine;

/// <summary>When text is colored.</summary>
public enum ColorWhen
{
    /// <summary>On a terminal that shows colors, unless NO_COLOR is set.</summary>
    Auto,

    /// <summary>Everywhere.</summary>
    Always,

    /// <summary>Nowhere.</summary>
    Never,
}

/// <summary>Colors of a terminal. Text without them says the same.</summary>
public static class Paint
{
    private const string Name = "--color";

    /// <summary><c>--color</c>, of every command.</summary>
    internal static Option<ColorWhen> Option()
    {
        var option = TypedOption.Choice(
            Name, "color the answer and the messages [default: on a terminal, unless NO_COLOR is set]",
            TypedOption.WordsOf<ColorWhen>());
        option.Recursive = true;
        return option;
    }

    /// <summary>Whether a channel of this process is colored. It must be known before the call is read, as errors of the call
    /// are.</summary>
    /// <param name="args">The call.</param>
    /// <param name="isTerminal">Whether the channel is a terminal.</param>
    /// <param name="variable">Looks up an environment variable.</param>
    public static bool Is(IReadOnlyList<string> args, bool isTerminal, Func<string, string?> variable) =>
        Asked(args) switch
        {
            "always" => true,
            "never" => false,
            _ => isTerminal && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") is not "dumb",
        };

    /// <summary>Text that stands out, such as the head of a table.</summary>
    public static string Strong(string text) => $"\e[1m{text}\e[0m";

    /// <summary>What went wrong.</summary>
    public static string Bad(string text) => $"\e[31m{text}\e[0m";

    /// <summary>What to look at.</summary>
    public static string Odd(string text) => $"\e[33m{text}\e[0m";

    /// <summary>What stands behind the rest.</summary>
    public static string Faint(string text) => $"\e[2m{text}\e[0m";

    private static string? Asked(IReadOnlyList<string> args)
    {
        for (var i = args.Count - 1; i >= 0; i--)
        {
            if (args[i].StartsWith(Name + "=", StringComparison.Ordinal))
                return args[i][(Name.Length + 1)..];
            if (args[i] == Name && i + 1 < args.Count)
                return args[i + 1];
        }
        return null;
    }
}
