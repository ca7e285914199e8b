using System.Numerics;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Convolutions and pooling against their unrolled 0/1 matrices.</summary>
public sealed class ConvolutionWiringTests
{
    [Fact]
    public void Convolution_and_pooling_equal_the_unrolled_matrix_on_200_random_cases()
    {
        var random = new Random(5);
        var (strided, dilated, grouped, transposed, overlapping) = (0, 0, 0, 0, 0);
        for (var k = 0; k < 200; k++)
        {
            var c = RandomCase(random);
            strided += c.Window.Strides.Max() > 1 ? 1 : 0;
            dilated += c.Window.Dilations.Max() > 1 ? 1 : 0;
            grouped += c.Groups > 1 ? 1 : 0;
            transposed += c.Transposed ? 1 : 0;

            var matrix = Unroll(c);
            var wiring = Wiring.Convolution<float>(c.Weights, c.Inputs, c.Outputs, c.Window, c.Groups, c.Transposed);
            if (!c.Transposed && random.Next(2) == 0)
            {
                // Pooling inside the layer, often overlapping, sometimes hanging over the end.
                var pool = RandomPool(random, c.Window.Output.AsSpan());
                overlapping += pool.Kernel.Zip(pool.Strides).Any(axis => axis.First > axis.Second) ? 1 : 0;
                wiring = wiring.Then(ElementMap.Windows(c.Outputs, pool).Reversed());
                matrix = Multiply(matrix, UnrollPool(c.Outputs, pool));
            }
            CheckPullBack(random, k, wiring, matrix);
            CheckEmergence(random, k, wiring, matrix);
        }
        Assert.All([strided, dilated, grouped, transposed, overlapping], count => Assert.InRange(count, 20, 200));
    }

    [Fact]
    public void A_filter_is_connected_where_any_weight_of_the_kernel_is_not_zero()
    {
        var random = new Random(6);
        for (var k = 0; k < 50; k++)
        {
            var c = RandomCase(random);
            var (ins, outs) = (c.Inputs / c.Groups, c.Outputs / c.Groups);
            var matrix = new int[c.Inputs, c.Outputs];
            for (var input = 0; input < c.Inputs; input++)
            {
                for (var output = input / ins * outs; output < ((input / ins) + 1) * outs; output++)
                    matrix[input, output] =
                        Enumerable.Range(0, c.Window.Taps).Any(tap => c.Weight(input, output, tap) != 0) ? 1 : 0;
            }
            CheckPullBack(
                random, k, Wiring.Filters<float>(c.Weights, c.Inputs, c.Outputs, c.Window.Taps, c.Groups, c.Transposed), matrix);
        }
    }

    [Fact]
    public void Counts_of_any_size_are_pulled_back_exactly()
    {
        // All outputs hold 2^k − 1 counts: carries run through every digit.
        var random = new Random(7);
        var c = RandomCase(random);
        var matrix = Unroll(c);
        var wiring = Wiring.Convolution<float>(c.Weights, c.Inputs, c.Outputs, c.Window, c.Groups, c.Transposed);
        var bits = WideCounts.BitsFor(wiring.Terms);
        foreach (var size in new[] { 1, bits - 1, bits, bits + 1, 64, 3 * bits, 1000 })
        {
            var count = (BigInteger.One << size) - 1;
            var counts = new WideCounts(wiring.Outputs, bits);
            counts.Add(count);
            var pulled = wiring.PullBack(counts);
            for (var x = 0; x < wiring.Inputs; x++)
            {
                var ones = Enumerable.Range(0, wiring.Outputs).Sum(y => matrix[x, y]);
                Assert.Equal(ones * count, pulled[x]);
            }
        }
    }

    [Theory]
    [InlineData(40, 300)]
    [InlineData(300, 40)]
    [InlineData(100, 300)]
    public void A_large_dense_pattern_equals_its_matrix(int inputs, int outputs)
    {
        var random = new Random(8);
        var weights = new double[inputs * outputs];
        var matrix = new int[inputs, outputs];
        for (var x = 0; x < inputs; x++)
        {
            // Some rows alike, some empty.
            for (var y = 0; y < outputs; y++)
                weights[(y * inputs) + x] = x % 7 == 0 ? 0 : x % 7 == 1 ? y % 2 : random.Next(2);
            for (var y = 0; y < outputs; y++)
                matrix[x, y] = (int)weights[(y * inputs) + x];
        }
        CheckPullBack(random, 0, Wiring.Dense<double>(weights, inputs, outputs), matrix);
    }

