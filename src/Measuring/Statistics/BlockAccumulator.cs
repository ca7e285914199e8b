using System.Collections.Immutable;
using System.Numerics.Tensors;
using Emergence.Measuring.Instrumentation;

namespace Emergence.Measuring.Statistics;

/// <summary>Carries one layer's counters from run to run, each block of samples by itself, in the order of the graph.</summary>
/// <param name="counters">Those that are needed by block; others are passed over. They must add up.</param>
/// <param name="blocks">Number of blocks.</param>
/// <param name="nodes">Number of nodes.</param>
internal sealed class BlockAccumulator(ImmutableArray<Counter> counters, int blocks, int nodes)
{
    /// <summary>What follows where a layer does not keep samples apart.</summary>
    public const string NotApart =
        "blocks of samples cannot be told apart; leave out --bootstrap, or leave the layer out with --exclude";

    private readonly long[] samples = new long[blocks];
    private readonly double[][][] totals =
        [.. counters.Select(_ => Enumerable.Range(0, blocks).Select(_ => new double[nodes]).ToArray())];

    /// <summary>Takes in how many samples of each node a run had.</summary>
    public void AddSamples(int block, long count) => samples[block] += count;

    /// <summary>Takes in one counter of a run.</summary>
    public void Add(int block, Counter counter, ReadOnlySpan<double> values)
    {
        if (counters.IndexOf(counter) is var i and >= 0)
            TensorPrimitives.Add(totals[i][block], values, totals[i][block]);
        // A sum is finite only where every activation is. What is counted of others must not make their node alive.
        if (counter.Kind != CounterKind.Sum)
            return;
        for (var node = 0; node < values.Length; node++)
        {
            if (double.IsFinite(values[node]))
                continue;
            foreach (var byBlock in totals)
                byBlock[block][node] = double.NaN;
        }
    }

    /// <summary>Takes in blocks that were counted elsewhere.</summary>
    public void Add(ImmutableArray<BlockCounts> counts)
    {
        foreach (var (block, count, values) in counts)
        {
            samples[block] += count;
            for (var i = 0; i < totals.Length; i++)
                TensorPrimitives.Add(totals[i][block], values[i], totals[i][block]);
        }
    }

    /// <summary>The blocks that had samples; nothing can be added afterwards.</summary>
    public ImmutableArray<BlockCounts> ToCounts() =>
        [.. Enumerable.Range(0, blocks).Where(block => samples[block] > 0)
            .Select(block => new BlockCounts(block, samples[block], [.. totals.Select(byBlock => byBlock[block])]))];

    /// <summary>What was counted; nothing can be added afterwards.</summary>
    public LayerBlocks ToBlocks(NodeLayout layout) => new(
        [.. samples],
        counters.Zip(totals).ToImmutableDictionary(
            pair => pair.First, pair => pair.Second.Select(layout.ToChannelMajor).ToImmutableArray()));
}
