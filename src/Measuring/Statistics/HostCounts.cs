using System.Numerics;
using System.Runtime.CompilerServices;
using Emergence.Measuring.Instrumentation;

namespace Emergence.Measuring.Statistics;

/// <summary>Counts on activations that came out of the runtime whole: rows of samples, one column for each node.</summary>
internal static class HostCounts
{
    // Up to here every count is a float32.
    private const int MostRows = 1 << 24;

    /// <summary>Counts over all rows.</summary>
    /// <param name="activations">The rows.</param>
    /// <param name="counters">What to count, each <see cref="Counter.IsOrderless"/>.</param>
    /// <param name="results">Receives for each counter one value per node.</param>
    public static void Count(ReadOnlySpan<float> activations, ReadOnlySpan<Counter> counters, double[][] results)
    {
        Span<int> above = stackalloc int[counters.Length];
        var thresholds = 0;
        for (var i = 0; i < counters.Length; i++)
        {
            if (counters[i].Kind == CounterKind.Above)
                above[thresholds++] = i;
            else
                Largest(activations, results[i], counters[i].Kind == CounterKind.AbsMax);
        }
        // Three thresholds at a time, as a share needs them: the activations are read once.
        for (var at = 0; at < thresholds; at += 3)
        {
            var (a, b, c) = (above[at], above[Math.Min(at + 1, thresholds - 1)], above[Math.Min(at + 2, thresholds - 1)]);
            Above(activations, (counters[a].Threshold, counters[b].Threshold, counters[c].Threshold),
                results[a], results[b], results[c]);
        }
    }

    /// <summary>Adds rows up in double, one after the other.</summary>
    /// <param name="rows">The rows, one column for each node.</param>
    /// <param name="factor">What each value is multiplied with.</param>
    /// <param name="sums">One value per node.</param>
    /// <param name="isWhole">Whether the rows are added up on their own, and that to <paramref name="sums"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddRows(ReadOnlySpan<float> rows, double factor, Span<double> sums, bool isWhole)
    {
        var (nodes, width, half, node) = (sums.Length, Vector<float>.Count, Vector<double>.Count, 0);
        for (; node <= nodes - width; node += width)
        {
            var (low, high) = (new Vector<double>(sums[node..]), new Vector<double>(sums[(node + half)..]));
            var (first, second) = isWhole ? (Vector<double>.Zero, Vector<double>.Zero) : (low, high);
            for (var at = node; at < rows.Length; at += nodes)
            {
                Vector.Widen(new Vector<float>(rows[at..]), out var left, out var right);
                first += left * factor;
                second += right * factor;
            }
            (isWhole ? low + first : first).CopyTo(sums[node..]);
            (isWhole ? high + second : second).CopyTo(sums[(node + half)..]);
        }
        for (; node < nodes; node++)
        {
            var sum = isWhole ? 0 : sums[node];
            for (var at = node; at < rows.Length; at += nodes)
                sum += rows[at] * factor;
            sums[node] = isWhole ? sums[node] + sum : sum;
        }
    }

    // Compiled fully at once: of a short run, most has passed before tiering would have noticed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Above(
        ReadOnlySpan<float> x, (float, float, float) thresholds, Span<double> first, Span<double> second, Span<double> third)
    {
        var (a, b, c) = thresholds;
        var (wideA, wideB, wideC) = (new Vector<float>(a), new Vector<float>(b), new Vector<float>(c));
        var (nodes, width, node) = (first.Length, Vector<float>.Count, 0);
        var isExact = x.Length / nodes <= MostRows;
        for (; isExact && node <= nodes - (2 * width); node += 2 * width)
        {
            Vector<int> a0 = default, b0 = default, c0 = default, a1 = default, b1 = default, c1 = default;
            for (var at = node; at < x.Length; at += nodes)
            {
                var (left, right) = (new Vector<float>(x[at..]), new Vector<float>(x[(at + width)..]));
                // A comparison that holds is -1.
                a0 -= Vector.GreaterThan(left, wideA);
                b0 -= Vector.GreaterThan(left, wideB);
                c0 -= Vector.GreaterThan(left, wideC);
                a1 -= Vector.GreaterThan(right, wideA);
                b1 -= Vector.GreaterThan(right, wideB);
                c1 -= Vector.GreaterThan(right, wideC);
            }
            Store(Vector.ConvertToSingle(a0), Vector.ConvertToSingle(a1), first[node..]);
            Store(Vector.ConvertToSingle(b0), Vector.ConvertToSingle(b1), second[node..]);
            Store(Vector.ConvertToSingle(c0), Vector.ConvertToSingle(c1), third[node..]);
        }
        for (; node < nodes; node++)
        {
            var (countA, countB, countC) = (0, 0, 0);
            for (var at = node; at < x.Length; at += nodes)
            {
                countA += x[at] > a ? 1 : 0;
                countB += x[at] > b ? 1 : 0;
                countC += x[at] > c ? 1 : 0;
            }
            (first[node], second[node], third[node]) = (countA, countB, countC);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Largest(ReadOnlySpan<float> x, Span<double> largest, bool isAbsolute)
    {
        var (nodes, width, node) = (largest.Length, Vector<float>.Count, 0);
        // Without the sign bit a float is its own magnitude.
        var kept = new Vector<int>(isAbsolute ? int.MaxValue : -1);
        for (; node <= nodes - (2 * width); node += 2 * width)
        {
            var (left, right) = (new Vector<float>(float.NegativeInfinity), new Vector<float>(float.NegativeInfinity));
            for (var at = node; at < x.Length; at += nodes)
            {
                left = Vector.Max(left, Masked(x[at..], kept));
                right = Vector.Max(right, Masked(x[(at + width)..], kept));
            }
            Store(left, right, largest[node..]);
        }
        for (; node < nodes; node++)
        {
            var value = float.NegativeInfinity;
            for (var at = node; at < x.Length; at += nodes)
                value = MathF.Max(value, isAbsolute ? MathF.Abs(x[at]) : x[at]);
            largest[node] = value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Masked(ReadOnlySpan<float> x, Vector<int> kept) =>
        Vector.AsVectorSingle(Vector.AsVectorInt32(new Vector<float>(x)) & kept);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector<float> left, Vector<float> right, Span<double> target)
    {
        Vector.Widen(left, out var a, out var b);
        Vector.Widen(right, out var c, out var d);
        a.CopyTo(target);
        b.CopyTo(target[Vector<double>.Count..]);
        c.CopyTo(target[(2 * Vector<double>.Count)..]);
        d.CopyTo(target[(3 * Vector<double>.Count)..]);
    }
}
