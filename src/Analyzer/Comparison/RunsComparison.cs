using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Comparison;

/// <summary>A number over several runs: the median (of an even number, the lower of the middle two) and how
/// far they spread.</summary>
/// <param name="Median">The median.</param>
/// <param name="Low">The smallest.</param>
/// <param name="High">The largest.</param>
public readonly record struct Spread<T>(T Median, T Low, T High);

/// <summary>What several runs show at one step.</summary>
/// <param name="Step">The epoch, or the position in the series where a run records none.</param>
/// <param name="Runs">How many of the runs have a checkpoint there.</param>
/// <param name="Emergence">E.</param>
/// <param name="AliveShare">Share of the nodes that are alive.</param>
/// <param name="Accuracy">Accuracy on the samples; null where no run has any.</param>
public sealed record RunsStep(int Step, int Runs, Spread<EmergenceValue> Emergence, Spread<double> AliveShare,
    Spread<double>? Accuracy);

/// <summary>Three or more runs of one experiment together, seeds say: each step with its median and spread.</summary>
/// <param name="Runs">The runs, as they were given.</param>
/// <param name="HasEpochs">Whether steps are epochs; else they are positions in the series.</param>
/// <param name="Steps">The steps, in order.</param>
public sealed record RunsComparison(ImmutableArray<ComparedSide> Runs, bool HasEpochs, ImmutableArray<RunsStep> Steps)
{
    /// <summary>Puts runs side by side, by epoch where every checkpoint records one.</summary>
    /// <param name="runs">At least two.</param>
    public static RunsComparison Of(ImmutableArray<ComparedSide> runs)
    {
        var hasEpochs = runs.All(run => run.Checkpoints.All(checkpoint => checkpoint.Epoch is not null));
        var steps = runs
            .SelectMany(run => run.Checkpoints.Select((checkpoint, i) =>
                (Step: hasEpochs ? checkpoint.Epoch!.Value : i, checkpoint.Accuracy,
                    Measurement: checkpoint.Measurements[run.Threshold])))
            .GroupBy(point => point.Step).OrderBy(group => group.Key)
            .Select(group => new RunsStep(
                group.Key,
                group.Count(),
                SpreadOf(group.Select(point => point.Measurement.Emergence))!.Value,
                SpreadOf(group.Select(point => (double)point.Measurement.Alive / point.Measurement.Nodes))!.Value,
                SpreadOf(group.Select(point => point.Accuracy).OfType<double>())));
        return new RunsComparison(runs, hasEpochs, [.. steps]);
    }

    private static Spread<T>? SpreadOf<T>(IEnumerable<T> values) where T : struct =>
        values.Order().ToArray() is { Length: > 0 } sorted ? new(sorted[(sorted.Length - 1) / 2], sorted[0], sorted[^1]) : null;
}
