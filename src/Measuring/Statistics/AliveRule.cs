using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;

namespace Emergence.Measuring.Statistics;

/// <summary>Which nodes of a layer are alive under one threshold.</summary>
/// <param name="Mask">Alive nodes, channel-major.</param>
/// <param name="Alive">a: number of alive nodes.</param>
/// <param name="AliveChannels">Channels with any alive position.</param>
/// <param name="Borderline">Nodes that a change of 1e-4 may flip.</param>
/// <param name="NodesNan">Nodes with a NaN activation; they are not alive.</param>
/// <param name="NodesInf">Nodes with an infinite activation and no NaN; they are not alive.</param>
internal sealed record AliveNodes(NodeMask Mask, int Alive, int AliveChannels, int Borderline, int NodesNan, int NodesInf);

/// <summary>When a node is alive, dead or borderline; docs/measures.md has the definitions.</summary>
public sealed class AliveRule
{
    // What float32 may change of the sum of a group of samples, as a part of it.
    private const double Rounding = 1e-6;

    private readonly Statistic statistic;
    private readonly float threshold;
    private readonly double aliveShare;

    /// <summary>The rule of one setting under one of its thresholds.</summary>
    public AliveRule(AnalysisSettings settings, float threshold)
    {
        ArgumentNullException.ThrowIfNull(settings);
        statistic = settings.Statistic;
        aliveShare = settings.AliveShare;
        this.threshold = threshold;
    }

    /// <summary>The counters that the rules of a setting read, and those that every profile has.</summary>
    internal static ImmutableArray<Counter> CountersFor(AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        IEnumerable<Counter> needed = settings.Statistic switch
        {
            Statistic.Mean => [],
            Statistic.Max or Statistic.Sample => [new(CounterKind.Max)],
            Statistic.AbsMean or Statistic.Dormancy => [new(CounterKind.AbsSum)],
            Statistic.AbsMax => [new(CounterKind.AbsMax)],
            Statistic.Share =>
                settings.Thresholds.SelectMany(threshold => (Counter[])[Below(threshold), At(threshold), Above(threshold)]),
            _ => throw new ArgumentOutOfRangeException(nameof(settings)),
        };
        IEnumerable<Counter> largest = settings.Maxima || settings.Units ? [new(CounterKind.Max)] : [];
        IEnumerable<Counter> single = settings.Units ? settings.Thresholds.Select(At) : [];
        return [new(CounterKind.Sum), .. needed.Concat(largest).Concat(single).Distinct()];
    }

    /// <summary>The counters that a bootstrap needs of each block of samples: none, where none was asked for.</summary>
    /// <exception cref="ArgumentException">The statistic is no mean over the samples.</exception>
    internal static ImmutableArray<Counter> CountersByBlock(AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Bootstrap is null
            ? []
            : [.. settings.Thresholds.Select(threshold => new AliveRule(settings, threshold).Averaged).Distinct()];
    }

    /// <summary>Whether a statistic is a mean over the samples, so that it follows from the sums over blocks of them.</summary>
    public static bool IsMean(Statistic statistic) => statistic is Statistic.Mean or Statistic.AbsMean or Statistic.Share;

    /// <summary>The counter whose mean decides.</summary>
    /// <exception cref="ArgumentException">The statistic is no mean over the samples.</exception>
    internal Counter Averaged => statistic switch
    {
        Statistic.Mean => new(CounterKind.Sum),
        Statistic.AbsMean => new(CounterKind.AbsSum),
        Statistic.Share => At(threshold),
        _ => throw new ArgumentException(
            $"{statistic} is no mean over the samples, so it does not follow from sums over blocks of them."),
    };

    /// <summary>How many values of a layer's <see cref="Averaged"/> counter one sample adds.</summary>
    internal int ValuesPerSample(LayerProfile profile) => statistic == Statistic.Share ? 1 : profile.ActivationsPerSample;

    /// <summary>The smallest mean of <see cref="Averaged"/> of an alive node.</summary>
    internal double LeastAlive
    {
        get
        {
            if (statistic == Statistic.Share)
                return Math.BitIncrement(aliveShare);
            // Means are compared as float32, to which the midpoint of two of them is rounded to even.
            var midpoint = ((double)threshold + MathF.BitIncrement(threshold)) / 2;
            return (float)midpoint > threshold ? midpoint : Math.BitIncrement(midpoint);
        }
    }

    /// <summary>The nodes of a layer that are alive; one with an activation that is not finite is not.</summary>
    public NodeMask Alive(LayerProfile profile) => Apply(profile).Mask;

    /// <summary>Applies the rule to every node of a layer.</summary>
    /// <exception cref="KeyNotFoundException">The profile lacks a counter of <see cref="CountersFor"/>.</exception>
    internal AliveNodes Apply(LayerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var judge = JudgeOf(profile);
        var mask = new bool[profile.Nodes];
        int alive = 0, aliveChannels = 0, borderline = 0, nan = 0, infinite = 0;
        for (var channel = 0; channel < profile.Channels; channel++)
        {
            var before = alive;
            for (var node = channel * profile.Positions; node < (channel + 1) * profile.Positions; node++)
            {
                if (profile.IsNan(node))
                {
                    nan++;
                    continue;
                }
                if (profile.IsNotFinite(node))
                {
                    infinite++;
                    continue;
                }
                var (isAlive, isBorderline) = judge(node);
                mask[node] = isAlive;
                alive += isAlive ? 1 : 0;
                borderline += isBorderline ? 1 : 0;
            }
            aliveChannels += alive > before ? 1 : 0;
        }
        return new AliveNodes(new NodeMask(mask), alive, aliveChannels, borderline, nan, infinite);
    }

