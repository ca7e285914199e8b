namespace Emergence.Trainer.Experiments.Steps;

/// <summary>How far one step is.</summary>
/// <param name="Share">What is done of it, from 0 to 1.</param>
/// <param name="Where">Where it is, as <c>epoch 3/25</c>.</param>
internal readonly record struct StepShare(double Share, string Where);

/// <summary>How far all steps are.</summary>
/// <param name="Step">The one this tells of; null where an earlier run had done all.</param>
/// <param name="Working">Where it is; null where it is finished.</param>
/// <param name="StepsDone">Finished, now or by an earlier run.</param>
/// <param name="Steps">All there are.</param>
/// <param name="Share">What is done of this run's work, by the steps' costs, from 0 to 1.</param>
internal sealed record StepProgress(Step? Step, StepShare? Working, int StepsDone, int Steps, double Share);

/// <summary>Adds up how far the steps of a run are; any thread may tell it.</summary>
/// <param name="waiting">What this run has to do.</param>
/// <param name="stepsDone">What an earlier run has done.</param>
/// <param name="progress">Receives each change, never from two threads at a time.</param>
internal sealed class StepTally(IReadOnlyCollection<Step> waiting, int stepsDone, IProgress<StepProgress>? progress)
{
    private readonly Lock gate = new();
    private readonly double cost = waiting.Sum(step => step.Cost);
    private readonly int steps = stepsDone + waiting.Count;
    private readonly Dictionary<Step, double> working = new(ReferenceEqualityComparer.Instance);
    private double costDone;

    /// <summary>Tells that nothing is left to do.</summary>
    public void Nothing() => progress?.Report(new StepProgress(null, null, stepsDone, steps, 1));

    /// <summary>What a step tells of itself while it is worked on.</summary>
    public IProgress<StepShare> Of(Step step) => new Part(this, step);

    /// <summary>A step is finished.</summary>
    public void Finish(Step step)
    {
        lock (gate)
        {
            working.Remove(step);
            costDone += step.Cost;
            stepsDone++;
            Tell(step, null);
        }
    }

    private void Work(Step step, StepShare share)
    {
        lock (gate)
        {
            working[step] = share.Share;
            Tell(step, share);
        }
    }

    private void Tell(Step step, StepShare? share) => progress?.Report(new StepProgress(
        step, share, stepsDone, steps,
        stepsDone == steps ? 1 : (costDone + working.Sum(part => part.Key.Cost * part.Value)) / cost));

    private sealed class Part(StepTally tally, Step step) : IProgress<StepShare>
    {
        public void Report(StepShare value) => tally.Work(step, value);
    }
}
