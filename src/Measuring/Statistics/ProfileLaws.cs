using Emergence.Checkpoints;
using Emergence.Measuring.Instrumentation;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Statistics;

/// <summary>What holds of every profile, whatever the model: one that breaks it was counted wrong and is not shown.</summary>
internal static class ProfileLaws
{
    // Means are of double sums, maxima were rounded to float32 (to zero, where they are below its range).
    private const double Smallest = 1e-37;

    /// <summary>
    /// The profile itself: no node's mean is above its maximum, none of its absolute mean above the absolute maximum or
    /// below the mean, and it is above a threshold on no more samples than there are.
    /// </summary>
    /// <exception cref="UserException">It breaks one of these.</exception>
    public static LayerProfile Require(LayerProfile profile)
    {
        foreach (var (counter, totals) in profile.Totals)
        {
            for (var node = 0; node < totals.Length; node++)
            {
                if (double.IsFinite(totals[node]) && Broken(profile, counter.Kind, totals[node], node) is { } what)
                    throw new UserException(
                        $"layer '{profile.Layer.Name}' ({profile.Layer.Op}): node {node} has {what}, which cannot be, so its "
                        + "samples " +
                        "were counted wrong; try --batch 1 or --optimization none, leave the layer out with --exclude, " +
                        "and report the model as a defect");
            }
        }
        return profile;
    }

    private static string? Broken(LayerProfile profile, CounterKind kind, double total, int node)
    {
        var mean = total / ((double)profile.Samples * profile.ActivationsPerSample);
        // The runtime computes half precision in float32, and rounds for one counter where it does not for another.
        var type = (DataType)profile.Layer.Reading.ElementType;
        var rounding = type switch { DataType.Float16 => 1e-3, DataType.Bfloat16 => 1e-2, _ => 1e-6 };
        return kind switch
        {
            CounterKind.Sum when Find(profile, CounterKind.Max, node) is { } max && IsAbove(mean, max, rounding)
                => $"mean {mean:g6} above its maximum {max:g6}",
            CounterKind.AbsSum when Find(profile, CounterKind.AbsMax, node) is { } max && IsAbove(mean, max, rounding)
                => $"absolute mean {mean:g6} above its absolute maximum {max:g6}",
            CounterKind.AbsSum when Find(profile, CounterKind.Sum, node) is { } sum && IsAbove(Math.Abs(sum), total, rounding)
                => $"a sum of {sum:g6} above that of its absolute values, {total:g6}",
            CounterKind.Above when total > profile.Samples => $"{total} samples above the threshold of {profile.Samples}",
            _ => null,
        };
    }

    private static double? Find(LayerProfile profile, CounterKind kind, int node) =>
        profile.Totals.TryGetValue(new Counter(kind), out var totals) && double.IsFinite(totals[node]) ? totals[node] : null;

    private static bool IsAbove(double value, double bound, double rounding) =>
        value - bound > rounding * Math.Abs(bound) + Smallest;
}
