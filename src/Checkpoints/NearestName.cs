namespace Emergence.Checkpoints;

/// <summary>Finds the name that a mistyped one was meant to be.</summary>
public static class NearestName
{
    private const int Longest = 100;

    /// <summary>The ending of an error message that asks about the nearest name; empty where none is near.</summary>
    /// <param name="typed">What the user wrote.</param>
    /// <param name="names">What there is.</param>
    public static string Question(string typed, IEnumerable<string> names) =>
        Of(typed, names) is { } name ? $"; did you mean '{name}'?" : "";

    /// <summary>
    /// The nearest name, the first of equals: at most one change in three characters, where a character that is wrong, missing,
    /// too many or exchanged with its neighbor is one change, and case is none. A name that goes on from what was typed is
    /// near too. Null where none is.
    /// </summary>
    /// <param name="typed">What the user wrote.</param>
    /// <param name="names">What there is.</param>
    public static string? Of(string typed, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(typed);
        ArgumentNullException.ThrowIfNull(names);
        // Longer ones are no slips of a finger, and would cost the product of both lengths.
        string[] all = [.. names.Where(name => name.Length <= Longest)];
        if (typed.Length is 0 or > Longest || all.Length == 0)
            return null;
        var most = Math.Max(1, typed.TrimStart('-').Length / 3);
        var (name, changes) = all
            .Select(name => (name, Changes(typed.ToLowerInvariant(), name.ToLowerInvariant())))
            .MinBy(pair => pair.Item2);
        if (name is not null && changes <= most && changes < typed.TrimStart('-').Length)
            return name;
        return typed.TrimStart('-').Length < 3 ? null
            : all.FirstOrDefault(name => name.StartsWith(typed, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Damerau's distance of two strings, in which no part is changed twice.</summary>
    private static int Changes(string from, string to)
    {
        var counts = new int[from.Length + 1, to.Length + 1];
        for (var i = 0; i <= from.Length; i++)
            counts[i, 0] = i;
        for (var j = 0; j <= to.Length; j++)
            counts[0, j] = j;
        for (var i = 1; i <= from.Length; i++)
        {
            for (var j = 1; j <= to.Length; j++)
            {
                var isSame = from[i - 1] == to[j - 1];
                var fewest = Math.Min(Math.Min(counts[i - 1, j], counts[i, j - 1]) + 1, counts[i - 1, j - 1] + (isSame ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                    fewest = Math.Min(fewest, counts[i - 2, j - 2] + 1);
                counts[i, j] = fewest;
            }
        }
        return counts[from.Length, to.Length];
    }
}
