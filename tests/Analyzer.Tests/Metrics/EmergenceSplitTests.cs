using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>What moved E, against Shapley values by enumeration of every set of changed layers and nodes.</summary>
public sealed class EmergenceSplitTests
{
    private sealed record Step(NetworkGraph Graph, bool[][] Before, bool[][] After)
    {
        public LayerActivity[] Activity(Func<int, int, bool> isAfter) =>
            [.. Graph.Layers.Select((layer, i) => LayerActivity.FromMask(
                layer, [.. Enumerable.Range(0, layer.Nodes).Select(x => isAfter(i, x) ? After[i][x] : Before[i][x])]))];

        public LayerActivity[] Was => Activity((_, _) => false);

        public LayerActivity[] Is => Activity((_, _) => true);
    }

    [Fact]
    public void Contributions_are_Shapley_values_and_add_up_to_the_change_on_500_random_networks_and_steps()
    {
        var random = new Random(17);
        var (fractions, byNode) = (0, 0);
        for (var k = 0; k < 500; k++)
        {
            var step = RandomStep(random);
            var split = EmergenceSplit.Of(step.Graph, step.Was, step.Is);

            var change = EmergenceChange.Between(E(step, step.Was), E(step, step.Is));
            Assert.Equal(change, split.Change);
            Assert.Equal(change, Sum(split.Layers.Select(layer => layer.Contribution)));
            var whole = split.Whole(change.Rounded);
            Assert.Equal(change.Rounded, whole.Aggregate(BigInteger.Zero, (sum, part) => sum + part));
            Assert.All(whole.Zip(split.Layers), pair =>
                Assert.True((EmergenceChange.Of(pair.First, 1) - pair.Second.Contribution).Magnitude < Networks.Exact(2)));
            fractions += split.Layers.Any(layer => !layer.Contribution.Denominator.IsOne) ? 1 : 0;

            var layers = step.Graph.Layers.Length;
            var expected = Shapley(layers, set => E(step, step.Activity((i, _) => set[i])));
            for (var i = 0; i < layers; i++)
            {
                Assert.True(expected[i] == split.Layers[i].Contribution,
                    $"step {k}, layer {i}: {split.Layers[i].Contribution}, {expected[i]} expected");
                Assert.Equal(expected[i], Sum(EmergenceSplit.NodesOf(step.Graph, step.Was, step.Is, i).Select(node =>
                    node.Contribution)));
            }
            byNode += CompareNodes(step, split) ? 1 : 0;
        }
        Assert.InRange(fractions, 50, 500);
        Assert.InRange(byNode, 100, 500);
    }

    [Fact]
    public void A_slope_is_what_E_changes_by_if_one_more_node_is_alive()
    {
        var random = new Random(3);
        for (var k = 0; k < 200; k++)
        {
            var step = RandomStep(random);
            var slopes = EmergenceSplit.Slopes(step.Graph, step.Was);
            for (var i = 0; i < slopes.Length; i++)
            {
                var dead = Enumerable.Range(0, step.Before[i].Length).Where(x => !step.Before[i][x]).ToArray();
                var gains = dead.Select(x => EmergenceChange.Between(E(step, step.Was), E(step, With(step, i, x)))).ToArray();
                EmergenceChange? expected = dead.Length == 0 ? null
                    : EmergenceChange.Of(Sum(gains).Numerator, Sum(gains).Denominator * dead.Length);
                Assert.Equal(expected, slopes[i]);
            }
        }
    }

    [Fact]
    public void Counts_suffice_for_a_chain()
    {
        // 784, 256, 128, 10 as in the worked values, and then one more logit.
        var graph = NetworkGraph.Chain(784, 256, 128, 10);
        LayerActivity[] before = [.. new[] { 100, 60, 40, 0 }.Select(alive => LayerActivity.Count(alive))];
        LayerActivity[] after = [.. new[] { 100, 60, 40, 1 }.Select(alive => LayerActivity.Count(alive))];

        var split = EmergenceSplit.Of(graph, before, after);

        var slope = EmergenceSplit.Slopes(graph, before)[3];
        Assert.Equal(slope, split.Change);
        Assert.Equal(new LayerStep(1, 0, slope!.Value), split.Layers[3]);
        Assert.Equal(new NodeStep(3, null, true, slope.Value), split.Largest);
        Assert.Equal(1, split.LargestShare);
    }

    [Fact]
    public void Nothing_moves_between_equal_states()
    {
        var graph = NetworkGraph.Chain(2, 3, 2);
        LayerActivity[] state = [.. new[] { 1, 2, 1 }.Select(alive => LayerActivity.Count(alive))];

        var split = EmergenceSplit.Of(graph, state, state);

        Assert.Equal(new EmergenceChange(), split.Change);
        Assert.Null(split.Largest);
        Assert.Equal(0, split.LargestShare);
    }

