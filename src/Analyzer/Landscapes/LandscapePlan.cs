using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Weights;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Landscapes;

/// <summary>Decides at which points a loss is measured, and what follows from it.</summary>
/// <param name="request">What to measure.</param>
/// <param name="subject">What it is measured of.</param>
/// <param name="surface">The loss.</param>
/// <param name="evaluator">Measures it.</param>
/// <param name="token">Ends the measurement.</param>
internal sealed class LandscapePlan(
    LandscapeRequest request, LandscapeSubject subject, LossSurface surface, LossEvaluator evaluator, CancellationToken token)
{
    // A step of 5 % of the length of the weights; of every filter with --normalize filter.
    private const double SharpnessRadius = 0.05;
    private const int VectorsPerPair = 4;

    // Beyond the path on each side, as a share of its extent.
    private const double Margin = 0.25;

    private double Center => surface.Center.Loss;

    /// <summary>Around the checkpoint along random directions.</summary>
    public Landscape Random()
    {
        var axis = SurfaceShape.Symmetric(request.Grid, request.Range);
        var unit = request.Normalization == Normalization.None ? Length(isWeight: true) / Math.Sqrt(Count(isWeight: true)) : 1;
        var planes = Enumerable.Range(0, request.Pairs).Select(pair => new PointGroup(() => Pair(pair))).ToArray();
        AddGrid(planes[0], axis, axis);
        foreach (var plane in planes)
        {
            foreach (var at in axis)
            {
                plane.Add(at, 0);
                plane.Add(0, at);
            }
            AddSharpness(plane, unit);
            Curvature.AddPlane(plane, unit);
        }
        var (lines, step) = TraceLines();
        evaluator.Measure([.. planes, .. lines], token);
        var grid = Grid(planes[0], axis, axis);
        return Of(grid,
        [
            Minima(grid),
            Roughness([.. planes.SelectMany(plane => (double[][])[
                SurfaceShape.Losses(axis.Select(at => plane[at, 0])), SurfaceShape.Losses(axis.Select(at => plane[0, at]))])]),
            Sharpness(planes, unit),
            .. Curvature.OfPlanes(planes, Center, unit),
            Curvature.Trace(lines, Center, step),
            TopEigenvalue,
        ]);
    }

    /// <summary>Around the last checkpoint of a series, along the principal directions of its path.</summary>
    /// <param name="series">The checkpoints, the last one that of the surface.</param>
    /// <param name="weights">Reads the others.</param>
    public Landscape Trajectory(IReadOnlyList<TracedCheckpoint> series, SeriesWeights weights)
    {
        var plane = SeriesPlane.Fit([.. series.Select(model => weights.DifferenceOf(model, surface.Tensors))])
            ?? throw new UserException(
                $"{series[^1].Checkpoint.Path}: the weights of the series lie on one line, so they span no plane; give "
                + "checkpoints that differ, or use --directions between");
        var (xs, ys) = (Around(plane.Path.Select(point => point.X)), Around(plane.Path.Select(point => point.Y)));
        var unit = Length(isWeight: false);
        var group = new PointGroup(() => [plane.First, plane.Second]);
        AddGrid(group, xs, ys);
        Curvature.AddPlane(group, unit);
        var pairs = Enumerable.Range(0, request.Pairs).Select(pair => new PointGroup(() => Pair(pair))).ToArray();
        foreach (var pair in pairs)
            AddSharpness(pair, 1);
        var (lines, step) = TraceLines();
        evaluator.Measure([group, .. pairs, .. lines], token);
        var grid = Grid(group, xs, ys);
        return Of(grid,
        [
            Minima(grid),
            Roughness([
                .. ys.Select(y => SurfaceShape.Losses(xs.Select(x => group[x, y]))),
                .. xs.Select(x => SurfaceShape.Losses(ys.Select(y => group[x, y]))),
            ], OnePlane),
            Sharpness(pairs, 1),
            .. Curvature.OfPlanes([group], Center, unit).Select(number => number.Value is null
                ? number : number with { Reason = OnePlane }),
            Curvature.Trace(lines, Center, step),
            TopEigenvalue,
        ]) with
        {
            Path = [.. series.Zip(plane.Path, (model, at) => new PathPoint(model.Checkpoint.Path, at.X, at.Y, at.OffPlane))],
            ExplainedVariance = plane.ExplainedVariance,
            Diagnostics = surface.Diagnostics.AddRange(StatisticsStay(series)),
        };
    }

    /// <summary>On the line to another checkpoint.</summary>
    public Landscape Between(TracedCheckpoint other, SeriesWeights weights)
    {
        var difference = weights.DifferenceOf(other, surface.Tensors);
        var axis = SurfaceShape.Spread(request.Grid, 1 - request.Range, request.Range);
        var line = new PointGroup(() => [difference]);
        foreach (var at in axis.Concat([0, 1]))
            line.Add(at, 0);
        evaluator.Measure([line], token);
        var grid = Grid(line, axis, [0]);
        return Of(grid,
        [
            .. Barriers(line, axis),
            Minima(grid),
            Roughness([SurfaceShape.Losses(axis.Select(at => line[at, 0]))], OneLine),
        ]) with
        {
            Other = other.Checkpoint.Path,
            End = line[1, 0],
            Diagnostics = surface.Tensors.Any(tensor => tensor.Role is null)
                ? surface.Diagnostics.Add(Diagnostic.Note("statistics",
                    "stored statistics of normalizations are interpolated like the weights, not computed again at each point"))
                : surface.Diagnostics,
        };
    }

    private const string OnePlane = "no interval: the plane is that of the series, not drawn";
    private const string OneLine = "no interval: the line is given, not drawn";

    private static LandscapeNumber TopEigenvalue => new("top_eigenvalue", null)
    {
        Reason = "needs gradients, which an ONNX file does not have",
    };

    private static void AddGrid(PointGroup group, double[] xs, double[] ys)
    {
        foreach (var y in ys)
        {
            foreach (var x in xs)
                group.Add(x, y);
        }
    }

    private static void AddSharpness(PointGroup group, double unit)
    {
        foreach (var (x, y) in Around(unit))
            group.Add(x, y);
    }

    private static (double X, double Y)[] Around(double unit)
    {
        var radius = SharpnessRadius * unit;
        return [(radius, 0), (-radius, 0), (0, radius), (0, -radius)];
    }

    private double[] Around(IEnumerable<double> path)
    {
        double[] places = [.. path];
        var (from, to) = (places.Min(), places.Max());
        var margin = Margin * request.Range * (to - from);
        return SurfaceShape.Spread(request.Grid, from - margin, to + margin);
    }

    private Direction[] Pair(int pair) =>
    [
        RandomDirections.Gaussian(surface.Tensors, request.Normalization, request.Seed, 2 * pair),
        RandomDirections.Gaussian(surface.Tensors, request.Normalization, request.Seed, 2 * pair + 1),
    ];

    private (PointGroup[] Lines, double Step) TraceLines()
    {
        // Vectors of signs are as long as the root of their number.
        var length = Length(isWeight: false);
        var step = length > 0 ? length / Math.Sqrt(Count(isWeight: false)) : 1;
        PointGroup[] lines =
        [
            .. Enumerable.Range(0, request.Pairs * VectorsPerPair).Select(vector => new PointGroup(
                () => [RandomDirections.Rademacher(surface.Tensors, request.Seed, vector)])),
        ];
        foreach (var line in lines)
            Curvature.AddLine(line, step);
        return (lines, step);
    }

    private static LossGrid Grid(PointGroup group, double[] xs, double[] ys) =>
        new([.. xs], [.. ys], [.. ys.SelectMany(y => xs.Select(x => group[x, y]))]);

    private Landscape Of(LossGrid grid, ImmutableArray<LandscapeNumber> numbers) => new()
    {
        File = subject.File,
        Sha256 = subject.Sha256,
        Probe = subject.Probe,
        Device = subject.Device,
        Parameters = (long)Count(isWeight: false),
        Output = surface.Output,
        Form = surface.Form,
        Center = surface.Center,
        Grid = grid,
        Numbers = numbers,
        Diagnostics = surface.Diagnostics,
    };

    private static IEnumerable<LandscapeNumber> Barriers(PointGroup line, double[] axis)
    {
        var (start, end) = (line[0, 0], line[1, 0]);
        var height = SurfaceShape.Barrier([.. axis.Select(at => (at, line[at, 0].Loss))], start.Loss, end.Loss);
        yield return new("barrier", height)
        {
            Reason = height is null ? "a loss between the ends is not finite" : OneLine,
        };
        yield return start.Accuracy is { } first && end.Accuracy is { } last
            ? new("accuracy_barrier",
                SurfaceShape.Barrier([.. axis.Select(at => (at, -line[at, 0].Accuracy!.Value))], -first, -last))
            {
                Reason = OneLine,
            }
            : new("accuracy_barrier", null) { Reason = "there is no accuracy without classes" };
    }

    private static LandscapeNumber Minima(LossGrid grid) =>
        new("minima", SurfaceShape.Minima(grid)) { Reason = "no interval: one grid is measured" };

    /// <param name="lines">The losses along each line.</param>
    /// <param name="given">Why there is no interval; null where the lines are drawn at random.</param>
    private static LandscapeNumber Roughness(double[][] lines, string? given = null)
    {
        double?[] values = [.. lines.Select(SurfaceShape.Roughness)];
        if (values.Contains(null))
            return new LandscapeNumber("roughness", null) { Reason = "a loss is not finite; choose a smaller --range" };
        var mean = OverSeeds.Of([.. values.Select(value => value!.Value)]);
        return given is null ? mean.Named("roughness") : new LandscapeNumber("roughness", mean.Mean) { Reason = given };
    }

    private LandscapeNumber Sharpness(PointGroup[] planes, double unit)
    {
        double[] values =
        [
            .. planes.Select(plane =>
                100 * (Around(unit).Max(at => plane[at.X, at.Y].Loss) - Center) / (1 + Math.Abs(Center))),
        ];
        return values.All(double.IsFinite)
            ? OverSeeds.Of(values).Named("sharpness")
            : new LandscapeNumber("sharpness", null) { Reason = "a loss near the checkpoint is not finite" };
    }

    private double Length(bool isWeight) => Math.Sqrt(Moved(isWeight).Sum(tensor =>
    {
        var sum = 0.0;
        foreach (var value in tensor.Values.Span)
            sum += value * value;
        return sum;
    }));

    private double Count(bool isWeight) => Moved(isWeight).Sum(tensor => (double)tensor.Values.Length);

    private IEnumerable<MovedTensor> Moved(bool isWeight) =>
        surface.Tensors.Where(tensor => isWeight ? tensor.Role == ParameterRole.Weight : tensor.Role is not null);

    private static IEnumerable<Diagnostic> StatisticsStay(IEnumerable<TracedCheckpoint> series)
    {
        if (series.Any(model => model.Checkpoint.Model.Graph.Node.Any(node => node.OpType == "BatchNormalization")))
            yield return Diagnostic.Note("statistics",
                "running means and variances of normalizations stay those of the last checkpoint on the whole plane");
    }
}
