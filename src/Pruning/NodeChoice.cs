using System.Collections.Immutable;

namespace Emergence.Pruning;

/// <summary>The units of a layer that may be removed.</summary>
/// <param name="Units">The units.</param>
/// <param name="Scores">The importance of each; less goes first.</param>
internal sealed record RankedUnits(int[] Units, double[] Scores);

/// <summary>What was chosen.</summary>
/// <param name="Removed">The units to remove.</param>
/// <param name="Floored">The positions of the layers that would have lost more, were it not for the least that is kept.</param>
internal sealed record ChosenUnits(HashSet<int> Removed, ImmutableArray<int> Floored);

/// <summary>
/// Chooses units to remove, coupled ones together, the least important first. Exactly as many go as asked for, as long as
/// each layer keeps its least: where whole groups do not add up to that, single units of other groups make up for it.
/// </summary>
internal sealed class NodeChoice
{
    private readonly IReadOnlyList<RankedUnits> layers;
    private readonly PruneOptions options;
    private readonly int[] most;
    private readonly int[] taken;
    private readonly Dictionary<int, int> layerOf = [];
    private readonly Dictionary<int, double> importance = [];
    private readonly HashSet<int> removed = [];
    private readonly SortedSet<int> floored = [];

    private NodeChoice(IReadOnlyList<RankedUnits> layers, PruneOptions options)
    {
        (this.layers, this.options) = (layers, options);
        most = [.. layers.Select(layer => layer.Units.Length - Kept(layer.Units.Length, options))];
        taken = new int[layers.Count];
        foreach (var (index, layer) in layers.Index())
        {
            var mean = layer.Scores.Where(double.IsFinite).DefaultIfEmpty().Average();
            for (var unit = 0; unit < layer.Units.Length; unit++)
            {
                layerOf[layer.Units[unit]] = index;
                // Layers compare only after division by what is usual in each.
                var score = layer.Scores[unit] / (mean > 0 ? mean : 1);
                importance[layer.Units[unit]] = double.IsFinite(score) ? score : double.MaxValue;
            }
        }
    }

    /// <summary>Chooses.</summary>
    /// <param name="layers">The units of each layer, in topological order of the layers.</param>
    /// <param name="groups">Which of them depend on each other, by their importance.</param>
    /// <param name="options">How many, and whether in each layer or in all together.</param>
    public static ChosenUnits Choose(
        IReadOnlyList<RankedUnits> layers,
        Func<IReadOnlyDictionary<int, double>, ImmutableArray<UnitGroup>> groups, PruneOptions options)
    {
        var choice = new NodeChoice(layers, options);
        choice.Take(groups(choice.importance));
        return new ChosenUnits(choice.removed, [.. choice.floored]);
    }

    /// <summary>The least units that a layer keeps.</summary>
    public static int Kept(int count, PruneOptions options) => Math.Max(1, (int)Math.Ceiling((decimal)options.MinKeep * count));

    private void Take(ImmutableArray<UnitGroup> groups)
    {
        // A score that was measured may be zero of a node that has weights.
        int ZerosOf(RankedUnits layer) => options.Scores is null ? layer.Scores.Count(score => score == 0) : 0;
        int[] asked = [.. layers.Select(layer => (int)WeightPruning.Wanted(layer.Units.Length, ZerosOf(layer), options))];
        var isGlobal = options.Scope == PruneScope.Global;
        var wanted = isGlobal
            ? (int)WeightPruning.Wanted(layers.Sum(layer => layer.Units.Length), layers.Sum(ZerosOf), options)
            : asked.Sum();
        int[] limits = isGlobal ? most : [.. asked.Zip(most, Math.Min)];
        if (!isGlobal)
            floored.UnionWith(Enumerable.Range(0, layers.Count)
                .Where(layer => asked[layer] > most[layer] && layers[layer].Units.Length > 1));
        TakeUpTo(groups, wanted, limits);
        if (options.RoundTo <= 1)
            return;
        // Now that it is known how many each layer would keep: again, with so many more that they are multiples.
        limits = [.. layers.Select((layer, index) =>
            layer.Units.Length - Math.Min(layer.Units.Length, RoundedUp(layer.Units.Length - taken[index])))];
        removed.Clear();
        Array.Clear(taken);
        TakeUpTo(groups, limits.Sum(), limits);
    }

    private int RoundedUp(int kept) => (kept + options.RoundTo - 1) / options.RoundTo * options.RoundTo;

    private void TakeUpTo(ImmutableArray<UnitGroup> groups, int wanted, int[] limits)
    {
        // What can leave the file goes first.
        foreach (var group in groups.OrderBy(group => group.Pin is not null).ThenBy(Importance).ThenBy(group => group.Units[0]))
            TryTake(group.Units, wanted, limits);
        foreach (var unit in importance.OrderBy(pair => pair.Value).ThenBy(pair => pair.Key).Select(pair => pair.Key))
            TryTake([unit], wanted, limits);
    }

    private double Importance(UnitGroup group) => group.Units.Average(unit => importance[unit]);

    private void TryTake(ImmutableArray<int> units, int wanted, int[] limits)
    {
        if (removed.Count + units.Length > wanted || removed.Contains(units[0]))
            return;
        var counts = units.CountBy(unit => layerOf[unit]).ToArray();
        var full = counts.Where(count => taken[count.Key] + count.Value > limits[count.Key]).Select(count => count.Key).ToArray();
        if (full.Length > 0)
        {
            floored.UnionWith(full.Where(layer => taken[layer] + 1 > most[layer] && layers[layer].Units.Length > 1));
            return;
        }
        foreach (var (layer, count) in counts)
            taken[layer] += count;
        removed.UnionWith(units);
    }
}
