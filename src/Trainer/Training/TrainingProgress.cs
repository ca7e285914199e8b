namespace Emergence.Trainer.Training;

/// <summary>What a run tells while it works.</summary>
internal abstract record TrainingProgress
{
    private TrainingProgress()
    {
    }

    /// <summary>Something worth knowing, in one line.</summary>
    public sealed record Note(string Message) : TrainingProgress;

    /// <summary>The loss or the weights are not finite any more: where, and what to do, in one line.</summary>
    public sealed record Diverged(string Message) : TrainingProgress;

    /// <summary>A step of an epoch is done.</summary>
    public sealed record Step(int Epoch, int LastEpoch, int SamplesDone, int Samples) : TrainingProgress;

    /// <summary>A checkpoint is written.</summary>
    public sealed record Written(EpochRecord Record, int LastEpoch) : TrainingProgress;
}
