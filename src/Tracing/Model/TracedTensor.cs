using System.Collections.Immutable;
using Emergence.Tracing.Values;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Model;

/// <summary>A range of one axis of a tensor that belongs to one layer, after a concatenation.</summary>
internal sealed record AxisRange(int Axis, int Start, int End);

/// <summary>How a tensor carries the nodes of a layer.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="IsWhole">Every channel of the layer is in the tensor, once.</param>
/// <param name="IsAligned">Elements correspond to single nodes; false once nodes were mixed (an attention
/// product, an unknown operator).</param>
/// <param name="Generation">The layer's <see cref="LayerBuilder.Generation"/> on this path.</param>
/// <param name="Range">The part of the tensor that is the layer's; null for all of it.</param>
internal sealed record Carry(LayerBuilder Layer, bool IsWhole, bool IsAligned, int Generation, AxisRange? Range = null)
{
    /// <summary>It is one number of all nodes, a mean or a deviation, by which a normalization shifts or scales them.</summary>
    public bool IsStatistic { get; init; }
}

/// <summary>What the trace knows of one tensor.</summary>
internal sealed record TracedTensor
{
    private readonly ImmutableArray<Axis> _axes;

    public required string Name { get; init; }

    /// <summary>A <c>TensorProto.DataType</c>; 0 where unknown.</summary>
    public required int ElementType { get; init; }

    /// <summary>The axes; given as default where even the rank is unknown.</summary>
    /// <exception cref="TraceException">The rank is unknown.</exception>
    public required ImmutableArray<Axis> Axes
    {
        get => HasShape ? _axes : throw new TraceException($"the shape of '{Name}' is not known before the model runs");
        init => _axes = value;
    }

    /// <summary>Computed from stored tensors and shapes alone.</summary>
    public bool IsConstant { get; init; }

    /// <summary>The layers whose nodes reach this tensor without passing through another layer.</summary>
    public ImmutableArray<Carry> Carries { get; init; } = [];

    /// <summary>The model input this is a copy of, in whatever shape and type; null where it is not.</summary>
    public string? Origin { get; init; }

    /// <summary>What its integers stand for, where it is the quantized result of a layer.</summary>
    public Quantization? Quantization { get; init; }

    /// <summary>A random operator has a part in it since the last layer.</summary>
    public bool IsRandom { get; init; }

    public bool HasShape => !_axes.IsDefault;

    /// <summary>It holds floating-point numbers.</summary>
    public bool IsFloat => (DataType)ElementType is DataType.Float or DataType.Float16 or DataType.Double or DataType.Bfloat16;

    public int Rank => Axes.Length;

    public int[] Shape => [.. Axes.Select(axis => axis.Size)];

    public long Count => Axes.Aggregate(1L, (count, axis) => count * axis.Size);
}
