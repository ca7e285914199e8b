namespace Emergence.Analyzer.Tests.House;

/// <summary>Finds a circle among named things that point at each other.</summary>
internal static class Circle
{
    /// <summary>The names along a circle, the first again at the end; null where every arrow points down.</summary>
    public static IReadOnlyList<string>? In(IReadOnlyDictionary<string, IReadOnlyCollection<string>> arrows)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        var path = new List<string>();
        return arrows.Keys.Order(StringComparer.Ordinal).Select(From).FirstOrDefault(circle => circle is not null);

        IReadOnlyList<string>? From(string name)
        {
            if (path.IndexOf(name) is var start and >= 0)
                return [.. path[start..], name];
            if (!done.Add(name))
                return null;
            path.Add(name);
            foreach (var next in arrows.GetValueOrDefault(name, []).Order(StringComparer.Ordinal))
            {
                if (From(next) is { } circle)
                    return circle;
            }
            path.RemoveAt(path.Count - 1);
            return null;
        }
    }
}
