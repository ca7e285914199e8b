using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Emergence.CommandLine;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>
/// Splits the steps of experiments among shards that share a folder. Steps that build on each other, or on the same step, stay
/// together: so each step has one owner, and no shard waits for another, which a scheduler may not have started yet.
/// </summary>
internal static class StepShares
{
    /// <summary>The steps of one shard, inputs first, by what belongs together. All shards make the same split.</summary>
    /// <param name="steps">All steps, inputs first, each once.</param>
    /// <param name="shard">Which share.</param>
    /// <returns>Groups of steps of which no step needs one of another group.</returns>
    public static ImmutableArray<ImmutableArray<Step>> Of(ImmutableArray<Step> steps, Shard shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        var groups = Groups(steps);
        var costs = new double[shard.Count];
        var mine = new List<int>();
        // The longest first, each to the shard that has the least to do.
        foreach (var (index, group) in groups.Index().OrderByDescending(group => group.Item.Sum(step => step.Cost)))
        {
            var owner = Array.IndexOf(costs, costs.Min());
            costs[owner] += group.Sum(step => step.Cost);
            if (owner == shard.Index - 1)
                mine.Add(index);
        }
        return [.. mine.Order().Select(index => groups[index])];
    }

    /// <summary>The file by which one process at a time works on a group.</summary>
    public static string LockOf(ImmutableArray<Step> group, Workbench bench) => Path.Combine(bench.Folder,
        ".lock-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(group[0].Place)))[..16]);

    private static ImmutableArray<ImmutableArray<Step>> Groups(ImmutableArray<Step> steps)
    {
        // By place, another step of the same group; of the group's first step, itself.
        var toward = steps.ToDictionary(step => step.Place, step => step.Place, StringComparer.Ordinal);
        foreach (var step in steps)
        {
            foreach (var input in step.Inputs)
                Join(input.Place, step.Place);
        }
        return [.. steps.GroupBy(step => First(step.Place)).Select(group => group.ToImmutableArray())];

        string First(string place)
        {
            while (toward[place] != place)
                place = toward[place] = toward[toward[place]];
            return place;
        }

        void Join(string a, string b) => toward[First(b)] = First(a);
    }
}
