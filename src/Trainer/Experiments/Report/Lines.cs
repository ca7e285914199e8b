using Emergence.Pages;
using Emergence.Trainer.Experiments.Results;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>Lines of figures from runs of several seeds.</summary>
internal static class Lines
{
    /// <summary>The median of the seeds at each epoch, with the smallest and largest as the range.</summary>
    /// <param name="name">In the legend.</param>
    /// <param name="seeds">One run for each seed, of the same epochs.</param>
    /// <param name="value">What is drawn.</param>
    /// <param name="shift">Added to the epochs, so that runs that began at different epochs can be compared.</param>
    public static Series Of(string name, IEnumerable<Curve> seeds, Func<CurvePoint, double> value, int shift = 0) =>
        Of(name, seeds.SelectMany(curve => curve.Points.Select(point => (point.Epoch + shift, value(point)))));

    /// <summary>The same for what changes from one epoch to the next.</summary>
    public static Series OfChange(string name, IEnumerable<Curve> seeds, Func<CurvePoint, double> value) =>
        Of(name, seeds.SelectMany(curve =>
            curve.Points.Zip(curve.Points.Skip(1), (before, after) => (after.Epoch, value(after) - value(before)))));

    private static Series Of(string name, IEnumerable<(int Epoch, double Value)> values) => new(
        name,
        [
            .. from value in values
               group value.Value by value.Epoch into epoch
               orderby epoch.Key
               let ordered = epoch.Order().ToArray()
               select new Point(epoch.Key, Estimate.MedianOf(ordered), ordered[0], ordered[^1]),
        ]);
}
