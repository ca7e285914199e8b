using System.Collections.Immutable;

namespace Emergence.Tracing.Model;

/// <summary>Where a traced layer is read: the tensor's axes by what they count, reshaped where one axis mixes several.</summary>
internal static class Readings
{
    /// <summary>Where a layer is read.</summary>
    public static Reading Of(LayerBuilder layer) =>
        Of(layer.Read, layer.ReadRange, layer.Op == Trace.InputOp) with { Applied = layer.Applied };

    /// <summary>Any tensor as the nodes of a layer.</summary>
    public static Reading Of(TracedTensor tensor, AxisRange? part = null, bool isInput = false)
    {
        var axes = ImmutableArray.CreateBuilder<ReadAxis>();
        var isMixed = false;
        AxisSlice? slice = null;
        for (var i = 0; i < tensor.Rank; i++)
        {
            if (part is { } range && range.Axis == i)
                slice = new AxisSlice(axes.Count, range.Start, range.End);
            var parts = Parts(tensor.Axes[i], isInput);
            isMixed |= parts.Count > 1;
            axes.AddRange(parts);
        }
        ImmutableArray<long>? shape = isMixed ? [.. axes.Select(axis => axis.Role == AxisRole.Batch ? -1L : axis.Size)] : null;
        return new Reading(tensor.Name, tensor.ElementType, axes.ToImmutable(), shape,
            slice)
        { Quantization = tensor.Quantization };
    }

    /// <summary>An axis as runs of factors with one role. What counts nothing we know of counts samples.</summary>
    private static List<ReadAxis> Parts(Axis axis, bool isInput)
    {
        var parts = new List<ReadAxis>();
        foreach (var factor in axis.Factors)
        {
            if (factor.Size == 1 && axis.Factors.Length > 1)
                continue;
            var role = factor.Role ?? (isInput && factor.IsContracted ? AxisRole.Channel : AxisRole.Sample);
            if (parts.Count > 0 && parts[^1].Role == role)
                parts[^1] = parts[^1] with { Size = parts[^1].Size * factor.Size };
            else
                parts.Add(new ReadAxis(role, factor.Size));
        }
        if (parts.Count == 0)
            parts.Add(new ReadAxis(axis.Role ?? AxisRole.Sample, 1));
        return parts;
    }
}
