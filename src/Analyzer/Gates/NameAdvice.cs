using Emergence.Checkpoints;

namespace Emergence.Analyzer.Gates;

/// <summary>What to write in place of a name that there is not.</summary>
internal static class NameAdvice
{
    // A network may have hundreds of layers.
    private const int MostNames = 40;

    /// <summary><c>; did you mean 'x'?</c>, or the list of names where none is near.</summary>
    public static string For(string name, IEnumerable<string> names)
    {
        string[] all = [.. names];
        if (NearestName.Question(name, all) is { Length: > 0 } question)
            return question;
        var more = all.Length > MostNames ? FormattableString.Invariant($" and {all.Length - MostNames} more") : "";
        return $"; expected one of {string.Join(", ", all.Take(MostNames))}{more}";
    }
}
