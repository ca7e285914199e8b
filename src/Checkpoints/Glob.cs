using System.Text;
using System.Text.RegularExpressions;

namespace Emergence.Checkpoints;

/// <summary>
/// A wildcard pattern over a whole string: <c>*</c> any run of characters, <c>?</c> one character, <c>[a-z]</c> one of a
/// set, <c>[!a-z]</c> one that is not in it. A wildcard stands for itself inside brackets: <c>[*]</c>. Separators have no
/// meaning here; who matches paths does so one segment at a time.
/// </summary>
public sealed class Glob
{
    private const int Shown = 40;

    // Null where the pattern is a plain text, of any length.
    private readonly Regex? regex;

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="UsageException">A range runs backwards, as in <c>[9-0]</c>, or it is too long.</exception>
    public Glob(string pattern, bool ignoreCase = false)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        Pattern = pattern;
        if (!ignoreCase && !IsPattern(pattern))
            return;
        // Patterns may come from anywhere, so matching must stay linear whatever they hold.
        var options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline;
        try
        {
            regex = new Regex(Translate(pattern), ignoreCase ? options | RegexOptions.IgnoreCase : options);
        }
        catch (RegexParseException)
        {
            throw new UsageException($"'{pattern}': a range in brackets runs backwards; write the smaller character first");
        }
        catch (NotSupportedException)
        {
            throw new UsageException(
                $"'{pattern.AsSpan(0, Math.Min(Shown, pattern.Length))}…': a pattern of {pattern.Length} characters is too long; "
                + "write * for a part of it");
        }
    }

    /// <summary>The pattern as it was given.</summary>
    public string Pattern { get; }

    /// <summary>Whether <paramref name="text"/> holds a wildcard at all.</summary>
    public static bool IsPattern(string text) => text.AsSpan().IndexOfAny('*', '?', '[') >= 0;

    /// <summary>Whether the pattern covers the whole of <paramref name="text"/>.</summary>
    public bool Matches(string text) =>
        regex?.IsMatch(text) ?? string.Equals(text, Pattern, StringComparison.Ordinal);

    private static string Translate(string pattern)
    {
        var result = new StringBuilder(@"\A");
        for (var i = 0; i < pattern.Length; i++)
        {
            switch (pattern[i])
            {
                case '*':
                    result.Append(".*");
                    break;
                case '?':
                    result.Append('.');
                    break;
                case '[' when EndOfSet(pattern, i) is var end and > 0:
                    AppendSet(result, pattern.AsSpan(i + 1, end - i - 1));
                    i = end;
                    break;
                default:
                    result.Append(Regex.Escape(pattern[i].ToString()));
                    break;
            }
        }
        return result.Append(@"\z").ToString();
    }

    /// <summary>Where the set opened at <paramref name="open"/> closes, or -1: then the bracket is an
    /// ordinary character.</summary>
    private static int EndOfSet(string pattern, int open)
    {
        var first = open + 1;
        if (first < pattern.Length && pattern[first] is '!' or '^')
            first++;
        // A closing bracket in first place is a member of the set: []].
        return first + 1 < pattern.Length ? pattern.IndexOf(']', first + 1) : -1;
    }

    private static void AppendSet(StringBuilder result, ReadOnlySpan<char> members)
    {
        result.Append('[');
        if (members[0] is '!' or '^')
        {
            result.Append('^');
            members = members[1..];
        }
        foreach (var member in members)
        {
            if (member is '\\' or '[' or ']' or '^')
                result.Append('\\');
            result.Append(member);
        }
        result.Append(']');
    }
}
