using Emergence.Analyzer.Landscapes;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Weights;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>
/// A model that gives s·w for the samples s = stretch(k) · unit vector k, and targets that make (1/d) Σ stretch(k)² (w(k) −
/// c(k))²
/// of the mean squared difference: a bowl whose every number is known.
/// </summary>
public class BowlTests
{
    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, 0.25)]
    [InlineData(1000, 0)]
    [InlineData(1000, 0.25)]
    public void every_number_is_the_analytic_one(int dimensions, double off)
    {
        using var folder = new TemporaryFolder();
        var bowl = new Bowl(folder, dimensions, off);
        var landscape = LandscapeRun.Of(bowl.Request with { Grid = 7, Pairs = 3 });
        var planes = Enumerable.Range(0, 3).Select(bowl.Plane).ToArray();

        Assert.Equal(bowl.Loss(planes[0], 0, 0), landscape.Center.Loss, 1e-6);
        for (var row = 0; row < 7; row++)
        {
            for (var column = 0; column < 7; column++)
            {
                var expected = bowl.Loss(planes[0], landscape.Grid.X[column], landscape.Grid.Y[row]);
                Assert.Equal(expected, landscape.Grid.At(column, row).Loss, 1e-6 * (1 + expected));
            }
        }
        var sharpness = planes.Average(plane => 100 * (new[] { (0.05, 0.0), (-0.05, 0), (0, 0.05), (0, -0.05) }
            .Max(at => bowl.Loss(plane, at.Item1, at.Item2)) - bowl.Loss(plane, 0, 0)) / (1 + bowl.Loss(plane, 0, 0)));
        Assert.Equal(sharpness, landscape.Number("sharpness").Value!.Value, 1e-4 * (1 + sharpness));
        AssertHolds(landscape.Number("sharpness"), sharpness);
        AssertHolds(landscape.Number("hessian_trace"), bowl.Trace);
        AssertHolds(landscape.Number("curvature_min"), planes.Average(plane => bowl.Curvatures(plane).Smallest));
        AssertHolds(landscape.Number("curvature_max"), planes.Average(plane => bowl.Curvatures(plane).Largest));
        Assert.Equal(0, landscape.Number("roughness").Value);
        if (off == 0)
            Assert.Equal(1, landscape.Number("minima").Value);
        Assert.Null(landscape.Number("top_eigenvalue").Value);
        Assert.Contains("gradients", landscape.Number("top_eigenvalue").Reason!, StringComparison.Ordinal);
    }

    [Fact]
    public void in_two_dimensions_the_curvatures_are_the_eigenvalues_of_the_hessian()
    {
        using var folder = new TemporaryFolder();
        var bowl = new Bowl(folder, 2, 0);
        var landscape = LandscapeRun.Of(bowl.Request);
        Assert.Equal(bowl.Eigenvalue(0), landscape.Number("curvature_min").Value!.Value, 1e-3 * bowl.Eigenvalue(0));
        Assert.Equal(bowl.Eigenvalue(1), landscape.Number("curvature_max").Value!.Value, 1e-3 * bowl.Eigenvalue(1));
    }

    [Fact]
    public void what_steps_disagree_on_is_not_believed()
    {
        using var folder = new TemporaryFolder();
        // |w| has a kink at its minimum: the second difference is 2 over the step.
        var path = LandscapeRun.Save(folder, "kink.onnx", new TinyModel(13).Declared("x", "batch 1")
            .Initializer("w", [1, 1], [1]).Initializer("one", [1], [-1]).Node("MatMul", "x w", "y").Node("Add", "y one", "z")
            .Node("Abs", "z", "loss").Output("loss", [null, 1]));
        var probe = new ProbeOptions
        {
            Data = [WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode([1], DataType.Float), 1,
            1)]
        };
        var landscape = LandscapeRun.Of(LandscapeRun.Request(probe, path) with { Loss = new LossSettings(LossKind.Output) });
        var trace = landscape.Number("hessian_trace");
        Assert.Null(trace.Value);
        Assert.StartsWith("not believable: at three step sizes it is ", trace.Reason, StringComparison.Ordinal);
        Assert.Equal(3, trace.AtSteps.Length);
        Assert.Equal(4, trace.AtSteps[0] / trace.AtSteps[2], 0.05);
    }

    private static void AssertHolds(LandscapeNumber number, double expected)
    {
        Assert.True(number.Value is not null, number.Reason);
        Assert.True(number.Low <= expected && expected <= number.High, $"{number} does not hold {expected:r}");
        // An interval that holds everything says nothing.
        Assert.True(number.High - number.Low <= 0.01 * Math.Abs(expected) + 1e-9 || number.Name is "sharpness" || expected < 1000,
            $"{number}");
    }

    private sealed class Bowl
    {
        private readonly int dimensions;
        private readonly double[] weights, minimum, stretch;

        public Bowl(TemporaryFolder folder, int dimensions, double off)
        {
            this.dimensions = dimensions;
            weights = [.. Enumerable.Range(0, dimensions).Select(k => 0.5 + k % 7 / 8.0)];
            minimum = [.. weights.Select((weight, k) => weight + (k % 2 == 0 ? off : -off))];
            stretch = [.. Enumerable.Range(0, dimensions).Select(k => 1.0 + k % 5)];
            var samples = new double[dimensions * dimensions];
            for (var k = 0; k < dimensions; k++)
                samples[k * dimensions + k] = stretch[k];
            var path = LandscapeRun.Save(folder, "bowl.onnx", new TinyModel(13).Declared("x", $"batch {dimensions}")
                .Initializer("w", [dimensions, 1], weights).Node("MatMul", "x w", "y").Output("y", [null, 1]));
            var probe = new ProbeOptions
            {
                Data = [WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(samples, DataType.Float), dimensions, dimensions)],
            };
            var targets = LossTargets.Read(WholeAnalysis.Data(folder, "t.npy",
                TinyModel.Encode(stretch.Zip(minimum, (s, c) => s * c), DataType.Float), dimensions, 1));
            Request = LandscapeRun.Request(probe, path) with
            {
                Loss = new LossSettings(LossKind.SquaredError) { Targets = targets, Workers = 2 },
            };
        }

        public LandscapeRequest Request { get; }

        public double Trace => Enumerable.Range(0, dimensions).Sum(Eigenvalue);

        public double Eigenvalue(int k) => 2 * stretch[k] * stretch[k] / dimensions;

        public (double[] First, double[] Second) Plane(int pair)
        {
            var tensor = new MovedTensor("w", "", Tracing.Model.ParameterRole.Weight, [dimensions, 1],
                weights)
            { FilterAxes = [1] };
            double[] Of(int index) =>
                RandomDirections.Gaussian([tensor], Normalization.Filter, 0, index).Parts[0].ToArray();
            return (Of(2 * pair), Of(2 * pair + 1));
        }

        public double Loss((double[] First, double[] Second) plane, double x, double y)
        {
            var sum = 0.0;
            for (var k = 0; k < dimensions; k++)
                sum += Math.Pow(stretch[k] * (weights[k] + x * plane.First[k] + y * plane.Second[k] - minimum[k]), 2);
            return sum / dimensions;
        }

        /// <summary>The eigenvalues of the Hessian within the plane, by an orthonormal basis of it.</summary>
        public (double Smallest, double Largest) Curvatures((double[] First, double[] Second) plane)
        {
            var u = Scaled(plane.First, 1 / Math.Sqrt(Dot(plane.First, plane.First)));
            var along = Dot(plane.Second, u);
            double[] rest = [.. plane.Second.Select((value, k) => value - along * u[k])];
            var v = Scaled(rest, 1 / Math.Sqrt(Dot(rest, rest)));
            var (a, b, c) = (Form(u, u), Form(u, v), Form(v, v));
            var root = Math.Sqrt((a - c) * (a - c) / 4 + b * b);
            return ((a + c) / 2 - root, (a + c) / 2 + root);
        }

        private double Form(double[] a, double[] b) => Enumerable.Range(0, dimensions).Sum(k => Eigenvalue(k) * a[k] * b[k]);

        private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

        private static double[] Scaled(double[] a, double factor) => [.. a.Select(value => value * factor)];
    }
}
