using System.Numerics;

namespace Emergence.Analyzer.Series;

/// <summary>
/// How far a vector moved: ‖now − before‖₂ / ‖before‖₂. The vector comes in parts; squares are summed in double, in the
/// order in which they come, so that the same numbers give the same digits on every machine.
/// </summary>
internal sealed class RelativeChange
{
    private double moved;
    private double length;

    /// <summary>Null where the vector was zero or empty before, or a number is not finite.</summary>
    public double? Value =>
        length > 0 && double.IsFinite(length) && double.IsFinite(moved) ? Math.Sqrt(moved) / Math.Sqrt(length) : null;

    /// <summary>Takes in one part of the vector.</summary>
    /// <exception cref="ArgumentException">The part had another length before.</exception>
    public void Add<T>(ReadOnlySpan<T> before, ReadOnlySpan<T> now) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (before.Length != now.Length)
            throw new ArgumentException($"has {now.Length} numbers where there were {before.Length}", nameof(now));
        for (var i = 0; i < now.Length; i++)
        {
            var was = double.CreateTruncating(before[i]);
            var step = double.CreateTruncating(now[i]) - was;
            moved += step * step;
            length += was * was;
        }
    }
}
