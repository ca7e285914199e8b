using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Results;
using Emergence.Trainer.Experiments.Steps;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Tests.Experiments;

public sealed class ConvergenceTests
{
    [Fact]
    public void A_run_has_converged_when_it_stays_near_its_end()
    {
        // It is near at epoch 1 already, but leaves again.
        Assert.Equal(3, Convergence.Epoch(Curve((0.1, 9), (0.9, 9), (0.7, 9), (0.905, 9), (0.9, 9))));
        Assert.Equal(0, Convergence.Epoch(Curve((0.9, 9), (0.9, 9))));
    }

    [Fact]
    public void Early_stopping_waits_for_three_epochs_without_a_better_loss()
    {
        Assert.Equal(5, Convergence.EarlyStop(Curve((0, 3), (0, 2), (0, 1), (0, 1), (0, 1.5), (0, 1.1), (0, 0.5))));
        Assert.Equal(2, Convergence.EarlyStop(Curve((0, 3), (0, 2), (0, 1))));
    }

    [Fact]
    public void E_is_first_zero_after_training_and_with_nodes_alive()
    {
        var definition = Definition.Usual;
        Assert.Equal(3, Convergence.FirstZero(Curve([0, 5, 0, 0], [3, 3, 0, 3]), definition));
        Assert.Null(Convergence.FirstZero(Curve([0, 5, 4], [3, 3, 3]), definition));
        // What was never above zero does not fall to it.
        Assert.Null(Convergence.FirstZero(Curve([5, 0, 0], [3, 3, 3]), definition));
    }

    [Fact]
    public void For_good_is_to_the_last_epoch()
    {
        var curve = Curve([9, 5, 0, 4, 0, 0], [3, 3, 3, 3, 3, 3]);
        Assert.Equal(2, Convergence.FirstZero(curve, Definition.Usual));
        Assert.Equal(4, Convergence.FirstZero(curve, Definition.Usual, forGood: true));
        Assert.Null(Convergence.FirstZero(Curve([9, 5, 0, 4], [3, 3, 3, 3]), Definition.Usual, forGood: true));
    }

    [Fact]
    public void An_accuracy_that_is_never_reached_is_reached_after_the_end()
    {
        var curve = Curve((0.1, 1), (0.5, 1), (0.8, 1), (0.7, 1));
        Assert.Equal(2, Convergence.Reaches(curve, 0.75));
        Assert.Equal(4, Convergence.Reaches(curve, 0.9));
    }

    [Fact]
    public void A_run_that_still_moves_in_its_last_epoch_has_not_settled()
    {
        Assert.Equal(2, Convergence.Settles(Curve((0.1, 1), (0.5, 1), (0.8, 1), (0.805, 1))));
        Assert.Equal(double.PositiveInfinity, Convergence.Settles(Curve((0.1, 1), (0.5, 1), (0.8, 1), (0.9, 1))));
    }

    [Fact]
    public void A_lag_behind_what_does_not_come_is_infinite()
    {
        Assert.Equal(-2, Convergence.Lag(3, 5));
        Assert.Equal(double.PositiveInfinity, Convergence.Lag(double.PositiveInfinity, 5));
        Assert.Equal(double.NegativeInfinity, Convergence.Lag(3, double.PositiveInfinity));
        Assert.Equal(double.PositiveInfinity, Convergence.Lag(double.PositiveInfinity, double.PositiveInfinity));
    }

    private static Curve Curve(params ImmutableArray<(double Accuracy, double TestLoss)> epochs) =>
        new([.. epochs.Select((epoch, i) => new CurvePoint(
            new EpochRecord(i, 0.1, new Score(1, epoch.Accuracy), new Score(epoch.TestLoss, epoch.Accuracy), null),
            ImmutableDictionary<string, AnalyzedCheckpoint>.Empty))]);

    private static Curve Curve(double[] emergence, long[] alive) =>
        new([.. emergence.Select((value, i) => new CurvePoint(
            new EpochRecord(i, 0.1, default, default, null),
            ImmutableDictionary.CreateRange(
            [
                KeyValuePair.Create(Reading.Mean.Name, new AnalyzedCheckpoint(i, 1, 1, null,
                    [new Measurement(0.05f, 3, alive[i], null, value, value, null, 0, 0, null, null, null, [])], [])),
            ])))]);
}
