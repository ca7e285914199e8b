namespace Emergence.Trainer.Experiments.Results;

/// <summary>When a run has settled, and how runs end against one another.</summary>
internal static class Convergence
{
    // Of MNIST, Fashion-MNIST and the drawn digits, between whose runs it is used.
    private const int TestSamples = 10_000;

    /// <summary>The first epoch from which on training accuracy stays within <paramref name="margin"/> of its last value.</summary>
    public static int Epoch(Curve curve, double margin = 0.01)
    {
        var end = curve.Last.Record.Train.Accuracy;
        return curve.Points.Reverse().TakeWhile(point => Math.Abs(point.Record.Train.Accuracy - end) <= margin).Last().Epoch;
    }

    /// <summary>Test accuracy less that of a reference, in points.</summary>
    public static Estimate Points(CurvePoint point, CurvePoint reference)
    {
        var difference = Estimate.Difference(point.Record.Test.Accuracy, reference.Record.Test.Accuracy, TestSamples);
        return new Estimate(difference.Value * 100, difference.Low * 100, difference.High * 100);
    }

    /// <summary>
    /// The epoch at which ordinary early stopping ends: the first at which the loss on held-out samples has not improved for
    /// <paramref name="patience"/> epochs; the last where that does not happen.
    /// </summary>
    public static int EarlyStop(Curve curve, int patience = 3)
    {
        var (best, since) = (double.PositiveInfinity, 0);
        foreach (var point in curve.Points)
        {
            (best, since) = point.Record.Test.Loss < best ? (point.Record.Test.Loss, 0) : (best, since + 1);
            if (since == patience)
                return point.Epoch;
        }
        return curve.Last.Epoch;
    }

    /// <summary>The first epoch after the first training at which E is zero because every node is alive; null where there is none.</summary>
    public static int? FirstZero(Curve curve, Definition definition) => curve.Points
        .Where(point => point.Epoch > 0 && point.Of(definition) == 0 && point.Measured(definition.Reading, definition.Threshold).Alive > 0)
        .Select(point => (int?)point.Epoch)
        .FirstOrDefault();
}
