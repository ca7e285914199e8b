using Emergence.Pruning;

namespace Emergence.Analyzer.Tests.Pruning;

public sealed class SmallestTests
{
    [Fact]
    public void the_choice_is_that_of_a_stable_sort()
    {
        var random = new Random(7);
        for (var round = 0; round < 50; round++)
        {
            // Few distinct values, so that ties abound; subnormals, zero and infinity among them.
            double[] pool = [0, double.Epsilon, 1e-300, 0.1, 0.25, 3, 1e30, double.PositiveInfinity];
            double[][] tensors = [.. Enumerable.Range(0, 3)
                .Select(_ => Enumerable.Range(0, random.Next(40)).Select(_ => pool[random.Next(pool.Length)]).ToArray())];
            var all = tensors.SelectMany(tensor => tensor).ToArray();
            for (var count = 0; count <= all.Length; count++)
            {
                var expected = all.Select((magnitude, i) => (magnitude, i))
                    .OrderBy(pair => pair.magnitude)
                    .ThenBy(pair => pair.i)
                    .Take(count)
                    .Select(pair => pair.i);
                var smallest = Smallest.Of(visit => Array.ForEach(tensors, tensor => visit(tensor)), count);
                var ties = smallest.Ties;
                var chosen = all.Select((magnitude, i) => (magnitude, i))
                    .Where(pair => pair.magnitude < smallest.Limit || (pair.magnitude == smallest.Limit && ties-- > 0))
                        .Select(pair => pair.i);
                Assert.Equal(expected.Order(), chosen);
            }
        }
    }

    [Fact]
    public void neighboring_doubles_are_told_apart() =>
        Assert.Equal(new Smallest(Math.BitIncrement(0.3), 1),
            Smallest.Of(visit => visit([Math.BitIncrement(0.3), 0.3, Math.BitIncrement(Math.BitIncrement(0.3))]), 2));
}
