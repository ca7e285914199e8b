using System.Collections.Immutable;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Comparison;

/// <summary>Which layer of one network is which of another.</summary>
internal static class LayerMatching
{
    /// <summary>
    /// Pairs of indices, in order of the layers before and then of those that are only after. By name first; what is left, by
    /// operator, nodes and activation function, in order; what is still left, by operator, where both have equally many of it.
    /// </summary>
    public static IEnumerable<(int? Before, int? After, LayerMatch Match)> Match(
        ImmutableArray<LayerResult> before, ImmutableArray<LayerResult> after)
    {
        var found = new Dictionary<int, (int After, LayerMatch Match)>();
        var free = Enumerable.Range(0, after.Length).ToList();
        foreach (var (i, layer) in before.Index())
        {
            var same = free.FindIndex(j => after[j].Name == layer.Name);
            if (same >= 0)
                Take(i, same, LayerMatch.Name);
        }
        Pair(layer => (layer.Op, layer.Nodes, layer.Activation));
        Pair(layer => (layer.Op, 0, ""), onlyIfEqual: true);
        return
        [
            .. before.Select((_, i) => found.TryGetValue(i, out var match) ? ((int?)i, (int?)match.After, match.Match)
                : (i, null, LayerMatch.None)),
            .. free.Select(j => ((int?)null, (int?)j, LayerMatch.None)),
        ];

        void Take(int i, int at, LayerMatch match)
        {
            found.Add(i, (free[at], match));
            free.RemoveAt(at);
        }

        void Pair(Func<LayerResult, (string, int, string)> kind, bool onlyIfEqual = false)
        {
            foreach (var i in Enumerable.Range(0, before.Length).Where(i => !found.ContainsKey(i)).ToArray())
            {
                var key = kind(before[i]);
                var left = Enumerable.Range(0, before.Length).Count(k => !found.ContainsKey(k) && kind(before[k]) == key);
                if (onlyIfEqual && left != free.Count(j => kind(after[j]) == key))
                    continue;
                var at = free.FindIndex(j => kind(after[j]) == key);
                if (at >= 0)
                    Take(i, at, LayerMatch.Structure);
            }
        }
    }
}
