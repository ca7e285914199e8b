using System.Collections.Immutable;
using Emergence.Checkpoints;

namespace Emergence.Tracing.Model;

/// <summary>Measures tensors whose shape a trace cannot know, by running the model on a few samples.</summary>
/// <param name="checkpoint">The model as it was traced.</param>
/// <param name="graph">The inputs to feed; its layers are of no use yet.</param>
/// <param name="tensors">Names of the tensors.</param>
/// <returns>The shape of each tensor that is one; sequences and the like are left out.</returns>
/// <exception cref="UserException">The model does not run.</exception>
public delegate IReadOnlyDictionary<string, MeasuredShape> ShapeMeasurement(
    Checkpoint checkpoint, LayerGraph graph, IReadOnlyCollection<string> tensors);

/// <summary>The shape and type that a tensor had when the model ran.</summary>
/// <param name="Axes">Its axes.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>.</param>
public sealed record MeasuredShape(ImmutableArray<MeasuredAxis> Axes, int ElementType)
{
    /// <summary>The axes with a batch of this many samples.</summary>
    internal ImmutableArray<Axis> At(int batch) => [.. Axes.Select(axis => axis.At(batch))];
}

/// <summary>One axis of a measured tensor.</summary>
/// <param name="Size">Its length, or for <paramref name="IsPerSample"/> the part of it that each sample has.</param>
/// <param name="IsPerSample">Its length grows with the samples fed.</param>
public readonly record struct MeasuredAxis(int Size, bool IsPerSample)
{
    internal Axis At(int batch) => !IsPerSample ? Axis.Of(Size, null)
        : Size == 1 ? Axis.Of(batch, AxisRole.Batch)
        : new Axis([new AxisFactor(batch, AxisRole.Batch), new AxisFactor(Size, null)]);
}
