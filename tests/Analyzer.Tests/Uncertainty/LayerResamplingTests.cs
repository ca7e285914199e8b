using System.Collections.Immutable;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Uncertainty;

public class LayerResamplingTests
{
    [Theory]
    [InlineData(0.05f)]
    [InlineData(0f)]
    [InlineData(-0.1f)]
    [InlineData(1f)]
    [InlineData(-1f)]
    [InlineData(float.Epsilon)]
    [InlineData(-float.Epsilon)]
    [InlineData(1e38f)]
    [InlineData(0.0999999f)]
    public void the_smallest_alive_mean_is_where_the_rule_turns(float threshold)
    {
        var least = new AliveRule(new AnalysisSettings(), threshold).LeastAlive;
        Assert.True((float)least > threshold);
        Assert.False((float)Math.BitDecrement(least) > threshold);
    }

    [Fact]
    public void the_smallest_alive_share_is_the_next_above()
    {
        var least = new AliveRule(new AnalysisSettings { Statistic = Statistic.Share, AliveShare = 0.5 }, 0).LeastAlive;
        Assert.True(least > 0.5);
        Assert.False(Math.BitDecrement(least) > 0.5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(131)]
    public void nodes_are_judged_by_the_mean_of_the_blocks_that_are_drawn(int nodes)
    {
        const double Least = 0.5;
        var random = new Random(3);
        ImmutableArray<long> samples = [4, 5, 5, 4, 5];
        ImmutableArray<ImmutableArray<double>> totals = [
            .. samples.Select(count =>
            Enumerable.Range(0, nodes).Select(_ => (double)random.Next((int)count + 1)).ToImmutableArray())];
        totals = totals.SetItem(2, totals[2].SetItem(nodes - 1, double.NaN));
        int[][] times = [[1, 1, 1, 1, 1], [5, 0, 0, 0, 0], [0, 2, 0, 1, 2], [0, 0, 3, 1, 1]];

        var resampling = new LayerResampling(samples, totals, Least);
        var masks = new ulong[times.Length * resampling.Words];
        resampling.Judge(times, masks);
        for (var r = 0; r < times.Length; r++)
        {
            for (var node = 0; node < resampling.Words * 64; node++)
            {
                var drawn = Enumerable.Range(0, samples.Length).Where(block => times[r][block] > 0).ToArray();
                var mean = node < nodes
                    ? drawn.Sum(block => times[r][block] * totals[block][node]) / drawn.Sum(block =>
                        times[r][block] * samples[block])
                    : double.NaN;
                Assert.Equal(mean >= Least, ((masks[(r * resampling.Words) + (node / 64)] >> (node % 64)) & 1) == 1);
            }
        }
    }
}
