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
    /// <exception cref="UserException">The input takes no numbers, or large samples pass 2 GB.</exception>
    public static ProbeInput Draw(ModelInput input, int position, int samples, int seed, Preprocessing preprocessing)
    {
        var shape = SampleFit.SampleShapeOf(input);
        var elements = shape.Aggregate((Int128)1, (product, size) => product * size);
        var subject = $"input '{input.Name}'";
        if (NumericArray.ElementSize(input.ElementType) is not (> 0 and var elementSize))
            throw InputValues.NotFed(subject, input.ElementType);
        // The file says how large a sample is: beyond a large image, what it asks for must end soon.
        if (elements * elementSize > ProbeCache.LargeImage && elements * samples * elementSize > Array.MaxLength)
            throw new UserException(
                $"{subject}: {samples:N0} random samples of {elements:N0} values do not fit in memory at once; "
                + "take fewer (--samples)");
        if (InputValues.IsFloat(input.ElementType) && preprocessing.Channels > 1)
            throw new UsageException(
                $"{subject}: random samples take one mean and one std; give one of each, or give --data");
        return new ProbeInput(input.Name, input.ElementType, shape, SampleValues.Made(samples, (long)elements * elementSize,
            () => new DrawnSamples(input, position, (int)elements, unchecked((uint)seed), preprocessing)));
    }

    /// <summary>Draws samples when they are read.</summary>
    private sealed class DrawnSamples(ModelInput input, int position, int elements, uint seed, Preprocessing preprocessing)
        : ValueReader
    {
        private readonly float[] floats = new float[InputValues.IsFloat(input.ElementType) ? elements : 0];
        private readonly long[] longs = new long[InputValues.IsFloat(input.ElementType) ? 0 : elements];
        private readonly ulong vocabulary = (ulong)(input.Vocabulary ?? SmallVocabulary);
        private readonly bool isMask =
            input.ElementType == (int)DataType.Bool || input.Name.Contains("mask", StringComparison.OrdinalIgnoreCase);

        public override void Read(int start, int count, Span<byte> target)
        {
            var size = elements * NumericArray.ElementSize(input.ElementType);
            for (var i = 0; i < count; i++)
                Draw(new SampleRandom(seed, position, start + i), target.Slice(i * size, size));
        }

        private void Draw(SampleRandom random, Span<byte> target)
        {
            foreach (ref var value in floats.AsSpan())
                value = preprocessing.Apply((float)(random.Bits() >> 40) / (1 << 24), 0);
            foreach (ref var value in longs.AsSpan())
                value = isMask ? 1 : (long)(random.Bits() % vocabulary);
            if (floats.Length > 0)
                InputValues.FromFloats(floats, input.ElementType, target);
            else
                InputValues.FromLongs($"input '{input.Name}'", longs, input.ElementType, target);
        }
    }
}
