using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;

namespace Emergence.Tracing.Model;

/// <summary>What an axis of a tensor counts.</summary>
public enum AxisRole
{
    /// <summary>Independent samples of the probe.</summary>
    Batch,

    /// <summary>Tokens, time steps and the like: they count as samples, not as nodes.</summary>
    Sample,

    /// <summary>Features of a dense layer, filters of a convolution, hidden units of a recurrence.</summary>
    Channel,

    /// <summary>Spatial positions of a convolution.</summary>
    Position,
}

/// <summary>One axis of the tensor a layer is read from.</summary>
/// <param name="Role">What it counts.</param>
/// <param name="Size">Its length under the shapes the trace assumed; for <see cref="AxisRole.Batch"/>, the assumed batch.</param>
public readonly record struct ReadAxis(AxisRole Role, int Size);

/// <summary>Where a layer's activations stand in the graph.</summary>
/// <param name="Tensor">Name of the tensor, the layer's activation.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>.</param>
/// <param name="Axes">
/// The axes after <paramref name="Reshape"/>, in order. Node axes are <see cref="AxisRole.Channel"/> and
/// <see cref="AxisRole.Position"/>; all others are reduced.
/// </param>
/// <param name="Reshape">
/// The shape to give the tensor first (-1 on the batch axis), where one of its own axes mixes roles; null where it is
/// read as it stands.
/// </param>
/// <param name="Slice">The part of one axis (of <paramref name="Axes"/>) that is this layer's, where it
/// shares the tensor.</param>
public sealed record Reading(
    string Tensor, int ElementType, ImmutableArray<ReadAxis> Axes, ImmutableArray<long>? Reshape = null, AxisSlice? Slice = null)
{
    /// <summary>What the tensor's integers stand for; null where it holds the activations themselves.</summary>
    public Quantization? Quantization { get; init; }

    /// <summary>What is applied to the tensor before it is reshaped: functions and scales that stand behind
    /// a pooling or a part of it.</summary>
    public ImmutableArray<AppliedStep> Applied { get; init; } = [];
}

/// <summary>How the integers of a tensor stand for numbers: (integer − zero point) · scale.</summary>
/// <param name="Scale">Name of the tensor with the scale, a float32 scalar.</param>
/// <param name="ZeroPoint">Name of the tensor with the zero point, or empty: 0.</param>
public sealed record Quantization(string Scale, string ZeroPoint);

/// <summary>A contiguous part of one axis: [<paramref name="Start"/>, <paramref name="End"/>).</summary>
public sealed record AxisSlice(int Axis, int Start, int End);

/// <summary>What part a stored tensor plays in its layer.</summary>
public enum ParameterRole
{
    /// <summary>The weight of the layer's operator.</summary>
    Weight,

    /// <summary>A bias.</summary>
    Bias,

    /// <summary>Scale or shift of a normalization, or a learned slope (PRelu).</summary>
    Normalization,
}

/// <summary>A stored tensor that belongs to a layer.</summary>
/// <param name="Tensor">Name of the initializer (or of the Constant node's output).</param>
/// <param name="Role">Its part in the layer.</param>
/// <param name="Count">Number of elements.</param>
/// <param name="Nonzero">Number of elements that are not zero (after dequantization).</param>
public sealed record LayerParameter(string Tensor, ParameterRole Role, long Count, long Nonzero)
{
    /// <summary>
    /// The tensor this one is a copy of: itself, or for a tied weight that the exporter stored again, as it is or
    /// transposed, the first one with its values.
    /// </summary>
    public string Original { get; init; } = Tensor;

    /// <summary>True where a stored byte holds several elements, or part of one.</summary>
    public bool IsPacked { get; init; }
}

/// <summary>One traced weighted operator with what follows it up to and with its activation function.</summary>
public sealed record TracedLayer
{
    /// <summary>Position in topological order.</summary>
    public required int Index { get; init; }

    /// <summary>Unique name: the operator node's name, else that of its output tensor.</summary>
    public required string Name { get; init; }

    /// <summary>The ONNX operator that opened the layer, or <c>Input</c>.</summary>
    public required string Op { get; init; }

