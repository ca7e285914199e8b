namespace Emergence.Analyzer.Gates;

/// <summary>Guesses which of several names a mistyped one means.</summary>
internal static class NearestName
{
    // A network may have hundreds of layers.
    private const int MostNames = 40;

    /// <summary><c>; did you mean 'x'?</c>, or the list of names where none is near.</summary>
    public static string Advice(string name, IEnumerable<string> names)
    {
        string[] all = [.. names];
        var nearest = all.MinBy(candidate => Distance(name, candidate));
        // A third of the letters wrong is a typing error; more is another word.
        return nearest is not null && Distance(name, nearest) <= Math.Max(1, name.Length / 3)
            ? $"; did you mean '{nearest}'?"
            : $"; expected one of {string.Join(", ", all.Take(MostNames))}"
                + (all.Length > MostNames ? FormattableString.Invariant($" and {all.Length - MostNames} more") : "");
    }

    /// <summary>The fewest letters to insert, delete or replace.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
