using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Rewriting;
using Onnx;

namespace Emergence.Pruning;

/// <summary>The inputs that a stored weight is multiplied with.</summary>
/// <param name="Weight">The stored weight.</param>
/// <param name="Tensor">The tensor that holds them.</param>
/// <param name="Axis">Its axis along which they stand.</param>
public sealed record LayerInput(string Weight, string Tensor, int Axis);

/// <summary>Finds what the weights of a model are multiplied with.</summary>
public static class LayerInputs
{
    /// <summary>The inputs of every dense layer and convolution whose weight is followed.</summary>
    /// <exception cref="UserException">The model cannot be traced.</exception>
    public static ImmutableArray<LayerInput> Of(Checkpoint checkpoint, TraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        checkpoint = ModelPreparation.HoistBodies(checkpoint);
        return [.. Readings(checkpoint, LayerTracer.TraceFully(checkpoint, options))
            .Select(reading => new LayerInput(reading.Path.Stored, reading.Tensor, reading.DataAxis))];
    }

    internal static IReadOnlyList<WeightReading> Readings(Checkpoint checkpoint, Tracing.Model.TracedModel traced) =>
        ChannelFlow.Of(traced, new StoredTensors(checkpoint.Model, checkpoint.Directory), checkpoint.Model.Graph,
            traced.Nodes.ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance)).Readings;
}

/// <summary>A weight and the data that it is multiplied with.</summary>
/// <param name="Tensor">The data.</param>
/// <param name="DataAxis">Their axis along which the inputs stand.</param>
/// <param name="Path">The weight.</param>
/// <param name="Axis">Its axis along which they stand.</param>
/// <param name="Groups">Parts of its first axis that each read inputs of their own.</param>
internal sealed record WeightReading(string Tensor, int DataAxis, ConstantPath Path, int Axis, int Groups)
{
    /// <summary>By stored element, the input that it is multiplied with.</summary>
    public int[] InputOf()
    {
        var dims = Path.Dims;
        var inner = dims.Skip(Axis + 1).Aggregate(1, (product, size) => product * size);
        var perFirst = Path.Count / Math.Max(1, dims[0]);
        var inputs = new int[Path.Count];
        for (var element = 0; element < Path.Count; element++)
        {
            var group = Groups > 1 ? element / perFirst / (dims[0] / Groups) : 0;
            inputs[Path.At(element)] = group * dims[Axis] + element / inner % dims[Axis];
        }
        return inputs;
    }
}