    [Fact]
    public void Inputs_can_be_merged_into_the_nodes_they_belong_to()
    {
        // Two filters of three positions, flattened; the second output reads only position 2 of filter 1.
        float[] weights = [0, 0, 0, 0, 0, 0, /**/ 0, 0, 0, 0, 0, 5, /**/ 1, 2, 0, 0, 0, 0];
        var map = ElementMap.OneEach(2, [0, 0, 0, 1, 1, 1]).Reversed();
        CheckPullBack(
            new Random(9), 0, Wiring.Dense<float>(weights, 6, 3, merge: map), new[,] { { 0, 0, 1 }, { 0, 1, 0 } });
    }

    private static void CheckPullBack(Random random, int k, Wiring wiring, int[,] matrix)
    {
        Assert.Equal((matrix.GetLength(0), matrix.GetLength(1)), (wiring.Inputs, wiring.Outputs));
        var mask = Networks.RandomMask(random, wiring.Outputs);
        var words = new ulong[(mask.Length + 63) / 64];
        for (var y = 0; y < mask.Length; y++)
            words[y / 64] |= (mask[y] ? 1UL : 0UL) << (y % 64);
        var pulled = wiring.PullBack(WideCounts.FromMask(words, wiring.Outputs, WideCounts.BitsFor(wiring.Terms)));
        for (var x = 0; x < wiring.Inputs; x++)
        {
            var expected = Enumerable.Range(0, wiring.Outputs).Sum(y => mask[y] ? matrix[x, y] : 0);
            Assert.True(pulled[x] == expected, $"case {k}, input {x}: {pulled[x]}, {expected} expected");
        }
    }

    // The wiring between two layers, then all to all to a third: E_w as a matrix product.
    private static void CheckEmergence(Random random, int k, Wiring wiring, int[,] matrix)
    {
        NetworkLayer[] layers = [new(wiring.Inputs), new(wiring.Outputs), new(3)];
        bool[][] alive = [.. layers.Select(layer => Networks.RandomMask(random, layer.Nodes))];
        var graph = new NetworkGraph(layers, [NetworkEdge.Dense(0, 1, wiring), NetworkEdge.Dense(1, 2)]);
        var last = alive[2].Count(a => a);
        var expected = alive[1].Count(a => !a) * last;
        for (var x = 0; x < wiring.Inputs; x++)
        {
            for (var y = 0; y < wiring.Outputs; y++)
                expected += alive[0][x] ? 0 : matrix[x, y] * ((alive[1][y] ? 1 : 0) + last);
        }
        var activity = layers.Select((layer, i) => LayerActivity.FromMask(layer, alive[i])).ToArray();
        Assert.Equal((k, expected), (k, (int)MeasureCatalog.EmergenceWired.Of(graph, activity).Rounded));
    }

