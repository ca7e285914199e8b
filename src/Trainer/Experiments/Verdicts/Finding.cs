using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Experiments.Verdicts;

/// <summary>What a test says of some runs.</summary>
/// <param name="Count">Runs that have a number.</param>
/// <param name="Estimate">The estimate with its 95 % interval; NaN where there are too few runs for one.</param>
/// <param name="P">How likely an estimate this far from what chance gives is by chance alone; NaN where it cannot be
/// told.</param>
internal readonly record struct Finding(int Count, Estimate Estimate, double P)
{
    /// <summary>Nothing can be told.</summary>
    public static Finding None(int count, double value = double.NaN) =>
        new(count, new Estimate(value, double.NaN, double.NaN), double.NaN);
}
