using System.Collections.Immutable;

namespace Emergence.Measuring.Losses;

/// <summary>A direction in the space of all moved tensors.</summary>
/// <param name="Parts">The part of each tensor, in the order of the tensors; empty where it does not move.</param>
public sealed record Direction(ImmutableArray<ReadOnlyMemory<double>> Parts)
{
    /// <summary>The length.</summary>
    public double Norm => Math.Sqrt(Dot(this));

    /// <summary>The inner product.</summary>
    public double Dot(Direction other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var sum = 0.0;
        foreach (var (mine, its) in Parts.Zip(other.Parts))
        {
            var a = mine.Span;
            var b = its.Span;
            for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
                sum += a[i] * b[i];
        }
        return sum;
    }

    /// <summary>Σ factor · direction over directions of the same tensors.</summary>
    public static Direction Combine(IReadOnlyList<(double Factor, Direction Direction)> terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return new Direction([.. Enumerable.Range(0, terms[0].Direction.Parts.Length).Select(part =>
        {
            var sum = new double[terms.Max(term => term.Direction.Parts[part].Length)];
            foreach (var (factor, direction) in terms)
            {
                var values = direction.Parts[part].Span;
                for (var i = 0; i < values.Length; i++)
                    sum[i] += factor * values[i];
            }
            return (ReadOnlyMemory<double>)sum;
        })]);
    }
}

/// <summary>A step along a direction.</summary>
/// <param name="Direction">The direction.</param>
/// <param name="Length">How many times the direction.</param>
public readonly record struct Move(Direction Direction, double Length);
