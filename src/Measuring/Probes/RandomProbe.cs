using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Measuring.Probes;

/// <summary>Samples for a model of which nothing is known but its inputs.</summary>
internal static class RandomProbe
{
    // Where the input indexes no embedding: integers that any input of token types or choices can take.
    private const int SmallVocabulary = 2;

    /// <summary>
    /// Draws samples of an input: floats uniform in [0,1), integers uniform below the input's vocabulary, and 1 for what
    /// masks (bool, or integers called so). A sample depends on the seed, the input's position and its own index alone.
    /// </summary>
    /// <param name="input">The input.</param>
    /// <param name="position">Its position among the model's inputs.</param>
    /// <param name="samples">How many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="preprocessing">Applied to floats.</param>
    /// <exception cref="UserException">The input takes no numbers, or the samples pass 2 GB.</exception>
    public static ProbeInput Draw(ModelInput input, int position, int samples, int seed, Preprocessing preprocessing)
    {
        var shape = SampleFit.SampleShapeOf(input);
        var perSample = shape.Aggregate(1L, (product, size) => product * size);
        var subject = $"input '{input.Name}'";
        if (perSample * samples * sizeof(long) > Array.MaxLength)
            throw new UserException(
                $"{subject}: {samples:N0} random samples of {perSample:N0} values do not fit in memory at once; "
                + "take fewer (--samples)");

        ReadOnlyMemory<byte> data;
        if (InputValues.IsFloat(input.ElementType))
        {
            if (preprocessing.Channels > 1)
                throw new UsageException(
                    $"{subject}: random samples take one mean and one std; give one of each, or give --data");
            var values = new float[perSample * samples];
            Fill(values, (int)perSample, seed, position, random => preprocessing.Apply((float)(random >> 40) / (1 << 24), 0));
            data = InputValues.FromFloats(subject, values, input.ElementType);
        }
        else
        {
            var values = new long[perSample * samples];
            var vocabulary = (ulong)(input.Vocabulary ?? SmallVocabulary);
            if (IsMask(input))
                values.AsSpan().Fill(1);
            else
                Fill(values, (int)perSample, seed, position, random => (long)(random % vocabulary));
            data = InputValues.FromLongs(subject, values, input.ElementType);
        }
        return new ProbeInput(input.Name, input.ElementType, shape, data);
    }

    private static bool IsMask(ModelInput input) =>
        input.ElementType == (int)DataType.Bool || input.Name.Contains("mask", StringComparison.OrdinalIgnoreCase);

    private static void Fill<T>(Span<T> values, int perSample, int seed, int position, Func<ulong, T> value)
    {
        for (var i = 0; i < values.Length; i += perSample)
        {
            var random = new SampleRandom(unchecked((uint)seed), position, i / perSample);
            foreach (ref var element in values.Slice(i, perSample))
                element = value(random.Bits());
        }
    }
}
