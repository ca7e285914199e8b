using Emergence.Checkpoints;
using Emergence.Tracing.Values;

namespace Emergence.Pruning;

/// <summary>
/// A stored tensor as pruning sees it: what its numbers weigh, and which of them are to be zero. The numbers stay where they
/// are stored and are read in pieces.
/// </summary>
internal sealed class WeightTensor
{
    private readonly StoredTensors stored;
    private readonly Dequantization quantization;
    private ulong[]? cleared;
    private double[]? ranks;
    private Func<long, double>? factorOf;
    private (long Zeros, bool IsChanged)? state;

    public WeightTensor(string name, StoredTensors stored, Dequantization quantization)
    {
        Name = name;
        this.stored = stored;
        this.quantization = quantization;
        Visit((value, element) =>
        {
            NotANumber += double.IsNaN(quantization.Magnitude(value, element)) ? 1 : 0;
            Count++;
        });
    }

    /// <summary>The stored tensor's name.</summary>
    public string Name { get; }

    public long Count { get; private set; }

    public long NotANumber { get; private set; }

    /// <summary>True where magnitudes do not compare with those of other tensors.</summary>
    public bool IsScaleUnknown => quantization.IsScaleUnknown;

    public bool IsChanged => State.IsChanged;

    /// <summary>Elements that stand for zero now.</summary>
    public long Zeros => State.Zeros;

    /// <summary>The magnitude of what each number stands for, before pruning, row-major.</summary>
    public double[] Magnitudes()
    {
        var (magnitudes, at) = (new double[Count], 0);
        VisitMagnitudes(piece =>
        {
            piece.CopyTo(magnitudes.AsSpan(at));
            at += piece.Length;
        });
        return magnitudes;
    }

    /// <summary>Hands over the magnitudes in order, piece by piece.</summary>
    public void VisitMagnitudes(Action<ReadOnlySpan<double>> visit)
    {
        var first = 0L;
        double[] magnitudes = [];
        stored.VisitDoubles(Name, values =>
        {
            if (magnitudes.Length < values.Length)
                magnitudes = new double[values.Length];
            for (var i = 0; i < values.Length; i++)
                magnitudes[i] = MagnitudeOf(values[i], first + i);
            first += values.Length;
            visit(magnitudes.AsSpan(0, values.Length));
        });
    }

    /// <summary>Ranks the elements by random numbers instead; those that are zero already stay the smallest.</summary>
    public void RankBy(Random random)
    {
        var drawn = new double[Count];
        Visit((value, element) =>
        {
            var magnitude = MagnitudeOf(value, element);
            drawn[element] = IsZero(value, element) ? 0
                : double.IsPositiveInfinity(magnitude) ? magnitude
                : random.NextDouble() + double.Epsilon;
        });
        ranks = drawn;
    }

    /// <summary>Weighs each element by how large the input is that it reads.</summary>
    public void WeighBy(ReadOnlySpan<double> inputSizes, Func<long, int> inputOf)
    {
        var sizes = inputSizes.ToArray();
        factorOf = element => sizes[inputOf(element)];
    }

    /// <summary>Makes an element stand for zero; one that does already keeps its bits.</summary>
    public void Clear(long element)
    {
        cleared ??= new ulong[(Count + 63) / 64];
        cleared[element / 64] |= 1UL << (int)(element % 64);
        state = null;
    }

    /// <summary>Which elements stand for zero now: +0, −0 and a quantized zero point.</summary>
    public bool[] ZeroElements()
    {
        var zeros = new bool[Count];
        Visit((value, element) => zeros[element] = IsZero(value, element) || IsCleared(element));
        return zeros;
    }

    /// <summary>The number that an element is to be stored as; null where it stays.</summary>
    public double? Change(long element, double value) =>
        IsCleared(element) && !IsZero(value, element) ? quantization.ZeroAt(element) : null;

    /// <summary>The numbers, row-major, as they are to be stored.</summary>
    public double[] Values()
    {
        var values = stored.Doubles(Name);
        for (var i = 0; i < values.Length; i++)
            values[i] = Change(i, values[i]) ?? values[i];
        return values;
    }

    private (long Zeros, bool IsChanged) State
    {
        get
        {
            if (state is { } known)
                return known;
            var (zeros, isChanged) = (0L, false);
            Visit((value, element) =>
            {
                var isZero = IsZero(value, element);
                zeros += isZero || IsCleared(element) ? 1 : 0;
                isChanged |= !isZero && IsCleared(element);
            });
            state = (zeros, isChanged);
            return (zeros, isChanged);
        }
    }

    private double MagnitudeOf(double value, long element)
    {
        if (ranks is not null)
            return ranks[element];
        var magnitude = quantization.Magnitude(value, element);
        // A weight that is no number is never the smallest.
        return double.IsNaN(magnitude) ? double.PositiveInfinity
            : factorOf is null ? magnitude
            : magnitude * factorOf(element);
    }

    private bool IsZero(double value, long element) => value == quantization.ZeroAt(element);

    private bool IsCleared(long element) => cleared is not null && (cleared[element / 64] >> (int)(element % 64) & 1) != 0;

    private void Visit(Action<double, long> visit)
    {
        var element = 0L;
        stored.VisitDoubles(Name, values =>
        {
            foreach (var value in values)
                visit(value, element++);
        });
    }
}
