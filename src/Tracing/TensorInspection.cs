using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing;

/// <summary>What a trace knows of one tensor.</summary>
/// <param name="Name">Its name; values inside the body of an If, Loop or Scan have that node's name before their own.</param>
/// <param name="ElementType">Its <c>TensorProto.DataType</c>; 0 where unknown.</param>
/// <param name="Axes">Its axes under the shapes the trace assumed; null where even the rank is unknown.</param>
/// <param name="IsConstant">It is stored, or computed from stored tensors and shapes alone.</param>
/// <param name="Carried">The layers whose nodes reach it without passing through another layer.</param>
public sealed record TensorInspection(
    string Name, int ElementType, ImmutableArray<TensorAxis>? Axes, bool IsConstant, ImmutableArray<CarriedLayer> Carried)
{
    /// <summary>The tensors of a trace: the inputs, then of each node what it reads and what it gives, each
    /// tensor once.</summary>
    internal static ImmutableArray<TensorInspection> Of(TracedModel traced)
    {
        var layers = traced.Builders.Index().ToDictionary(layer => layer.Item, layer => layer.Index);
        var names = traced.Graph.Inputs.Select(input => input.Name)
            .Concat(traced.Nodes.SelectMany(node => node.Input.Concat(node.Output)));
        return
        [
            .. names.Distinct(StringComparer.Ordinal)
                .Select(name => traced.Tensors.GetValueOrDefault(name)).OfType<TracedTensor>()
                .Select(tensor => new TensorInspection(
                    tensor.Name,
                    tensor.ElementType,
                    tensor.HasShape ? [.. tensor.Axes.Select(TensorAxis.Of)] : null,
                    tensor.IsConstant,
                    [
                        .. tensor.Carries.Select(carry => CarriedLayer.Of(carry, layers[carry.Layer]))
                            .OrderBy(carried => carried.Layer),
                    ])),
        ];
    }
}

/// <summary>One axis of a tensor: the product of its factors. Several are what a reshape has joined.</summary>
/// <param name="Size">Its length.</param>
/// <param name="Factors">Its factors, outermost first, those of length 1 left out; at least one.</param>
public sealed record TensorAxis(int Size, ImmutableArray<TensorFactor> Factors)
{
    internal static TensorAxis Of(Axis axis)
    {
        var factors = axis.Factors.Where(factor => factor.Size != 1)
            .Select(factor => new TensorFactor(factor.Size, factor.Role)).ToImmutableArray();
        return new TensorAxis(axis.Size, factors.IsEmpty ? [new TensorFactor(1, axis.Role)] : factors);
    }
}

/// <summary>A factor of an axis that counts one thing.</summary>
/// <param name="Size">Its length.</param>
/// <param name="Role">What it counts; null as long as no layer has said, as of an input's features.</param>
public readonly record struct TensorFactor(int Size, AxisRole? Role);

/// <summary>How a tensor carries the nodes of a layer.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="IsWhole">Every channel of the layer is in the tensor, once.</param>
/// <param name="IsAligned">Elements correspond to single nodes of the layer; false once nodes were mixed.</param>
/// <param name="Range">The part of one axis that is the layer's, behind a concatenation; null where it has
/// the whole tensor.</param>
public sealed record CarriedLayer(int Layer, bool IsWhole, bool IsAligned, AxisSlice? Range)
{
    internal static CarriedLayer Of(Carry carry, int layer)
    {
        var range = carry.Range is { } part ? new AxisSlice(part.Axis, part.Start, part.End) : null;
        return new CarriedLayer(layer, carry.IsWhole, carry.IsAligned, range);
    }
}
