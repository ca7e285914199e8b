using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Uncertainty;

public class ResampleTests
{
    [Fact]
    public void draws_are_fixed_by_the_code()
    {
        // Other numbers here would be other intervals in every published result.
        Assert.Equal([1, 0, 2, 0, 2, 1, 3, 2, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 3, 1, 0, 2, 2, 1, 1, 3, 0, 0, 2, 0, 1],
            Draw(seed: 0, index: 0, blocks: 32));
        Assert.Equal([1, 0, 1, 1, 2], Draw(seed: -7, index: 999, blocks: 5));
    }

    [Fact]
    public void a_resample_draws_as_many_blocks_as_there_are() =>
        Assert.All(Enumerable.Range(0, 200), index => Assert.Equal(32, Draw(1, index, 32).Sum()));

    [Fact]
    public void seed_and_index_make_another_resample() =>
        Assert.Equal(400,
            Enumerable.Range(0, 200)
            .SelectMany(i => (string[])[string.Join(' ', Draw(1, i, 32)), string.Join(' ', Draw(2, i, 32))])
            .Distinct()
            .Count());

    [Fact]
    public void every_block_is_drawn_alike()
    {
        const int Resamples = 4000;
        var times = new int[32];
        for (var index = 0; index < Resamples; index++)
        {
            foreach (var (block, count) in Draw(5, index, 32).Index())
                times[block] += count;
        }
        // 4000 expected each, with a standard deviation of 62.
        Assert.All(times, count => Assert.InRange(count, Resamples - 250, Resamples + 250));
    }

    private static int[] Draw(int seed, int index, int blocks)
    {
        var times = new int[blocks];
        Array.Fill(times, 99);
        Resample.Draw(seed, index, times);
        return times;
    }
}
