using Emergence.Checkpoints;
using Onnx;
using static TorchSharp.torch;

namespace Emergence.TorchExport;

/// <content>The layers with weights, as functions of tensors.</content>
public sealed partial class OnnxWriter
{
    /// <summary>y = x·Wᵀ + b over the last axis.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="input">x, of shape (…, inputs).</param>
    /// <param name="weight">W, of shape (outputs, inputs).</param>
    /// <param name="bias">b, of shape (outputs); null for none.</param>
    public string Linear(string name, string input, Tensor weight, Tensor? bias)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (RankOf(input) == 2)
        {
            string[] inputs = bias is null
                ? [input, Store(name + ".weight", weight)]
                : [input, Store(name + ".weight", weight), Store(name + ".bias", bias)];
            return Ranked(Node(name, "Gemm", inputs, AttributeProto.Of("transB", 1)), 2);
        }
        // Gemm knows matrices alone.
        using var transposed = weight.detach().t();
        var product = Node(name, "MatMul", [input, Store(name + ".weight", transposed)]);
        var sum = bias is null ? product : Node(name + ".add", "Add", [product, Store(name + ".bias", bias)]);
        return Ranked(sum, RankOf(input));
    }

    /// <summary>A convolution over all axes behind the second.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="input">Of shape (N, C, …).</param>
    /// <param name="weight">Of shape (outputs, C / groups, kernel…).</param>
    /// <param name="bias">Of shape (outputs); null for none.</param>
    /// <param name="form">Strides and the like.</param>
    public string Convolution(string name, string input, Tensor weight, Tensor? bias, ConvolutionForm form)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(form);
        string[] inputs = bias is null
            ? [input, Store(name + ".weight", weight)]
            : [input, Store(name + ".weight", weight), Store(name + ".bias", bias)];
        var attributes = Given(
            AttributeProto.Of("kernel_shape", weight.shape.AsSpan(2)),
            AttributeProto.Of("pads", form.Pads.AsSpan()),
            form.Strides.All(stride => stride == 1) ? null : AttributeProto.Of("strides", form.Strides.AsSpan()),
            form.Dilations.All(dilation => dilation == 1) ? null : AttributeProto.Of("dilations", form.Dilations.AsSpan()),
            form.Groups == 1 ? null : AttributeProto.Of("group", form.Groups),
            form.OutputPadding.All(more => more == 0) ? null : AttributeProto.Of("output_padding", form.OutputPadding.AsSpan()));
        return Ranked(Node(name, form.IsTransposed ? "ConvTranspose" : "Conv", inputs, attributes.AsSpan()), RankOf(input));
    }

    /// <summary>The largest element of each window, over all axes behind the second.</summary>
    public string MaxPool(
        string name, string input, ReadOnlySpan<long> kernel, ReadOnlySpan<long> strides, ReadOnlySpan<long> padding = default,
        ReadOnlySpan<long> dilations = default, bool isCeiling = false)
    {
        var attributes = Given(
            AttributeProto.Of("kernel_shape", kernel),
            AttributeProto.Of("strides", strides),
            IsAll(padding, 0) ? null : AttributeProto.Of("pads", [.. padding, .. padding]),
            IsAll(dilations, 1) ? null : AttributeProto.Of("dilations", dilations),
            isCeiling ? AttributeProto.Of("ceil_mode", 1) : null);
        return Ranked(Node(name, "MaxPool", [input], attributes.AsSpan()), RankOf(input));
    }

    /// <summary>All axes behind the first become one.</summary>
    public string Flatten(string name, string input) =>
        Ranked(Node(name, "Flatten", [input], AttributeProto.Of("axis", 1)), 2);

    /// <summary>An operator that works element by element, such as <c>Relu</c>.</summary>
    public string Elementwise(string name, string op, string input, params ReadOnlySpan<AttributeProto> attributes) =>
        Ranked(Node(name, op, [input], attributes), RankOf(input));

    private static bool IsAll(ReadOnlySpan<long> values, long value) => values.IndexOfAnyExcept(value) < 0;
}
