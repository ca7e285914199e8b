using System.Collections.Immutable;
using Emergence.Datasets;
using Emergence.Measuring.Weights;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Losses;

/// <summary>What the length of a random direction is made to agree with.</summary>
public enum Normalization
{
    /// <summary>Each filter with that filter of the network.</summary>
    Filter,

    /// <summary>Each weight tensor with that tensor of the network.</summary>
    Layer,

    /// <summary>Nothing: every weight moves by a standard normal number.</summary>
    None,
}

/// <summary>Directions that depend on the tensors and a seed alone.</summary>
public static class RandomDirections
{
    // Random samples use the streams from 0 on, resamples -1.
    private const int Normal = -2;
    private const int Signs = -3;

    /// <summary>
    /// Standard normal numbers for every weight, scaled as in Li et al. 2018 (arXiv 1712.09913, section 4); biases and
    /// parameters of normalizations do not move.
    /// </summary>
    /// <param name="tensors">The moved tensors.</param>
    /// <param name="normalization">How it is scaled.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="index">Which direction of that seed.</param>
    public static Direction Gaussian(ImmutableArray<MovedTensor> tensors, Normalization normalization, int seed, int index)
    {
        var random = new SampleRandom(unchecked((uint)seed), Normal, index);
        var parts = ImmutableArray.CreateBuilder<ReadOnlyMemory<double>>(tensors.Length);
        foreach (var tensor in tensors)
        {
            if (tensor.Role != ParameterRole.Weight)
            {
                parts.Add(default);
                continue;
            }
            var values = new double[tensor.Values.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = NextNormal(ref random);
            if (normalization != Normalization.None)
                Scale(values, tensor, normalization == Normalization.Filter);
            parts.Add(values);
        }
        return new Direction(parts.MoveToImmutable());
    }

    /// <summary>+1 or −1 for every parameter, with equal chances: what Hutchinson's estimate of a trace needs.</summary>
    public static Direction Rademacher(ImmutableArray<MovedTensor> tensors, int seed, int index)
    {
        var random = new SampleRandom(unchecked((uint)seed), Signs, index);
        var parts = ImmutableArray.CreateBuilder<ReadOnlyMemory<double>>(tensors.Length);
        foreach (var tensor in tensors)
        {
            var values = new double[tensor.Role is null ? 0 : tensor.Values.Length];
            for (var i = 0; i < values.Length; i++)
                values[i] = (random.Bits() & 1) == 0 ? 1 : -1;
            parts.Add(values);
        }
        return new Direction(parts.MoveToImmutable());
    }

    // Box and Muller; 1 − u is never 0.
    private static double NextNormal(ref SampleRandom random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.Unit())) * Math.Cos(2 * Math.PI * random.Unit());

    private static void Scale(double[] direction, MovedTensor tensor, bool byFilter)
    {
        var filters = byFilter ? tensor.Filters : 1;
        var (lengths, norms) = (new double[filters], new double[filters]);
        var filterOf = new int[direction.Length];
        var values = tensor.Values.Span;
        for (var i = 0; i < direction.Length; i++)
        {
            var filter = filterOf[i] = byFilter ? tensor.FilterOf(i) : 0;
            lengths[filter] += direction[i] * direction[i];
            norms[filter] += values[i] * values[i];
        }
        for (var i = 0; i < direction.Length; i++)
            direction[i] *= Math.Sqrt(norms[filterOf[i]] / lengths[filterOf[i]]);
    }
}
