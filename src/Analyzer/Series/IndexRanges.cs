using System.Globalization;

namespace Emergence.Analyzer.Series;

/// <summary>Many indices in a short text: <c>0–3, 7, 12–15 and 40 more</c>.</summary>
internal static class IndexRanges
{
    /// <param name="indices">Ascending.</param>
    /// <param name="most">Ranges to name; the indices behind them are counted.</param>
    public static string Of(IEnumerable<int> indices, int most)
    {
        var ranges = new List<(int First, int Last)>();
        foreach (var index in indices)
        {
            if (ranges.Count > 0 && ranges[^1].Last == index - 1)
                ranges[^1] = (ranges[^1].First, index);
            else
                ranges.Add((index, index));
        }
        var named = string.Join(", ", ranges.Take(most).Select(range => range.First == range.Last
            ? range.First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{range.First}–{range.Last}")));
        var more = ranges.Skip(most).Sum(range => range.Last - range.First + 1);
        return more == 0 ? named : string.Create(CultureInfo.InvariantCulture, $"{named} and {more} more");
    }
}
