using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Activations;

public sealed class HostCountsTests
{
    private static readonly Counter[] All =
    [
        new(CounterKind.Above, 0.0499f), new(CounterKind.Max), new(CounterKind.Above, 0.05f), new(CounterKind.AbsMax),
        new(CounterKind.Above, 0.0501f), new(CounterKind.Above, 0f),
    ];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(16, 16)]
    [InlineData(5, 33)]
    [InlineData(112, 100)]
    public void each_node_is_counted_as_one_value_after_the_other_would_be(int rows, int nodes)
    {
        var random = new Random(rows * nodes);
        float[] special = [0.05f, MathF.BitIncrement(0.05f), 0f, -0f, float.PositiveInfinity, float.NegativeInfinity, 1e-45f];
        var values = new float[rows * nodes];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.Next(4) == 0 ? special[random.Next(special.Length)] : random.NextSingle() - 0.5f;
        for (var counters = 1; counters <= All.Length; counters++)
        {
            var results = All[..counters].Select(_ => new double[nodes]).ToArray();
            // What an earlier run left there is written over.
            Array.ForEach(results, result => Array.Fill(result, 77));
            HostCounts.Count(values, All.AsSpan(0, counters), results);
            for (var node = 0; node < nodes; node++)
            {
                float[] column = [.. Enumerable.Range(0, rows).Select(row => values[(row * nodes) + node])];
                for (var i = 0; i < counters; i++)
                    Assert.Equal(Slowly(All[i], column), results[i][node]);
            }
        }
    }

    [Fact]
    public void what_is_not_a_number_is_not_above_a_threshold()
    {
        var values = Enumerable.Repeat(float.NaN, 64).ToArray();
        values[40] = 1;
        double[][] results = [new double[32]];
        HostCounts.Count(values, [new Counter(CounterKind.Above, 0.05f)], results);
        Assert.Equal(Enumerable.Range(0, 32).Select(node => node == 8 ? 1.0 : 0), results[0]);
    }

    [Theory]
    [InlineData(1, 1, 1.0)]
    [InlineData(3, 7, 1.0)]
    [InlineData(1, 16, 0.5)]
    [InlineData(7, 33, 0.5)]
    public void rows_are_added_up_in_double_one_after_the_other(int rows, int nodes, double factor)
    {
        // What a sum is depends on the order, as the sizes differ by more than a double has digits.
        var values = new float[rows * nodes];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)((i % 5 == 0 ? 1e16 : 1) * ((i % 3) + 0.3));
        double[] joined = [.. Enumerable.Repeat(0.1, nodes)], apart = [.. joined];
        HostCounts.AddRows(values, factor, joined, isWhole: false);
        HostCounts.AddRows(values, factor, apart, isWhole: true);
        for (var node = 0; node < nodes; node++)
        {
            double[] column = [.. Enumerable.Range(0, rows).Select(row => values[(row * nodes) + node] * factor)];
            Assert.Equal(column.Aggregate(0.1, (sum, value) => sum + value), joined[node]);
            Assert.Equal(0.1 + column.Aggregate(0.0, (sum, value) => sum + value), apart[node]);
        }
    }

    private static double Slowly(Counter counter, float[] column) => counter.Kind switch
    {
        CounterKind.Above => column.Count(value => value > counter.Threshold),
        CounterKind.AbsMax => column.Max(Math.Abs),
        _ => column.Max(),
    };
}
