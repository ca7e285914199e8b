using Emergence.Analyzer.Series;

namespace Emergence.Analyzer.Tests.Series;

public class NaturalOrderTests
{
    [Theory]
    [InlineData("ckpt_2", "ckpt_10")]
    [InlineData("ckpt_2.onnx", "ckpt_02b.onnx")]
    [InlineData("ckpt_02", "ckpt_2")]
    [InlineData("ckpt", "ckpt_1")]
    [InlineData("a9", "a99999999999999999999999")]
    [InlineData("a99999999999999999999998", "a99999999999999999999999")]
    [InlineData("run1/epoch10", "run2/epoch9")]
    [InlineData("a1b2", "a1b10")]
    [InlineData("", "a")]
    [InlineData("Z", "a")]
    public void The_first_comes_before_the_second(string first, string second)
    {
        Assert.True(NaturalOrder.Comparer.Compare(first, second) < 0);
        Assert.True(NaturalOrder.Comparer.Compare(second, first) > 0);
        Assert.Equal(0, NaturalOrder.Comparer.Compare(first, first));
    }

    [Fact]
    public void It_is_a_total_order()
    {
        var random = new Random(1);
        var names = Enumerable.Range(0, 60)
            .Select(_ => string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => "01a_"[random.Next(4)])))
            .Distinct().ToArray();
        foreach (var x in names)
        {
            foreach (var y in names)
            {
                var order = NaturalOrder.Comparer.Compare(x, y);
                Assert.Equal(x == y, order == 0);
                Assert.Equal(Math.Sign(order), -Math.Sign(NaturalOrder.Comparer.Compare(y, x)));
                foreach (var z in names.Where(z => order < 0 && NaturalOrder.Comparer.Compare(y, z) < 0))
                    Assert.True(NaturalOrder.Comparer.Compare(x, z) < 0, $"{x} < {y} < {z}");
            }
        }
    }
}
