using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing;

/// <summary>
/// What the axes of a loop's states are and count. It starts with zeros of which nothing is known, or of one row, and what
/// it is from the second iteration on only the body tells.
/// </summary>
internal sealed class LoopStates
{
    // A state may take what its axes count from another one, which takes it from a third.
    private const int MostRounds = 4;

    private readonly Dictionary<string, ImmutableArray<Axis>> _first = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImmutableArray<Axis>> _axes = new(StringComparer.Ordinal);
    private int _rounds;

    private readonly HashSet<string> _recurrent = new(StringComparer.Ordinal);

    public static LoopStates Unknown => new();

    /// <summary>The axes to take the states for, by name.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<Axis>> Axes => _axes;

    /// <summary>The states that layers of the body have a part in.</summary>
    public IReadOnlySet<string> Recurrent => _recurrent;

    /// <summary>Takes what a trace found behind the bodies; true where it is something else than the trace was told.</summary>
    public bool Follow(IReadOnlyDictionary<string, TracedTensor> traced, IReadOnlyDictionary<string, TracedTensor> reached)
    {
        if (++_rounds > MostRounds)
            return false;
        var moved = false;
        foreach (var (state, next) in reached)
        {
            if (next.Carries.Any(carry => traced[state].Carries.All(initial => initial.Layer != carry.Layer)))
                moved |= _recurrent.Add(state);
        }
        foreach (var (state, axes) in reached.Where(pair => pair.Value.HasShape).Select(pair => (pair.Key, pair.Value.Axes)))
        {
            var before = traced[state] is { HasShape: true } tensor ? tensor.Axes : [];
            _first.TryAdd(state, before);
            if (Same(before, axes))
                continue;
            // One that is longer after each iteration is taken at the length it starts with.
            var grows = _axes.ContainsKey(state) && !Sizes(before).SequenceEqual(Sizes(axes));
            ImmutableArray<Axis> next = grows && _first[state].Length == axes.Length
                ? [.. axes.Zip(_first[state], (axis, first) => Copy(axis.Resized(first.Size)))]
                : [.. axes.Select(Copy)];
            if (grows && Same(before, next))
                continue;
            (_axes[state], moved) = (next, true);
        }
        return moved;
    }

    private static Axis Copy(Axis axis) => new([.. axis.Factors.Select(factor => new AxisFactor(factor.Size, factor.Role))]);

    private static bool Same(ImmutableArray<Axis> one, ImmutableArray<Axis> other) =>
        one.Select(axis => (axis.Size, axis.Role)).SequenceEqual(other.Select(axis => (axis.Size, axis.Role)));

    private static IEnumerable<int> Sizes(ImmutableArray<Axis> axes) => axes.Select(axis => axis.Size);
}
