using System.Collections.Immutable;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Model;

/// <summary>
/// A factor of an axis that has a meaning of its own. A reshape joins and splits axes; their factors keep what they
/// count, so that the batch and the channels of a layer are known, not guessed from sizes that happen to match.
/// </summary>
internal sealed class AxisFactor
{
    private readonly AxisFactor? _whole;

    public AxisFactor(int size, AxisRole? role, AxisFactor? whole = null)
    {
        Size = size >= 0 ? size : throw new TraceException($"an axis of {size} elements");
        Role = role;
        _whole = whole;
    }

    public int Size { get; }

    /// <summary>What it counts; null for an axis of the model's input before any layer has said.</summary>
    public AxisRole? Role { get; }

    /// <summary>True once a layer has summed over it: for an input axis, it counts nodes, not samples.</summary>
    public bool IsContracted { get; private set; }

    /// <summary>The factor that this one was first: an axis of an input, where it comes from one.</summary>
    public AxisFactor Root
    {
        get
        {
            var factor = this;
            while (factor._whole is { } whole)
                factor = whole;
            return factor;
        }
    }

    /// <summary>Marks this factor, and what it was split from, as summed over.</summary>
    public void Contract()
    {
        for (var factor = this; factor is not null; factor = factor._whole)
            factor.IsContracted = true;
    }

    /// <summary>The same factor seen in another role, or of another size.</summary>
    public AxisFactor As(AxisRole? role, int? size = null) => new(size ?? Size, role, this);
}

/// <summary>One axis of a traced tensor: the product of its factors.</summary>
internal readonly record struct Axis(ImmutableArray<AxisFactor> Factors)
{
    public static Axis Of(int size, AxisRole? role) => new([new AxisFactor(size, role)]);

    /// <summary>A new axis of length one that counts nothing.</summary>
    public static Axis Unit => Of(1, null);

    public int Size => Factors.Aggregate(1, (size, factor) => size * factor.Size);

    /// <summary>The role all its factors share (factors of size one aside); null where they differ or have none.</summary>
    public AxisRole? Role
    {
        get
        {
            var roles = Factors.Where(factor => factor.Size != 1).Select(factor => factor.Role).Distinct().ToList();
            if (roles.Count == 0)
                roles = Factors.Select(factor => factor.Role).Where(role => role is not null).Distinct().ToList();
            return roles.Count == 1 ? roles[0] : null;
        }
    }

    /// <summary>Whether it is known to count samples and nothing else.</summary>
    public bool CountsSamples => Role is AxisRole.Sample or AxisRole.Batch
        || Factors.All(factor => factor.Role is AxisRole.Sample or AxisRole.Batch);

    public bool Has(AxisRole role) => Factors.Any(factor => factor.Role == role);

    public void Contract()
    {
        foreach (var factor in Factors)
            factor.Contract();
    }

    /// <summary>The axis with each factor but the batch seen in another role.</summary>
    public Axis As(AxisRole role) =>
        new([.. Factors.Select(factor => factor.Role == AxisRole.Batch ? factor : factor.As(role))]);

    /// <summary>An axis of another length in the same place (a pooled, padded or sliced axis).</summary>
    public Axis Resized(int size) =>
        size == Size ? this : new([new AxisFactor(size, Role, Factors.Length == 1 ? Factors[0] : null)]);

    /// <summary>
    /// The axes after a reshape: factors are consumed in row-major order and split where a new axis ends inside one.
    /// Null where the sizes do not factor (then what the new axes count is unknown).
    /// </summary>
    public static ImmutableArray<Axis>? Reshape(ImmutableArray<Axis> axes, ReadOnlySpan<int> shape)
    {
        var pending = new LinkedList<AxisFactor>(axes.SelectMany(axis => axis.Factors));
        if (pending.Any(factor => factor.Size == 0))
            return null;
        var result = ImmutableArray.CreateBuilder<Axis>(shape.Length);
        foreach (var size in shape)
        {
            var factors = ImmutableArray.CreateBuilder<AxisFactor>();
            if (size == 1)
            {
                if (pending.First?.Value is { Size: 1 } unit)
                {
                    factors.Add(unit);
                    pending.RemoveFirst();
                }
                else
                {
                    factors.Add(new AxisFactor(1, null));
                }
                result.Add(new(factors.ToImmutable()));
                continue;
            }
            var left = size;
            while (left > 1)
            {
                if (pending.First?.Value is not { } factor)
                    return null;
                pending.RemoveFirst();
                if (left % factor.Size == 0)
                {
                    factors.Add(factor);
                    left /= factor.Size;
                }
                else if (factor.Size % left == 0)
                {
                    factors.Add(factor.As(factor.Role, left));
                    pending.AddFirst(factor.As(factor.Role, factor.Size / left));
                    left = 1;
                }
                else
                {
                    return null;
                }
            }
            result.Add(new(factors.ToImmutable()));
        }
        if (pending.Any(factor => factor.Size != 1))
            return null;
        // What is left over has length one: a squeezed axis.
        return result.ToImmutable();
    }
}
