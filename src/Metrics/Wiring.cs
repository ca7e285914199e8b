using System.Numerics;

namespace Emergence.Analyzer.Metrics;

/// <summary>The order in which a weight matrix is stored.</summary>
public enum WeightOrder
{
    /// <summary>[outputs, inputs]: one row of weights per output.</summary>
    OutputsFirst,

    /// <summary>[inputs, outputs]: one row of weights per input.</summary>
    InputsFirst,
}

/// <summary>
/// Which inputs of a weighted operator are connected to which outputs: a weight that is exactly zero (of either sign) is
/// no connection. Immutable. Weights may be of any number type; 0 and 1 as <c>byte</c> give a pattern without weights.
/// </summary>
public abstract class Wiring
{
    private protected Wiring(int inputs, int outputs)
    {
        (Inputs, Outputs) = (inputs, outputs);
    }

    /// <summary>Number of input elements.</summary>
    public int Inputs { get; }

    /// <summary>Number of output elements.</summary>
    public int Outputs { get; }

    /// <summary>No element of a <see cref="PullBack"/> is a sum of more terms than this, between carries.</summary>
    internal abstract int Terms { get; }

    /// <summary>A matrix of weights.</summary>
    /// <param name="weights">inputs · outputs weights.</param>
    /// <param name="inputs">Number of inputs.</param>
    /// <param name="outputs">Number of outputs.</param>
    /// <param name="order">How they are stored.</param>
    /// <param name="merge">
    /// Where several inputs belong to one node (filters, flattened): nodes to inputs. A node is connected where any of its
    /// inputs is, and the wiring's inputs are the nodes. Null: each input is its own.
    /// </param>
    /// <exception cref="ArgumentException">Lengths that do not fit.</exception>
    public static Wiring Dense<T>(
        ReadOnlySpan<T> weights, int inputs, int outputs, WeightOrder order = WeightOrder.OutputsFirst, ElementMap? merge = null)
        where T : INumberBase<T>
    {
        CheckCount(weights.Length, (long)inputs * outputs);
        if (merge is not null && merge.To != inputs)
            throw new ArgumentException($"A map to {merge.To} elements for {inputs} inputs.", nameof(merge));
        var bits = new PatternBits(inputs, outputs);
        Fill(bits, weights, order);
        return new DenseWiring(merge is null ? bits : bits.Merge(merge));
    }

    /// <summary>
    /// A convolution, node by node: inputs and outputs are channel-major, a connection is a kernel weight at a position.
    /// </summary>
    /// <param name="weights">
    /// [outputs, inputs / groups, taps], or for a transposed convolution [inputs, outputs / groups, taps].
    /// </param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="window">
    /// The window. A transposed convolution slides it over its own output: <see cref="SlidingWindow.Input"/> is the
    /// output's size and <see cref="SlidingWindow.Output"/> the input's.
    /// </param>
    /// <param name="groups">Groups.</param>
    /// <param name="transposed">Whether the convolution is transposed.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit.</exception>
    public static Wiring Convolution<T>(
        ReadOnlySpan<T> weights, int inputs, int outputs, SlidingWindow window, int groups = 1, bool transposed = false)
        where T : INumberBase<T>
    {
        ArgumentNullException.ThrowIfNull(window);
        return new ConvolutionWiring(KernelBits(weights, inputs, outputs, window.Taps, groups, transposed), window, transposed);
    }

    /// <summary>A convolution, filter by filter: a connection where any weight of the kernel is not zero.</summary>
    /// <param name="weights">As for <see cref="Convolution"/>.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="outputs">Output channels.</param>
    /// <param name="taps">Weights per kernel.</param>
    /// <param name="groups">Groups.</param>
    /// <param name="transposed">Whether the convolution is transposed.</param>
    /// <exception cref="ArgumentException">Lengths that do not fit.</exception>
    public static Wiring Filters<T>(
        ReadOnlySpan<T> weights, int inputs, int outputs, int taps, int groups = 1, bool transposed = false)
        where T : INumberBase<T>
    {
        var kernels = KernelBits(weights, inputs, outputs, taps, groups, transposed);
        var bits = new PatternBits(inputs, outputs);
        for (var g = 0; g < groups; g++)
        {
            for (var input = 0; input < inputs / groups; input++)
            {
                for (var (row, end) = (input * taps, (input + 1) * taps); row < end; row++)
                {
                    for (var output = 0; output < outputs / groups; output++)
                        bits.Or((g * (inputs / groups)) + input, (g * (outputs / groups)) + output, kernels[g][row, output]);
                }
            }
        }
        return new DenseWiring(bits);
    }

    /// <summary>This wiring and then a transparent operator inside the layer, such as the pooling before an activation.</summary>
    /// <param name="outputs">From this wiring's outputs to the layer's nodes.</param>
    /// <exception cref="ArgumentException">The map does not begin at the outputs.</exception>
    public Wiring Then(ElementMap outputs)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        return outputs.From == Outputs
            ? new MappedWiring(this, outputs)
            : throw new ArgumentException($"A map from {outputs.From} elements cannot follow {Outputs} outputs.",
                nameof(outputs));
    }

    /// <summary>For each input, the sum of the counts of the outputs it is connected to.</summary>
    internal abstract WideCounts PullBack(WideCounts outputs);

    // One pattern per group: rows are the group's (input, tap) pairs, columns its outputs.
    private static PatternBits[] KernelBits<T>(
        ReadOnlySpan<T> weights, int inputs, int outputs, int taps, int groups, bool transposed) where T : INumberBase<T>
    {
        if (groups < 1 || inputs % groups != 0 || outputs % groups != 0)
            throw new ArgumentException($"{inputs} and {outputs} channels in {groups} groups.", nameof(groups));
        var (ins, outs) = (inputs / groups, outputs / groups);
        var size = checked(ins * outs * taps);
        CheckCount(weights.Length, (long)size * groups);
        var bits = new PatternBits[groups];
        for (var g = 0; g < groups; g++)
        {
            bits[g] = new PatternBits(ins * taps, outs);
            var kernels = weights.Slice(g * size, size);
            if (!transposed)
            {
                Fill(bits[g], kernels, WeightOrder.OutputsFirst);
                continue;
            }
            for (var k = 0; k < size; k++)
                bits[g].Or((k / (outs * taps) * taps) + (k % taps), k / taps % outs, !T.IsZero(kernels[k]));
        }
        return bits;
    }

    // In the order of storage, either way.
    private static void Fill<T>(PatternBits bits, ReadOnlySpan<T> weights, WeightOrder order) where T : INumberBase<T>
    {
        if (order == WeightOrder.OutputsFirst)
        {
            for (var output = 0; output < bits.Columns; output++)
            {
                var row = weights.Slice(output * bits.Rows, bits.Rows);
                for (var input = 0; input < row.Length; input++)
                    bits.Or(input, output, !T.IsZero(row[input]));
            }
            return;
        }
        for (var input = 0; input < bits.Rows; input++)
        {
            var row = weights.Slice(input * bits.Columns, bits.Columns);
            for (var output = 0; output < row.Length; output++)
                bits.Or(input, output, !T.IsZero(row[output]));
        }
    }

    private static void CheckCount(int weights, long expected)
    {
        if (weights != expected)
            throw new ArgumentException($"{weights} weights; {expected} expected.", nameof(weights));
    }
}
