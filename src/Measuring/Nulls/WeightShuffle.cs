using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Measuring.Nulls;

/// <summary>The weights of each layer in random order; biases and normalizations stay.</summary>
internal sealed class WeightShuffle
{
    // Directions of landscapes use -2 and -3.
    private const int Stream = -4;

    private readonly ImmutableArray<Weight> weights;

    /// <summary>Reads the weights of all layers of a traced model.</summary>
    /// <exception cref="UserException">A weight is quantized, or there is none.</exception>
    public WeightShuffle(Checkpoint checkpoint, TracedModel traced)
    {
        var stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        var quantizations = new Quantizations(stored, traced.Nodes);
        var found = new List<Weight>();
        foreach (var (layer, parameter) in traced.Graph.Layers
            .SelectMany(layer => layer.Parameters, (layer, parameter) => (layer, parameter))
            .Where(pair => pair.parameter.Role == ParameterRole.Weight).DistinctBy(pair => pair.parameter.Tensor))
        {
            if (parameter.IsPacked || !stored.Contains(parameter.Tensor)
                || !ElementTypes.IsFloat(stored.ElementType(parameter.Tensor))
                || !ReferenceEquals(quantizations.Of(parameter.Tensor), Dequantization.None))
                throw new UserException(
                    $"--null shuffle: layer '{layer.Name}' ({layer.Op}): '{parameter.Tensor}' is quantized, and in another "
                    + "order its integers would meet other scales; give the model as it was before it was quantized");
            found.Add(Weight.Of(parameter, stored, checkpoint.Directory));
        }
        if (found.Count == 0)
            throw new UserException(
                $"--null shuffle: {checkpoint.FileName} stores no weights that could be shuffled; leave it out");
        weights = [.. found];
    }

    /// <summary>A copy of a model that stores these weights.</summary>
    /// <param name="model">The model, or another form of it.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="draw">Which order of that seed.</param>
    public ModelProto Apply(ModelProto model, int seed, int draw)
    {
        var result = model.Clone();
        var random = new SampleRandom(unchecked((uint)seed), Stream, draw);
        var values = new Dictionary<string, double[]>(StringComparer.Ordinal);
        foreach (var weight in weights)
        {
            if (!values.TryGetValue(weight.Original, out var original))
                values[weight.Original] = original = Shuffled(weight.Values, ref random);
            StoredValues.Replace(result, TensorValues.WithDoubles(weight.Empty, weight.OfOriginal(original)));
        }
        return result;
    }

    private static double[] Shuffled(double[] values, ref SampleRandom random)
    {
        var shuffled = (double[])values.Clone();
        for (var i = shuffled.Length - 1; i > 0; i--)
        {
            var other = (int)Math.BigMul(random.Bits(), (ulong)(i + 1), out _);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }
        return shuffled;
    }

    /// <summary>A stored weight; one that is tied to another is stored as it is or transposed.</summary>
    private sealed record Weight(string Original, TensorProto Empty, double[] Values, bool IsTransposed)
    {
        public static Weight Of(LayerParameter parameter, StoredTensors stored, string directory)
        {
            var values = stored.Doubles(parameter.Tensor);
            var dims = stored.Dims(parameter.Tensor);
            var tensor = TensorValues.FromRaw(parameter.Tensor, (TensorProto.Types.DataType)stored.ElementType(parameter.Tensor),
                dims.AsSpan(), TensorValues.ToRaw(stored.Get(parameter.Tensor), directory));
            return new Weight(parameter.Original, tensor, values, parameter.Original != parameter.Tensor
                && (!dims.SequenceEqual(stored.Dims(parameter.Original))
                    || !values.AsSpan().SequenceEqual(stored.Doubles(parameter.Original))));
        }

        public double[] OfOriginal(double[] original)
        {
            if (!IsTransposed)
                return original;
            var (columns, rows) = ((int)Empty.Dims[^1], original.Length / (int)Empty.Dims[^1]);
            return [.. Enumerable.Range(0, original.Length).Select(i => original[i % columns * rows + i / columns])];
        }
    }
}
