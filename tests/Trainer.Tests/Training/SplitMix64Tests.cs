using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Tests.Training;

public sealed class SplitMix64Tests
{
    [Fact]
    public void A_stream_is_the_same_for_ever()
    {
        // Worked out apart from this program: three rounds of the published mixing function for seed, stream and step.
        var random = SplitMix64.ForStream(0, 0);
        Assert.Equal([0x568A9B0B1A2C05ECUL, 0x44E5B8B147EF718BUL, 0x458563AB55521133UL],
            [random.Next(), random.Next(), random.Next()]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    public void A_permutation_holds_every_index_once(int count)
    {
        var order = SplitMix64.ForStream(7, 3).Permutation(count);
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), order.Order());
    }

    [Fact]
    public void Epochs_and_seeds_have_orders_of_their_own()
    {
        long[] Order(long seed, int epoch) => SplitMix64.ForStream(seed, epoch).Permutation(100);
        Assert.Equal(Order(1, 2), Order(1, 2));
        Assert.NotEqual(Order(1, 2), Order(1, 3));
        Assert.NotEqual(Order(1, 2), Order(2, 2));
        Assert.NotEqual(Order(1, 2), Order(2, 1));
    }

    [Fact]
    public void Every_order_of_three_is_about_equally_likely()
    {
        var counts = new Dictionary<string, int>();
        for (var epoch = 0; epoch < 6000; epoch++)
        {
            var order = string.Concat(SplitMix64.ForStream(0, epoch).Permutation(3));
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(6, counts.Count);
        // Five standard deviations of a binomial with n = 6000 and p = 1/6.
        Assert.All(counts.Values, count => Assert.InRange(count, 1000 - 145, 1000 + 145));
    }

    [Fact]
    public void Uniform_values_fill_their_range()
    {
        var values = SplitMix64.ForStream(0, 0).Uniform(0.25f, 10_000);
        Assert.All(values, value => Assert.InRange(value, -0.25f, 0.25f));
        Assert.InRange(values.Average(), -0.01, 0.01);
        Assert.True(values.Min() < -0.249f && values.Max() > 0.249f);
    }
}
