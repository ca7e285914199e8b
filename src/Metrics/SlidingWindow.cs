using System.Collections.Immutable;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// A window that slides over positions, of any spatial rank: along each axis, tap t of the window at output o lies on
/// input o · stride + t · dilation − pad, or on padding. Immutable.
/// </summary>
public sealed class SlidingWindow
{
    /// <summary>Describes a window.</summary>
    /// <param name="input">Input size per spatial axis.</param>
    /// <param name="kernel">Taps per axis.</param>
    /// <param name="strides">Strides; 1 where empty.</param>
    /// <param name="pads">Padding before each axis, then after each axis (ONNX order); 0 where empty.</param>
    /// <param name="dilations">Dilations; 1 where empty.</param>
    /// <param name="output">
    /// Output size per axis; where empty, as many as fit. Windows that hang over the end (ceil mode) count what they cover.
    /// </param>
    /// <exception cref="ArgumentException">Lengths that differ, or a size that is not positive.</exception>
    public SlidingWindow(
        ReadOnlySpan<int> input, ReadOnlySpan<int> kernel, ReadOnlySpan<int> strides = default, ReadOnlySpan<int> pads = default,
        ReadOnlySpan<int> dilations = default, ReadOnlySpan<int> output = default)
    {
        if (input.IsEmpty)
            throw new ArgumentException("A window slides along at least one axis.", nameof(input));
        var rank = input.Length;
        Input = Sizes(input, rank, 0, nameof(input));
        Kernel = Sizes(kernel, rank, 0, nameof(kernel));
        Strides = Sizes(strides, rank, 1, nameof(strides));
        Dilations = Sizes(dilations, rank, 1, nameof(dilations));
        Pads = pads.IsEmpty ? [.. new int[2 * rank]] : [.. pads];
        if (Pads.Length != 2 * rank)
            throw new ArgumentException($"{Pads.Length} pads for {rank} axes; two each.", nameof(pads));
        var fit = new int[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            var room = Input[axis] + Pads[axis] + Pads[rank + axis] - (Dilations[axis] * (Kernel[axis] - 1)) - 1;
            fit[axis] = room < 0 ? 0 : (room / Strides[axis]) + 1;
        }
        Output = Sizes(output.IsEmpty ? fit : output, rank, 0, nameof(output));
    }

    /// <summary>Input size per axis.</summary>
    public ImmutableArray<int> Input { get; }

    /// <summary>Output size per axis.</summary>
    public ImmutableArray<int> Output { get; }

    /// <summary>Taps per axis.</summary>
    public ImmutableArray<int> Kernel { get; }

    /// <summary>Stride per axis.</summary>
    public ImmutableArray<int> Strides { get; }

    /// <summary>Dilation per axis.</summary>
    public ImmutableArray<int> Dilations { get; }

    /// <summary>Padding before each axis, then after each axis.</summary>
    public ImmutableArray<int> Pads { get; }

    /// <summary>Number of input positions.</summary>
    public int InputPositions => Product(Input);

    /// <summary>Number of output positions.</summary>
    public int OutputPositions => Product(Output);

    /// <summary>Number of taps.</summary>
    public int Taps => Product(Kernel);

    /// <summary>
    /// The input position under each tap at each output, in one table over the first <paramref name="axes"/> axes only:
    /// entry tap · outputs + output, row-major, -1 on padding.
    /// </summary>
    internal int[] InputsUnder(int axes)
    {
        var table = new[] { 0 };
        var (taps, outputs) = (1, 1);
        for (var axis = 0; axis < axes; axis++)
        {
            var (nextTaps, nextOutputs) = (taps * Kernel[axis], outputs * Output[axis]);
            var next = new int[nextTaps * nextOutputs];
            for (var tap = 0; tap < nextTaps; tap++)
            {
                for (var output = 0; output < nextOutputs; output++)
                {
                    var outer = table[(tap / Kernel[axis] * outputs) + (output / Output[axis])];
                    var input = (output % Output[axis] * Strides[axis]) + (tap % Kernel[axis] * Dilations[axis]) - Pads[axis];
                    next[(tap * nextOutputs) + output] =
                        outer < 0 || input < 0 || input >= Input[axis] ? -1 : (outer * Input[axis]) + input;
                }
            }
            (table, taps, outputs) = (next, nextTaps, nextOutputs);
        }
        return table;
    }

    private static ImmutableArray<int> Sizes(ReadOnlySpan<int> sizes, int rank, int otherwise, string name)
    {
        ImmutableArray<int> all = sizes.IsEmpty && otherwise > 0 ? [.. Enumerable.Repeat(otherwise, rank)] : [.. sizes];
        if (all.Length != rank)
            throw new ArgumentException($"{all.Length} sizes for {rank} axes.", name);
        return all.All(size => size > 0)
            ? all
            : throw new ArgumentException($"[{string.Join(", ", all)}]: every size is at least 1.", name);
    }

    private static int Product(ImmutableArray<int> sizes) => sizes.Aggregate(1, (product, size) => checked(product * size));
}