    private static Case RandomCase(Random random)
    {
        while (true)
        {
            var rank = random.Next(1, 4);
            var groups = random.Next(3) == 0 ? random.Next(2, 4) : 1;
            var (inputs, outputs) = (groups * random.Next(1, 4), groups * random.Next(1, 4));
            int[] Sizes(int from, int to, int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(from, to))];
            var kernel = Sizes(1, 4, rank);
            var (input, strides, pads, dilations) =
                (Sizes(1, rank == 1 ? 90 : rank == 2 ? 9 : 5, rank), Sizes(1, 4, rank), Sizes(0, 3, 2 * rank), Sizes(1, 3, rank));
            var fits = Enumerable.Range(0, rank).All(
                axis => input[axis] + pads[axis] + pads[rank + axis] > dilations[axis] * (kernel[axis] - 1));
            if (!fits)
                continue;
            var window = new SlidingWindow(input, kernel, strides, pads, dilations);
            var density = random.NextDouble();
            var weights = new float[inputs / groups * outputs * window.Taps];
            for (var w = 0; w < weights.Length; w++)
                weights[w] = random.NextDouble() < density ? -1.5f : 0;
            return new(inputs, outputs, window, groups, random.Next(3) == 0, weights);
        }
    }

    private static SlidingWindow RandomPool(Random random, ReadOnlySpan<int> input)
    {
        var (kernel, strides, output) = (new int[input.Length], new int[input.Length], new int[input.Length]);
        for (var axis = 0; axis < input.Length; axis++)
        {
            kernel[axis] = random.Next(1, Math.Min(3, input[axis]) + 1);
            strides[axis] = random.Next(1, 3);
            output[axis] = ((input[axis] - kernel[axis]) / strides[axis]) + 1 + random.Next(2);
        }
        return new SlidingWindow(input, kernel, strides, output: output);
    }

    // Rows are the operator's inputs, columns its outputs. The relation is that of the definition: for each output
    // position and tap, the input position it reads.
    private static int[,] Unroll(Case c)
    {
        var (wide, narrow) = (c.Window.InputPositions, c.Window.OutputPositions);
        var matrix = c.Transposed ? new int[c.Inputs * narrow, c.Outputs * wide] : new int[c.Inputs * wide, c.Outputs * narrow];
        var (ins, outs) = (c.Inputs / c.Groups, c.Outputs / c.Groups);
        foreach (var (position, tap, under) in Reads(c.Window))
        {
            for (var input = 0; input < c.Inputs; input++)
            {
                for (var output = input / ins * outs; output < ((input / ins) + 1) * outs; output++)
                {
                    if (c.Weight(input, output, tap) == 0)
                        continue;
                    if (c.Transposed)
                        matrix[(input * narrow) + position, (output * wide) + under]++;
                    else
                        matrix[(input * wide) + under, (output * narrow) + position]++;
                }
            }
        }
        return matrix;
    }

    private static int[,] UnrollPool(int channels, SlidingWindow window)
    {
        var (inputs, outputs) = (window.InputPositions, window.OutputPositions);
        var matrix = new int[channels * inputs, channels * outputs];
        foreach (var (position, _, under) in Reads(window))
        {
            for (var channel = 0; channel < channels; channel++)
                matrix[(channel * inputs) + under, (channel * outputs) + position]++;
        }
        return matrix;
    }

    private static IEnumerable<(int Output, int Tap, int Input)> Reads(SlidingWindow window)
    {
        for (var output = 0; output < window.OutputPositions; output++)
        {
            for (var tap = 0; tap < window.Taps; tap++)
            {
                var (o, t, input, inside, scale) = (output, tap, 0, true, 1);
                for (var axis = window.Input.Length - 1; axis >= 0; axis--)
                {
                    var at = (o % window.Output[axis] * window.Strides[axis])
                        + (t % window.Kernel[axis] * window.Dilations[axis]) - window.Pads[axis];
                    inside &= at >= 0 && at < window.Input[axis];
                    input += at * scale;
                    (o, t, scale) = (o / window.Output[axis], t / window.Kernel[axis], scale * window.Input[axis]);
                }
                if (inside)
                    yield return (output, tap, input);
            }
        }
    }

    private static int[,] Multiply(int[,] left, int[,] right)
    {
        var product = new int[left.GetLength(0), right.GetLength(1)];
        for (var i = 0; i < left.GetLength(0); i++)
        {
            for (var j = 0; j < left.GetLength(1); j++)
            {
                for (var k = 0; left[i, j] != 0 && k < right.GetLength(1); k++)
                    product[i, k] += left[i, j] * right[j, k];
            }
        }
        return product;
    }

    private sealed record Case(int Inputs, int Outputs, SlidingWindow Window, int Groups, bool Transposed, float[] Weights)
    {
        public float Weight(int input, int output, int tap)
        {
            var (ins, outs) = (Inputs / Groups, Outputs / Groups);
            return Transposed
                ? Weights[(((input * outs) + (output % outs)) * Window.Taps) + tap]
                : Weights[(((output * ins) + (input % ins)) * Window.Taps) + tap];
        }
    }
}
