using System.Collections.Immutable;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Emergence.Trainer.Curvature;

/// <summary>
/// The mean cross-entropy over some samples as a function of all weights, in double: its value, and its Hessian times vectors, by
/// differentiating the gradient's product with the vector (Pearlmutter 1994).
/// </summary>
/// <remarks>A ReLU and a maximum count as the straight lines that they are between their kinks.</remarks>
internal sealed class LossCurvature : IDisposable
{
    // What bounds memory; another size would only round sums differently.
    private const int BatchSize = 256;

    private readonly Network network;
    private readonly Tensor inputs, labels;

    /// <summary>Copies the weights; <paramref name="samples"/> stays the caller's.</summary>
    public LossCurvature(Network network, SampleTensors samples)
    {
        this.network = network.InDouble();
        Parameters = this.network.Parameters;
        inputs = samples.Inputs.to_type(ScalarType.Float64);
        labels = samples.Labels;
    }

    /// <summary>The weights, in the order of the Hessian's rows.</summary>
    public ImmutableArray<Parameter> Parameters { get; }

    /// <summary>Number of weights.</summary>
    public int Size => checked((int)Parameters.Sum(parameter => parameter.numel()));

    /// <summary>How often the Hessian was multiplied.</summary>
    public int Products { get; private set; }

    /// <summary>The loss.</summary>
    /// <exception cref="OperationCanceledException">On request.</exception>
    public double Loss(CancellationToken token)
    {
        using var guard = no_grad();
        return Batches(loss => loss.item<double>(), token).Sum();
    }

    /// <summary>The gradient, all weights one after the other.</summary>
    /// <inheritdoc cref="Loss" path="/exception"/>
    public Tensor Gradient(CancellationToken token) => Sum(loss => autograd.grad([loss], [.. Parameters]), token);

    /// <summary>The Hessian times a vector of <see cref="Size"/>.</summary>
    /// <inheritdoc cref="Loss" path="/exception"/>
    public Tensor Multiply(Tensor vector, CancellationToken token)
    {
        Products++;
        return Sum(loss =>
        {
            var gradient = autograd.grad([loss], [.. Parameters], retain_graph: true, create_graph: true);
            var product = Flat(gradient).dot(vector);
            return autograd.grad([product], [.. Parameters]);
        }, token);
    }

    public void Dispose()
    {
        network.Dispose();
        inputs.Dispose();
    }

    private Tensor Sum(Func<Tensor, IEnumerable<Tensor>> parts, CancellationToken token)
    {
        using var grad = enable_grad();
        var sum = zeros(Size, ScalarType.Float64);
        foreach (var _ in Batches(loss => sum.add_(Flat(parts(loss)).detach()), token))
        {
        }
        return sum;
    }

    // The loss of a batch, as a part of the mean.
    private IEnumerable<T> Batches<T>(Func<Tensor, T> of, CancellationToken token)
    {
        var count = (int)labels.shape[0];
        for (var start = 0; start < count; start += BatchSize)
        {
            token.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var end = Math.Min(start + BatchSize, count);
            var logits = network.Forward(inputs[start..end]);
            yield return of(nn.functional.cross_entropy(logits, labels[start..end], reduction: nn.Reduction.Sum).div(count));
        }
    }

    private static Tensor Flat(IEnumerable<Tensor> parts) => cat([.. parts.Select(part => part.reshape(-1))]);
}