    /// <summary>Name of the activation function, or empty: the raw output is read.</summary>
    public required string Activation { get; init; }

    /// <summary>Where its activations are read.</summary>
    public required Reading Reading { get; init; }

    /// <summary>Number of channels: features, filters or hidden units.</summary>
    public required int Channels { get; init; }

    /// <summary>Number of spatial positions of each channel; 1 for dense and recurrent layers that no merge gives any.</summary>
    public required int Positions { get; init; }

    /// <summary>True where the paper counts filters, not nodes, as the multiplicity m: a convolution, and a layer that goes on
    /// behind its merge with one.</summary>
    public required bool IsConvolution { get; init; }

    /// <summary>Groups of a grouped convolution; 1 elsewhere.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The stored tensors that belong to it. A tied tensor stands in each layer that uses it.</summary>
    public ImmutableArray<LayerParameter> Parameters { get; init; } = [];
}

/// <summary>A connection between two layers, by index; <paramref name="From"/> &lt; <paramref name="To"/>.</summary>
public sealed record LayerEdge(int From, int To, EdgeKind Kind);

/// <summary>An input of the model that is not an initializer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>.</param>
/// <param name="Shape">Its dimensions; null only for a batch axis of free length. Other free dimensions are
/// bound by the trace.</param>
/// <param name="Symbols">The name of each dimension declared free, or empty.</param>
/// <param name="BatchAxis">The axis that counts samples, or -1.</param>
/// <param name="Vocabulary">For integers that index an embedding: the number of its rows; else null.</param>
public sealed record ModelInput(
    string Name, int ElementType, ImmutableArray<long?> Shape, ImmutableArray<string> Symbols, int BatchAxis,
    int? Vocabulary = null);

/// <summary>A node that makes the activations of one sample depend on the other samples of its run.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Op">Its operator.</param>
/// <param name="How">What it does, as a predicate: <c>sums over the samples of a run</c>.</param>
public sealed record SampleMixer(string Node, string Op, string How);

/// <summary>A tensor that a run makes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Elements">Elements for one sample, or in all where it does not grow with them.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>; 0 where unknown.</param>
public sealed record WideTensor(string Name, long Elements, int ElementType)
{
    /// <summary>Its bytes.</summary>
    public Int128 Bytes => (Int128)Elements * Math.Max(8, ElementTypes.Bits(ElementType)) / 8;
}

/// <summary>The layers of a model and how they feed each other.</summary>
/// <param name="Layers">In topological order.</param>
/// <param name="Edges">Ordered by (From, To, Kind), without repeats.</param>
/// <param name="Inputs">The model's inputs that must be fed.</param>
/// <param name="UntracedParameters">Elements of stored weights whose operator opened no layer; each is
/// named in a warning.</param>
/// <param name="Diagnostics">What could not be traced, and what else the user should know.</param>
public sealed record LayerGraph(
    ImmutableArray<TracedLayer> Layers,
    ImmutableArray<LayerEdge> Edges,
    ImmutableArray<ModelInput> Inputs,
    long UntracedParameters,
    ImmutableArray<Diagnostic> Diagnostics)
{
    /// <summary>The batch that was assumed where it is free: sizes of batch axes are multiples of it.</summary>
    public int Batch { get; init; } = 1;

    /// <summary>What makes the activations of one sample depend on the others of its run; null where nothing does.</summary>
    public SampleMixer? Mixer { get; init; }

    /// <summary>The largest tensor that a run makes, as far as shapes are known; null where none is.</summary>
    public WideTensor? Widest { get; init; }

    /// <summary>The stored tensors of all layers; one that several layers share stands once.</summary>
    public IEnumerable<LayerParameter> Parameters =>
        Layers.SelectMany(layer => layer.Parameters).DistinctBy(parameter => parameter.Original);

    /// <summary>
    /// Of each identity edge, which node (channel-major) of its source is the counterpart of which node of its target.
    /// An edge that is not here leads from each node to the one of the same index.
    /// </summary>
    public ImmutableDictionary<LayerEdge, ElementMap> Counterparts { get; init; } =
        ImmutableDictionary<LayerEdge, ElementMap>.Empty;
}
