using Emergence.Checkpoints;
using Emergence.Tracing.Values;

namespace Emergence.Pruning;

/// <summary>A stored tensor as pruning sees it: its numbers, what they weigh, and which number stands for zero.</summary>
internal sealed class WeightTensor
{
    private readonly double[] values;
    private readonly Dequantization quantization;

    public WeightTensor(string name, StoredTensors stored, Dequantization quantization)
    {
        Name = name;
        this.quantization = quantization;
        values = stored.Doubles(name);
        Magnitudes = new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var magnitude = quantization.Magnitude(values[i], i);
            NotANumber += double.IsNaN(magnitude) ? 1 : 0;
            // A weight that is no number is never the smallest.
            Magnitudes[i] = double.IsNaN(magnitude) ? double.PositiveInfinity : magnitude;
        }
    }

    /// <summary>The stored tensor's name.</summary>
    public string Name { get; }

    /// <summary>The stored numbers, row-major.</summary>
    public ReadOnlySpan<double> Values => values;

    /// <summary>The magnitude of what each of them stands for, before pruning.</summary>
    public double[] Magnitudes { get; }

    public long Count => values.Length;

    public long NotANumber { get; }

    /// <summary>True where magnitudes do not compare with those of other tensors.</summary>
    public bool IsScaleUnknown => quantization.IsScaleUnknown;

    public bool IsChanged { get; private set; }

    /// <summary>Ranks the elements by random numbers instead; those that are zero already stay the smallest.</summary>
    public void RankBy(Random random)
    {
        for (var i = 0; i < Magnitudes.Length; i++)
            Magnitudes[i] =
                IsZero(i) ? 0 : double.IsPositiveInfinity(Magnitudes[i]) ? Magnitudes[i] : random.NextDouble() + double.Epsilon;
    }

    /// <summary>Weighs each element by how large the input is that it reads.</summary>
    public void WeighBy(ReadOnlySpan<double> inputSizes, Func<int, int> inputOf)
    {
        for (var i = 0; i < Magnitudes.Length; i++)
            Magnitudes[i] *= inputSizes[inputOf(i)];
    }

    /// <summary>Elements that stand for zero now.</summary>
    public long Zeros
    {
        get
        {
            var zeros = 0L;
            for (var i = 0; i < values.Length; i++)
                zeros += IsZero(i) ? 1 : 0;
            return zeros;
        }
    }

    /// <summary>True for +0, −0 and a quantized zero point.</summary>
    public bool IsZero(int element) => values[element] == quantization.ZeroAt(element);

    /// <summary>Makes an element stand for zero; one that does already keeps its bits.</summary>
    public void Clear(int element)
    {
        if (IsZero(element))
            return;
        values[element] = quantization.ZeroAt(element);
        IsChanged = true;
    }
}
