namespace Emergence.Trainer.Experiments.Results;

/// <summary>When a run has settled, and how runs end against one another.</summary>
internal static class Convergence
{
    /// <summary>The first epoch from which on training accuracy stays within <paramref name="margin"/> of
    /// its last value.</summary>
    public static int Epoch(Curve curve, double margin = 0.01)
    {
        var end = curve.Last.Record.Train.Accuracy;
        return curve.Points.Reverse().TakeWhile(point => Math.Abs(point.Record.Train.Accuracy - end) <= margin).Last().Epoch;
    }

    /// <summary>The same; infinity where that is the last epoch, so that nothing tells whether it has settled.</summary>
    public static double Settles(Curve curve) =>
        Epoch(curve) is var epoch && epoch < curve.Last.Epoch ? epoch : double.PositiveInfinity;

    /// <summary>Epochs by which one is later than a reference; infinite where either does not come.</summary>
    public static double Lag(double epochs, double reference) =>
        double.IsInfinity(reference) && double.IsInfinity(epochs) ? double.PositiveInfinity : epochs - reference;

    /// <summary>Test accuracy, or that of training, less that of a reference, in points.</summary>
    public static double Points(CurvePoint point, CurvePoint reference, bool train = false) => 100 * (train
        ? point.Record.Train.Accuracy - reference.Record.Train.Accuracy
        : point.Record.Test.Accuracy - reference.Record.Test.Accuracy);

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

    /// <summary>
    /// The first epoch at which E is zero after it was not: some node is alive, and E was above zero after
    /// epoch 1. Null if there is none.
    /// </summary>
    /// <param name="curve">The run.</param>
    /// <param name="definition">What E is.</param>
    /// <param name="forGood">Whether it must stay zero to the last epoch.</param>
    public static int? FirstZero(Curve curve, Definition definition, bool forGood = false)
    {
        if (curve.At(1).Of(definition) == 0)
            return null;
        var later = curve.After(1).Points;
        var zeros = forGood ? later.Reverse().TakeWhile(IsZero).Reverse() : later.Where(IsZero);
        return zeros.Select(point => (int?)point.Epoch).FirstOrDefault();

        bool IsZero(CurvePoint point) =>
            point.Of(definition) == 0 && point.Measured(definition.Reading, definition.Threshold).Alive > 0;
    }

    /// <summary>The first epoch at which training accuracy reaches <paramref name="accuracy"/>; one past
    /// the last where it never does.</summary>
    public static int Reaches(Curve curve, double accuracy) =>
        curve.Points.FirstOrDefault(point => point.Record.Train.Accuracy >= accuracy)?.Epoch ?? curve.Last.Epoch + 1;
}