    [Fact]
    public void Long_residual_networks_carry_counts_of_many_digits()
    {
        // 60 residual blocks of convolutions with 4 positions: denominators grow to 4^60, counts beyond 64 bits.
        var layers = Enumerable.Repeat(new NetworkLayer(5, 4), 61).ToArray();
        var graph = new NetworkGraph(
            layers, Enumerable.Range(0, 60).SelectMany(i =>
                new[] { NetworkEdge.Dense(i, i + 1), NetworkEdge.Identity(i, i + 1) }));
        var random = new Random(5);
        LayerActivity[] State() => [.. layers.Select(layer =>
            LayerActivity.FromMask(layer, Networks.RandomMask(random, layer.Nodes)))];
        var (before, after) = (State(), State());

        var split = EmergenceSplit.Of(graph, before, after);

        Assert.Equal(
            EmergenceChange.Between(MeasureCatalog.Emergence.Of(graph, before), MeasureCatalog.Emergence.Of(graph, after)),
                split.Change);
        Assert.True(split.Moved.Log10 > 40);
    }

    private static bool CompareNodes(Step step, EmergenceSplit split)
    {
        var changed = step.Before.SelectMany((mask, i) =>
            mask.Index().Where(x => x.Item != step.After[i][x.Index]).Select(x => (i, x.Index))).ToArray();
        if (changed.Length is 0 or > 9)
            return false;
        var expected = Shapley(changed.Length, set =>
            E(step, step.Activity((i, x) => Array.IndexOf(changed, (i, x)) is var at and >= 0 && set[at])));
        var nodes = Enumerable.Range(0, step.Before.Length).SelectMany(i =>
            EmergenceSplit.NodesOf(step.Graph, step.Was, step.Is, i)).ToArray();
        Assert.Equal(changed, nodes.Select(node => (node.Layer, node.Node!.Value)));
        Assert.Equal(expected, nodes.Select(node => node.Contribution));
        Assert.Equal(nodes.Select(node => step.After[node.Layer][node.Node!.Value]), nodes.Select(node => node.BecameAlive));
        Assert.Equal(nodes.Aggregate(new Analyzer.Metrics.EmergenceValue(), (sum, node) => sum + node.Contribution.Magnitude),
            split.Moved);
        Assert.Equal(
            nodes.Max(node => node.Contribution.Magnitude),
                split.Largest?.Contribution.Magnitude ?? new Analyzer.Metrics.EmergenceValue());
        return true;
    }

    // Σ over sets without the player of |set|! (n − |set| − 1)! / n! · (value with − value without).
    private static EmergenceChange[] Shapley(int players, Func<bool[], Analyzer.Metrics.EmergenceValue> value)
    {
        var values = Enumerable.Range(0, 1 << players).Select(set =>
            value([.. Enumerable.Range(0, players).Select(p => (set >> p & 1) != 0)])).ToArray();
        var result = new EmergenceChange[players];
        for (var p = 0; p < players; p++)
        {
            for (var set = 0; set < values.Length; set++)
            {
                if ((set >> p & 1) != 0)
                    continue;
                var size = BitOperations.PopCount((uint)set);
                var gain = EmergenceChange.Between(values[set], values[set | 1 << p]);
                result[p] += EmergenceChange.Of(gain.Numerator * Factorial(size) * Factorial(players - size - 1),
                    gain.Denominator * Factorial(players));
            }
        }
        return result;
    }

    private static BigInteger Factorial(int n) => Enumerable.Range(1, n).Aggregate(BigInteger.One, (product, i) => product * i);

    private static EmergenceChange Sum(IEnumerable<EmergenceChange> changes) =>
        changes.Aggregate(new EmergenceChange(), (sum, change) => sum + change);

    private static Analyzer.Metrics.EmergenceValue E(Step step, LayerActivity[] activity) =>
        MeasureCatalog.Emergence.Of(step.Graph, activity);

    private static LayerActivity[] With(Step step, int layer, int node) =>
        (step with
        {
            After = [.. step.Before.Select((mask, i) =>
            mask.Select((alive, x) => alive || (i == layer && x == node)).ToArray())]
        }).Is;

    /// <summary>Up to 6 layers, convolutions among them, with dense and identity edges of any map.</summary>
    private static Step RandomStep(Random random)
    {
        var layers = Enumerable.Range(0, random.Next(2, 7)).Select(_ =>
            new NetworkLayer(random.Next(1, 5), random.Next(1, 4))).ToArray();
        var edges = new List<NetworkEdge>();
        for (var to = 1; to < layers.Length; to++)
        {
            for (var from = 0; from < to; from++)
            {
                var (sources, targets) = (layers[from].Nodes, layers[to].Nodes);
                if (from == to - 1 || random.Next(3) == 0)
                    edges.Add(NetworkEdge.Dense(from, to));
                if (random.Next(3) == 0)
                {
                    edges.Add(NetworkEdge.Identity(from, to, sources == targets && random.Next(2) == 0 ? null
                        : ElementMap.FromPairs(
                        sources, targets, [.. Enumerable.Range(0, random.Next(9)).Select(_ =>
                            (random.Next(sources), random.Next(targets)))])));
                }
            }
        }
        var (share, flips) = (random.NextDouble(), random.NextDouble());
        var before = layers.Select(layer => Networks.RandomMask(random, layer.Nodes, share)).ToArray();
        return new(new NetworkGraph(layers, edges), before,
            [.. before.Select(mask => mask.Select(alive => alive ^ (random.NextDouble() < flips)).ToArray())]);
    }
}
