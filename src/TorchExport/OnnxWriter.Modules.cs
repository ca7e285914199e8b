using Emergence.Checkpoints;
using Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Emergence.TorchExport;

/// <content>The modules of TorchSharp.</content>
public sealed partial class OnnxWriter
{
    /// <summary>Writes a module.</summary>
    /// <param name="module">A <c>Sequential</c>, one of the supported layers, or one that is
    /// <see cref="IOnnxExportable"/>.</param>
    /// <param name="input">The tensor it reads.</param>
    /// <returns>The tensor it gives.</returns>
    /// <exception cref="NotSupportedException">It, or a setting of it, has no counterpart here.</exception>
    public string Write(nn.Module module, string input)
    {
        ArgumentNullException.ThrowIfNull(module);
        var name = NameOf(module);
        return module switch
        {
            IOnnxExportable own => own.WriteTo(this, input),
            Sequential chain => chain.children().Aggregate(input, (tensor, next) => Write(next, tensor)),
            Identity or Dropout or Dropout1d or Dropout2d or Dropout3d or AlphaDropout => input,
            Linear linear => Linear(name, input, linear.weight!, linear.bias),
            Convolution convolution => Convolution(name, input, convolution),
            NormBase normalization => Normalization(name, input, normalization),
            LayerNorm normalization => Normalization(name, input, normalization),
            GroupNorm normalization => Normalization(name, input, normalization),
            Embedding embedding => Ranked(Node(name, "Gather", [Store(name + ".weight", embedding.weight!), input]),
                RankOf(input) == 0 ? 0 : RankOf(input) + 1),
            PReLU rectifier => Rectifier(name, input, rectifier),
            Flatten { start_dim: 1, end_dim: -1 } => Flatten(name, input),
            Flatten { end_dim: -1, start_dim: >= 0 and var start } =>
                Ranked(Reshape(name, input, [.. new long[start], -1]), (int)start + 1),
            Unflatten { dim: 1, unflattened_size: var sizes } when RankOf(input) == 2 =>
                Ranked(Reshape(name, input, [0, .. sizes]), sizes.Length + 1),
            MaxPool1d { ceil_mode: var ceiling } pool => MaxPool(name, input, [pool.kernel_size],
                [pool.stride ?? pool.kernel_size], [pool.padding ?? 0], [pool.dilation ?? 1], ceiling),
            MaxPool2d { ceil_mode: var ceiling } pool => MaxPool(name, input, Two(pool.kernel_size),
                Two(pool.stride is { Length: > 0 } stride ? stride : pool.kernel_size), Two(pool.padding ?? [0]),
                Two(pool.dilation ?? [1]), ceiling),
            AvgPool2d pool => AveragePool(name, input, pool),
            AdaptiveAvgPool2d { output_size: var size } when size.All(length => length == 1) =>
                Elementwise(name, "GlobalAveragePool", input),
            AdaptiveMaxPool2d { output_size: var size } when size.All(length => length == 1) =>
                Elementwise(name, "GlobalMaxPool", input),
            PixelShuffle { upscale_factor: var factor } => Elementwise(
                name, "DepthToSpace", input, AttributeProto.Of("blocksize", factor), AttributeProto.Of("mode", "CRD")),
            _ => Activation(name, input, module)
                ?? throw Unsupported(name, $"{module.GetType().Name} is not supported as it is set"),
        };
    }

    private string Convolution(string name, string input, Convolution convolution)
    {
        if (convolution.padding_mode != TorchSharp.PaddingModes.Zeros)
            throw Unsupported(name, $"padding mode {convolution.padding_mode} is not supported");
        var kernel = convolution.weight!.shape.AsSpan(2);
        var (dilations, pads) = (convolution.dilation, new long[2 * kernel.Length]);
        for (var axis = 0; axis < kernel.Length; axis++)
        {
            // PyTorch puts the odd element of "same" at the end.
            var all = At(dilations, axis, 1) * (kernel[axis] - 1);
            (pads[axis], pads[axis + kernel.Length]) = convolution.padding_type switch
            {
                TorchSharp.Padding.Valid => (0, 0),
                TorchSharp.Padding.Same => (all / 2, all - (all / 2)),
                _ => (At(convolution.padding, axis, 0), At(convolution.padding, axis, 0)),
            };
        }
        return Convolution(name, input, convolution.weight, convolution.bias, new ConvolutionForm
        {
            Pads = [.. pads],
            Strides = [.. convolution.stride ?? []],
            Dilations = [.. dilations ?? []],
            Groups = convolution.groups,
            IsTransposed = convolution.transposed,
            OutputPadding = convolution.transposed ? [.. convolution.output_padding ?? []] : [],
        });
    }

    private string AveragePool(string name, string input, AvgPool2d pool)
    {
        if (pool.divisor_override is not null)
            throw Unsupported(name, "divisor_override is not supported");
        var padding = Two(pool.padding ?? [0]);
        var attributes = Given(
            AttributeProto.Of("kernel_shape", Two(pool.kernel_size)),
            AttributeProto.Of("strides", Two(pool.stride is { Length: > 0 } stride ? stride : pool.kernel_size)),
            IsAll(padding, 0) ? null : AttributeProto.Of("pads", [.. padding, .. padding]),
            pool.ceil_mode ? AttributeProto.Of("ceil_mode", 1) : null,
            pool.count_include_pad ? AttributeProto.Of("count_include_pad", 1) : null);
        return Elementwise(name, "AveragePool", input, attributes.AsSpan());
    }

    private string Rectifier(string name, string input, PReLU rectifier)
    {
        var slopes = rectifier.weight!;
        if (rectifier.num_parameters == 1)
            return Ranked(Node(name, "PRelu", [input, Store(name + ".weight", slopes)]), RankOf(input));
        if (RankOf(input) == 0)
            throw Unsupported(name, "the number of axes in front of it is not known");
        // A slope for each channel, of a shape that reaches over the axes behind.
        using var shaped = slopes.detach().reshape([slopes.shape[0], .. Enumerable.Repeat(1L, RankOf(input) - 2)]);
        return Ranked(Node(name, "PRelu", [input, Store(name + ".weight", shaped)]), RankOf(input));
    }

    private string Reshape(string name, string input, params ReadOnlySpan<long> shape) =>
        Node(name, "Reshape", [input, Constant(name + ".shape", shape)]);

    private static long[] Two(long[] sizes) => sizes.Length == 1 ? [sizes[0], sizes[0]] : sizes;

    private static long At(long[]? values, int axis, long otherwise) =>
        values is null or [] ? otherwise : values[Math.Min(axis, values.Length - 1)];

    private static NotSupportedException Unsupported(string name, string finding) => new(
        $"{name}: {finding}; let a module of your own be {nameof(IOnnxExportable)} and write it with other operators");
}
