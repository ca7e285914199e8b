using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using static TorchSharp.torch;

namespace Emergence.Trainer.Training;

/// <summary>Ends a run whose loss or weights are not finite any more, or says so once and lets it go on.</summary>
/// <param name="keepGoing">Whether to train on.</param>
/// <param name="progress">Receives the one warning; optional.</param>
internal sealed class DivergenceWatch(bool keepGoing, IProgress<TrainingProgress>? progress)
{
    private bool hasWarned;

    /// <summary>Looks at the loss of one step.</summary>
    /// <exception cref="UserException">It is not finite, and the run is to end then.</exception>
    public void Step(int epoch, int step, int steps, double loss)
    {
        if (!double.IsFinite(loss))
            Diverged(epoch, $"step {step} of {steps}: the loss is {Word(loss)}");
    }

    /// <summary>Looks at the weights after an epoch: a function can hide from the loss that they are not finite.</summary>
    /// <inheritdoc cref="Step" path="/exception"/>
    public void Weights(int epoch, Network network)
    {
        foreach (var (name, parameter) in network.NamedParameters)
        {
            if (!IsFinite(parameter))
            {
                var what = name.EndsWith(".bias", StringComparison.Ordinal) ? "bias" : "weight";
                Diverged(epoch, $"{what} '{name}' is not finite");
            }
        }
    }

    /// <summary>Looks at the loss over all training samples.</summary>
    /// <inheritdoc cref="Step" path="/exception"/>
    public void Loss(int epoch, double loss)
    {
        if (!double.IsFinite(loss))
            Diverged(epoch, $"the loss over all training samples is {Word(loss)}");
    }

    private void Diverged(int epoch, string finding)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"epoch {epoch}");
        if (!keepGoing)
        {
            var kept = epoch == 0 ? "" : string.Create(
                CultureInfo.InvariantCulture, $" (the checkpoints before epoch {epoch} are complete)");
            throw new UserException($"{where}: {finding}; try a smaller --lr, or train on with --keep-going{kept}");
        }
        if (hasWarned)
            return;
        hasWarned = true;
        progress?.Report(new TrainingProgress.Diverged($"{where}: {finding}; try a smaller --lr"));
    }

    private static bool IsFinite(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.isfinite().all().item<bool>();
    }

    private static string Word(double loss) => double.IsNaN(loss) ? "NaN" : "infinite";
}
