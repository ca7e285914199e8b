using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Landscapes;

/// <summary>Points of one plane, each once, and their losses.</summary>
/// <param name="directions">Makes the directions, which take memory only while the points are measured; one on a line.</param>
internal sealed class PointGroup(Func<Direction[]> directions)
{
    private readonly Dictionary<(double X, double Y), int> indices = [];
    private readonly List<(double X, double Y)> points = [];
    private LossValue[] values = [];

    /// <summary>The points in the order in which they were added.</summary>
    public IReadOnlyList<(double X, double Y)> Points => points;

    /// <summary>Inner products of the directions: of the first with itself, of both, of the second with itself.</summary>
    public (double First, double Both, double Second) Products { get; private set; }

    /// <summary>Adds a point, unless it is there.</summary>
    public void Add(double x, double y)
    {
        if (indices.TryAdd((x, y), points.Count))
            points.Add((x, y));
    }

    /// <summary>The directions, made for a while.</summary>
    public Direction[] Make()
    {
        var made = directions();
        Products = (made[0].Dot(made[0]), made.Length > 1 ? made[0].Dot(made[1]) : 0, made.Length > 1 ? made[1].Dot(made[1]) : 0);
        return made;
    }

    /// <summary>Takes the losses, in the order of the points.</summary>
    public void Take(LossValue[] losses) => values = losses;

    /// <summary>The loss at a point that was added.</summary>
    public LossValue this[double x, double y] => values[indices[(x, y)]];
}
