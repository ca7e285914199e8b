using System.Collections.Immutable;
using System.Globalization;

namespace Emergence.Analyzer.Landscapes;

/// <summary>
/// Second derivatives from central differences of losses. A forward pass in float32 knows a loss to about 1e-7 of its size, and
/// the difference is divided by the square of the step: too small a step measures rounding, too large a one the shape of the
/// valley. So each number is computed at three steps, and is believed where they agree.
/// </summary>
internal static class Curvature
{
    // Shares of the length of the weights.
    private static readonly ImmutableArray<double> Steps = [0.005, 0.01, 0.02];
    private const int Middle = 1;
    private const double BelievedSpread = 0.25;

    /// <summary>Adds the points that a second derivative along each direction and both together needs.</summary>
    /// <param name="group">The plane.</param>
    /// <param name="unit">How often a direction goes into the length of the weights.</param>
    public static void AddPlane(PointGroup group, double unit)
    {
        foreach (var step in Steps.Select(step => step * unit))
        {
            foreach (var (x, y) in ((double, double)[])[(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)])
                group.Add(x * step, y * step);
        }
    }

    /// <summary>Adds the points that a second derivative along one direction needs.</summary>
    public static void AddLine(PointGroup group, double unit)
    {
        foreach (var step in Steps.Select(step => step * unit))
        {
            group.Add(step, 0);
            group.Add(-step, 0);
        }
    }

    /// <summary>
    /// The smallest and the largest curvature within the plane, in loss per squared length of the weights: the eigenvalues of
    /// the Hessian restricted to the plane.
    /// </summary>
    public static LandscapeNumber[] OfPlanes(IReadOnlyList<PointGroup> planes, double center, double unit)
    {
        var values = Steps.Select(step => planes.Select(plane => Principal(plane, center, step * unit)).ToArray()).ToArray();
        double[][] smallest = [.. values.Select(step => step.Select(pair => pair.Smallest).ToArray())];
        double[][] largest = [.. values.Select(step => step.Select(pair => pair.Largest).ToArray())];
        var size = Math.Max(Math.Abs(smallest[Middle].Average()), Math.Abs(largest[Middle].Average()));
        return [Judged("curvature_min", smallest, size), Judged("curvature_max", largest, size)];
    }

    /// <summary>The trace of the Hessian (Hutchinson 1989): the mean of vᵀHv over vectors v of random signs.</summary>
    public static LandscapeNumber Trace(IReadOnlyList<PointGroup> lines, double center, double unit)
    {
        double[][] values =
            [.. Steps.Select(step => lines.Select(line => Along(line, center, step * unit, 0)).ToArray())];
        return Judged("hessian_trace", values, Math.Abs(values[Middle].Average()));
    }

    private static double Along(PointGroup group, double center, double x, double y) =>
        (group[x, y].Loss - 2 * center + group[-x, -y].Loss) / (x * x + y * y);

    private static (double Smallest, double Largest) Principal(PointGroup plane, double center, double step)
    {
        var (first, second) = (Along(plane, center, step, 0), Along(plane, center, 0, step));
        var both = (plane[step, step].Loss - plane[step, -step].Loss - plane[-step, step].Loss + plane[-step, -step].Loss)
            / (4 * step * step);
        var (g11, g12, g22) = plane.Products;
        // det(H − λG) = 0, with G the inner products of the directions.
        var a = g11 * g22 - g12 * g12;
        var b = first * g22 + second * g11 - 2 * both * g12;
        var c = first * second - both * both;
        var root = Math.Sqrt(Math.Max(0, b * b - 4 * a * c));
        return ((b - root) / (2 * a), (b + root) / (2 * a));
    }

    private static LandscapeNumber Judged(string name, double[][] atSteps, double size)
    {
        ImmutableArray<double> means = [.. atSteps.Select(values => values.Average())];
        if (!means.All(double.IsFinite))
            return new LandscapeNumber(name, null) { Reason = "a loss near the checkpoint is not finite" };
        var spread = means.Max() - means.Min();
        if (spread > BelievedSpread * size)
            return new LandscapeNumber(name, null)
            {
                AtSteps = means,
                Reason = string.Create(CultureInfo.InvariantCulture,
                    $"not believable: at three step sizes it is {means[0]:0.###e+0}, {means[1]:0.###e+0} and "
                    + $"{means[2]:0.###e+0}"),
            };
        return OverSeeds.Of(atSteps[Middle]).Named(name, spread / 2) with { AtSteps = means };
    }
}
