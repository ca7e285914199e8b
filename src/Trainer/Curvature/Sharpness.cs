using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Trainer.Export;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;
using static TorchSharp.torch;

namespace Emergence.Trainer.Curvature;

/// <summary>How curvature is measured.</summary>
/// <param name="Top">How many of the largest eigenvalues.</param>
/// <param name="Vectors">Random vectors of the trace.</param>
/// <param name="Iterations">The most steps to the eigenvalues.</param>
/// <param name="Tolerance">Residual, as a share of its eigenvalue, at which the steps end.</param>
/// <param name="Seed">Of all that is drawn.</param>
internal sealed record CurvatureSettings(int Top, int Vectors, int Iterations, double Tolerance, long Seed);

/// <summary>The curvature of the loss at a checkpoint.</summary>
/// <param name="Checkpoint">The file.</param>
/// <param name="Samples">What the loss is over.</param>
/// <param name="Parameters">Number of weights and biases, rows of the Hessian.</param>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Top">The largest eigenvalues, in falling order.</param>
/// <param name="Lowest">The smallest of all; the steps end when the largest are known, so that its residual may be
/// larger.</param>
/// <param name="Trace">Mean of vᵀHv over random signs v (Hutchinson 1989).</param>
/// <param name="TraceError">Its standard error; NaN with one vector.</param>
/// <param name="Products">How often the Hessian was multiplied.</param>
internal sealed record Sharpness(
    Checkpoint Checkpoint, SampleSet Samples, long Parameters, double Loss, ImmutableArray<Eigenvalue> Top, Eigenvalue Lowest,
    double Trace, double TraceError, int Products)
{
    /// <summary>Measures a checkpoint that this program wrote.</summary>
    /// <exception cref="UserException">It is another network, for other samples, or its loss is not finite.</exception>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public static Sharpness Of(
        Checkpoint checkpoint, SampleSet set, Preprocessing preprocessing, CurvatureSettings settings, CancellationToken token)
    {
        using var network = OnnxImport.ToNetwork(checkpoint);
        TrainingRun.RefuseOthers(checkpoint, network.Architecture, set, DatasetCatalog.Find(set.Name)!.Classes);
        using var samples = SampleTensors.From(set, preprocessing);
        using var curvature = new LossCurvature(network, samples);
        var loss = curvature.Loss(token);
        if (!double.IsFinite(loss))
            throw new UserException(
                $"{checkpoint.Path}: its loss is not finite, so that it has no curvature; take an earlier one");
        var ends = Lanczos.Ends(
            curvature.Size, Multiply, Math.Min(settings.Top, curvature.Size),
            settings.Iterations, settings.Tolerance, SplitMix64.ForStream(settings.Seed, 0));
        var (trace, error) = Hutchinson(curvature.Size, Multiply, settings);
        return new Sharpness(checkpoint, set, curvature.Size, loss, ends[..^1], ends[^1], trace, error, curvature.Products);

        Tensor Multiply(Tensor vector)
        {
            var product = curvature.Multiply(vector, token);
            return product.isfinite().all().item<bool>() ? product : throw new UserException(
                $"{checkpoint.Path}: its loss is finite, but its Hessian is not; take an earlier one");
        }
    }

    private static (double Trace, double Error) Hutchinson(
        int size, Func<Tensor, Tensor> multiply, CurvatureSettings settings)
    {
        var values = new double[settings.Vectors];
        for (var i = 0; i < values.Length; i++)
        {
            using var scope = NewDisposeScope();
            var signs = tensor(SplitMix64.ForStream(settings.Seed, i + 1).Uniform(1, size))
                .ge(0).to_type(ScalarType.Float64).mul(2).sub(1);
            values[i] = multiply(signs).dot(signs).item<double>();
        }
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length));
    }
}
