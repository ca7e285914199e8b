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

    private static double Slowly(Counter counter, float[] column) => counter.Kind switch
    {
        CounterKind.Above => column.Count(value => value > counter.Threshold),
        CounterKind.AbsMax => column.Max(Math.Abs),
        _ => column.Max(),
    };
}