    /// <summary>
    /// What each node of a layer is judged by, channel-major: its statistic as float32 (for <see cref="Statistic.Share"/>
    /// the share of samples above the threshold). NaN where an activation of the node is not finite.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The profile lacks a counter of <see cref="CountersFor"/>.</exception>
    public float[] Statistics(LayerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var statisticOf = StatisticOf(profile);
        var values = new float[profile.Nodes];
        for (var node = 0; node < values.Length; node++)
            values[node] = profile.IsNotFinite(node) ? float.NaN : (float)statisticOf(node);
        return values;
    }

    /// <summary>
    /// Nodes with no activation (with <see cref="Statistic.AbsMax"/>: no absolute value of one) above the threshold on any
    /// sample; null where the largest were not counted. Nodes with activations that are not finite are none of them.
    /// </summary>
    internal int? NeverFired(LayerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        if (statistic is Statistic.AbsMean or Statistic.Dormancy)
            return null;
        var kind = statistic == Statistic.AbsMax ? CounterKind.AbsMax : CounterKind.Max;
        return profile.Totals.TryGetValue(new(kind), out var largest)
            ? Enumerable.Range(0, profile.Nodes)
                .Count(node => !profile.IsNotFinite(node) && (float)largest[node] <= threshold)
            : null;
    }

    /// <summary>
    /// Whether a node may lie on the other side of the threshold, as its sum was taken over groups of samples in float32: the
    /// layer is then counted again in double.
    /// </summary>
    internal bool IsUnsure(LayerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        if (statistic is not (Statistic.Mean or Statistic.AbsMean or Statistic.Dormancy))
            return false;
        var statisticOf = StatisticOf(profile);
        var values = Enumerable.Range(0, profile.Nodes).Select(statisticOf).Where(double.IsFinite).ToArray();
        // A sum of values of one sign is wrong by a part of itself, one of both signs by a part of what cancels out in it.
        var scale = Array.Exists(values, value => value < 0) ? Math.Sqrt(values.Average(value => value * value)) : 0;
        var margin = Rounding * Math.Max(Math.Abs(threshold), scale);
        return Array.Exists(values, value => value != 0 && Math.Abs(value - threshold) <= margin);
    }

    /// <summary>What was counted of the single nodes, where the settings ask for it.</summary>
    internal LayerUnits Units(LayerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var (sums, largest, above) =
            (profile.Totals[new(CounterKind.Sum)], profile.Totals[new(CounterKind.Max)], profile.Totals[At(threshold)]);
        var activations = (double)profile.Samples * profile.ActivationsPerSample;
        float IfFinite(int node, double value) => profile.IsNotFinite(node) ? float.NaN : (float)value;
        return new LayerUnits(
            [.. sums.Select((sum, node) => IfFinite(node, sum / activations))],
            [.. largest.Select((value, node) => IfFinite(node, value))],
            [.. above.Select((count, node) => IfFinite(node, count / profile.Samples))]);
    }

    private static Counter At(float threshold) => new(CounterKind.Above, threshold);

    private static Counter Below(float threshold) => At((float)(threshold - Borderline.Margin));

    private static Counter Above(float threshold) => At((float)(threshold + Borderline.Margin));

    private Func<int, (bool Alive, bool Borderline)> JudgeOf(LayerProfile profile)
    {
        if (statistic != Statistic.Share)
        {
            var statisticOf = StatisticOf(profile);
            return node => Compare(statisticOf(node));
        }
        var (below, at, above) =
            (profile.Totals[Below(threshold)], profile.Totals[At(threshold)], profile.Totals[Above(threshold)]);
        bool Passes(double count) => count / profile.Samples > aliveShare;
        // Single activations may flip, not the share: what matters is whether the verdict would.
        return node => (Passes(at[node]), Passes(below[node]) != Passes(above[node]));
    }

    private Func<int, double> StatisticOf(LayerProfile profile)
    {
        if (statistic == Statistic.Dormancy)
            return DormancyOf(profile);
        var (counter, divisor) = statistic switch
        {
            Statistic.Mean => (new Counter(CounterKind.Sum), (double)profile.Samples * profile.ActivationsPerSample),
            Statistic.AbsMean => (new Counter(CounterKind.AbsSum), (double)profile.Samples * profile.ActivationsPerSample),
            Statistic.Max => (new Counter(CounterKind.Max), 1),
            Statistic.AbsMax => (new Counter(CounterKind.AbsMax), 1),
            Statistic.Share => (At(threshold), profile.Samples),
            _ => throw new InvalidOperationException($"{statistic} has no verdict over all samples"),
        };
        var totals = profile.Totals[counter];
        return node => totals[node] / divisor;
    }

    // Of a layer whose activations are all zero, every node is dormant. A node that is not finite has no part in the mean.
    private static Func<int, double> DormancyOf(LayerProfile profile)
    {
        var sums = profile.Totals[new(CounterKind.AbsSum)];
        var mean = Enumerable.Range(0, profile.Nodes)
            .Where(node => !profile.IsNotFinite(node))
            .Select(node => sums[node])
            .DefaultIfEmpty(0)
            .Average();
        return node => mean == 0 ? 0 : sums[node] / mean;
    }

    /// <summary>Compares as float32, as the graph does: an activation of exactly 0.05f is not above 0.05.</summary>
    private (bool Alive, bool Borderline) Compare(double value) =>
        ((float)value > threshold, Math.Abs(value - threshold) <= Borderline.Margin);
}
