using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>The sliding window of a convolution or pooling over the spatial axes.</summary>
/// <param name="Kernel">Its extent per axis.</param>
/// <param name="Strides">Step per axis.</param>
/// <param name="Dilations">Distance between the window's elements per axis.</param>
/// <param name="PadBegin">Padding before the first element per axis, <c>auto_pad</c> resolved.</param>
/// <param name="PadEnd">Padding behind the last.</param>
/// <param name="Output">Number of positions per axis.</param>
internal sealed record Window(int[] Kernel, int[] Strides, int[] Dilations, int[] PadBegin, int[] PadEnd, int[] Output)
{
    /// <summary>The window of a convolution or pooling; of a transposed one, all but <see cref="Output"/>,
    /// which it has no part in.</summary>
    /// <exception cref="TraceException">The window does not fit the input.</exception>
    public static Window Of(AttributeReader attributes, ReadOnlySpan<int> input, ReadOnlySpan<int> weight,
        bool isTransposed = false)
    {
        var rank = input.Length;
        var kernel = Ints(attributes.Ints("kernel_shape"), rank) ?? weight.ToArray();
        if (kernel.Length != rank)
            throw new TraceException($"a kernel of rank {kernel.Length} over {rank} spatial axes");
        var strides = Ints(attributes.Ints("strides"), rank) ?? Ones(rank);
        var dilations = Ints(attributes.Ints("dilations"), rank) ?? Ones(rank);
        var pads = attributes.Ints("pads") is { Length: > 0 } given ? [.. given.Select(pad => (int)pad)] : new int[2 * rank];
        if (pads.Length != 2 * rank || strides.Concat(dilations).Concat(kernel).Any(size => size < 1))
            throw new TraceException(
                $"a kernel of [{Shapes.Text(kernel)}] with strides [{Shapes.Text(strides)}], dilations "
                + $"[{Shapes.Text(dilations)}] and pads [{Shapes.Text(pads)}] over {rank} spatial axes");
        var (begin, end, output) = (pads[..rank], pads[rank..], new int[rank]);
        var autoPad = attributes.Text("auto_pad", "NOTSET");
        var ceil = attributes.Int("ceil_mode", 0) == 1;
        for (var i = 0; i < rank; i++)
        {
            var extent = dilations[i] * (kernel[i] - 1) + 1;
            switch (autoPad)
            {
                case "SAME_UPPER" or "SAME_LOWER":
                    output[i] = (input[i] + strides[i] - 1) / strides[i];
                    var total = Math.Max(0, (output[i] - 1) * strides[i] + extent - input[i]);
                    begin[i] = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
                    end[i] = total - begin[i];
                    continue;
                case "VALID":
                    begin[i] = end[i] = 0;
                    break;
            }
            var room = input[i] + begin[i] + end[i] - extent;
            if (room < 0 && !isTransposed)
                throw new TraceException(
                    $"a window of {extent} does not fit an axis of {input[i]} padded by {begin[i]} and {end[i]}");
            output[i] = (ceil ? (room + strides[i] - 1) / strides[i] : room / strides[i]) + 1;
            // A window that would start in the padding behind the input is dropped.
            if (ceil && (output[i] - 1) * strides[i] >= input[i] + begin[i])
                output[i]--;
        }
        return new Window(kernel, strides, dilations, begin, end, output);
    }

    /// <summary>The spatial sizes of a transposed convolution's output.</summary>
    public int[] TransposedOutput(AttributeReader attributes, ReadOnlySpan<int> input)
    {
        if (Ints(attributes.Ints("output_shape"), input.Length) is { } shape)
            return shape;
        var extra = Ints(attributes.Ints("output_padding"), input.Length) ?? new int[input.Length];
        var same = attributes.Text("auto_pad", "NOTSET").StartsWith("SAME", StringComparison.Ordinal);
        var valid = attributes.Text("auto_pad", "NOTSET") == "VALID";
        var pads = attributes.Ints("pads") is { Length: > 0 } given && !valid
            ? [.. given.Select(pad => (int)pad)]
            : new int[2 * input.Length];
        var output = new int[input.Length];
        for (var i = 0; i < output.Length; i++)
        {
            output[i] = same
                ? input[i] * Strides[i]
                : Strides[i] * (input[i] - 1) + extra[i] + Dilations[i] * (Kernel[i] - 1) + 1 - pads[i] - pads[i + input.Length];
        }
        return output;
    }

    private static int[]? Ints(long[]? values, int rank) =>
        values is { Length: > 0 } && values.Length >= rank ? [.. values[^rank..].Select(value => (int)value)] : null;

    private static int[] Ones(int rank)
    {
        var ones = new int[rank];
        Array.Fill(ones, 1);
        return ones;
    }
}
