using Emergence.Checkpoints;

namespace Emergence.Tracing.Values;

/// <summary>Finds weights that are stored twice, as they are or transposed: exporters write a tied weight so.</summary>
internal sealed class TiedWeights(StoredTensors stored)
{
    // Small tensors, and those of a single value, are alike by chance.
    private const int Smallest = 16;

    private readonly Dictionary<(int Type, int Rank, long Count, ulong Fingerprint), List<string>> _seen = [];

    /// <summary>The first tensor asked for that has this one's values; the tensor itself if there is none.</summary>
    public string OriginalOf(string tensor)
    {
        var dims = stored.Dims(tensor);
        if (dims.Length < 2 || dims.Aggregate(1L, (count, dim) => count * dim) < Smallest)
            return tensor;
        var (isOneValue, count, fingerprint) = Summary(tensor);
        if (isOneValue)
            return tensor;
        var key = (stored.ElementType(tensor), dims.Length, count, fingerprint);
        if (!_seen.TryGetValue(key, out var candidates))
            _seen[key] = candidates = [];
        if (candidates.Find(candidate => IsCopy(candidate, tensor, dims)) is { } original)
            return original;
        candidates.Add(tensor);
        return tensor;
    }

    /// <summary>What tells most tensors apart without two of them being held, nor one.</summary>
    private (bool IsOneValue, long Count, ulong Fingerprint) Summary(string tensor)
    {
        var (isOneValue, count, fingerprint, first) = (true, 0L, 0UL, 0.0);
        stored.VisitDoubles(tensor, values =>
        {
            if (count == 0)
                first = values[0];
            isOneValue = isOneValue && values.IndexOfAnyExcept(first) < 0;
            count += values.Length;
            fingerprint = unchecked(fingerprint + Fingerprint(values));
        });
        return (isOneValue, count, fingerprint);
    }

    private bool IsCopy(string candidate, string tensor, IReadOnlyList<long> dims)
    {
        var values = stored.Doubles(tensor);
        var (otherDims, other) = (stored.Dims(candidate), stored.Doubles(candidate));
        if (dims.SequenceEqual(otherDims) && values.AsSpan().SequenceEqual(other))
            return true;
        if (dims.Count != 2 || dims[0] != otherDims[1] || dims[1] != otherDims[0])
            return false;
        var (rows, columns) = (dims[0], dims[1]);
        for (var row = 0L; row < rows; row++)
        {
            for (var column = 0L; column < columns; column++)
            {
                if (values[row * columns + column] != other[column * rows + row])
                    return false;
            }
        }
        return true;
    }

    /// <summary>A sum over the values: the same whatever their order.</summary>
    private static ulong Fingerprint(ReadOnlySpan<double> values)
    {
        var sum = 0UL;
        foreach (var value in values)
        {
            unchecked
            {
                // Spread the bits (the finaliser of SplitMix64), so that different sets seldom add up to the same.
                var bits = (ulong)BitConverter.DoubleToInt64Bits(value == 0 ? 0 : value);
                bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
                bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
                sum += bits ^ (bits >> 31);
            }
        }
        return sum;
    }
}
