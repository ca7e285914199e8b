namespace Emergence.Measuring.Instrumentation;

/// <summary>What is counted for each node of a layer over the samples of a run.</summary>
public enum CounterKind
{
    /// <summary>Sum of the activations, in double. Not finite if and only if an activation is not (or the
    /// sum passes 1.8e308).</summary>
    Sum,

    /// <summary>Largest activation, as float32. Meaningless where an activation is NaN.</summary>
    Max,

    /// <summary>Sum of the absolute values, in double.</summary>
    AbsSum,

    /// <summary>Largest absolute value, as float32. Meaningless where an activation is NaN.</summary>
    AbsMax,

    /// <summary>Samples on which the activation (for whole filters: its spatial mean) is above a threshold,
    /// compared as float32.</summary>
    Above,

    /// <summary>Activations that are NaN.</summary>
    NotANumber,

    /// <summary>Activations that are infinite or NaN.</summary>
    NotFinite,
}

/// <summary>One number per node, kept by an instrumented model and carried from run to run.</summary>
/// <param name="Kind">What is counted.</param>
/// <param name="Threshold">For <see cref="CounterKind.Above"/>: what an activation is compared with; else 0.</param>
public readonly record struct Counter(CounterKind Kind, float Threshold = 0f)
{
    /// <summary>True for a sum of activations, which float32 may round.</summary>
    public bool IsSum => Kind is CounterKind.Sum or CounterKind.AbsSum;

    /// <summary>True where no order of the samples changes the result: it may be counted inside the graph or outside.</summary>
    public bool IsOrderless => Kind is CounterKind.Above or CounterKind.Max or CounterKind.AbsMax;

    /// <summary>True where two runs combine to the larger value; false where they add up.</summary>
    public bool KeepsLargest => Kind is CounterKind.Max or CounterKind.AbsMax;
}
