namespace Emergence.Trainer.Experiments.Verdicts;

/// <summary>Courses over time as one number for each run, so that what all runs share, time itself, explains nothing.</summary>
internal static class Courses
{
    /// <summary>
    /// For each run, the correlation over the epochs of X's deviation from the mean of all runs at the same epoch with Y's.
    /// NaN where a run does not deviate, or has a value that is not finite; such a run is left out of the means.
    /// </summary>
    /// <param name="runs">For each run its values, epoch by epoch; all of one length.</param>
    public static double[] Deviations(IReadOnlyList<(double X, double Y)[]> runs)
    {
        var known = runs.Where(IsFinite).ToArray();
        if (known.Length < 2)
            return [.. runs.Select(_ => double.NaN)];
        var means = Enumerable.Range(0, known[0].Length)
            .Select(t => (X: known.Average(run => run[t].X), Y: known.Average(run => run[t].Y)))
            .ToArray();
        return [.. runs.Select(run => IsFinite(run)
            ? Pearson([.. run.Select((at, t) => (at.X - means[t].X, at.Y - means[t].Y))])
            : double.NaN)];
    }

    /// <summary>The mean over the epochs of (x − y) / (x + y): from −1, x is zero throughout, to 1, y is; 0 where both
    /// are.</summary>
    public static double Difference(IEnumerable<(double X, double Y)> course) =>
        course.Select(at => at.X == at.Y ? 0 : (at.X - at.Y) / (at.X + at.Y)).DefaultIfEmpty(double.NaN).Average();

    /// <summary>The slope of the straight line nearest to some points.</summary>
    public static double Slope(IReadOnlyList<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(point => point.X), points.Average(point => point.Y));
        var spread = points.Sum(point => (point.X - x) * (point.X - x));
        return spread == 0 ? double.NaN : points.Sum(point => (point.X - x) * (point.Y - y)) / spread;
    }

    private static bool IsFinite((double X, double Y)[] run) =>
        run.Length > 0 && run.All(at => double.IsFinite(at.X) && double.IsFinite(at.Y));

    private static double Pearson((double X, double Y)[] pairs)
    {
        var (x, y) = (pairs.Average(pair => pair.X), pairs.Average(pair => pair.Y));
        var (xx, yy, xy, scaleX, scaleY) = (0.0, 0.0, 0.0, 0.0, 0.0);
        foreach (var pair in pairs)
        {
            xx += (pair.X - x) * (pair.X - x);
            yy += (pair.Y - y) * (pair.Y - y);
            xy += (pair.X - x) * (pair.Y - y);
            scaleX += pair.X * pair.X;
            scaleY += pair.Y * pair.Y;
        }
        // What is left of a constant after rounding is no deviation.
        return xx <= 1e-20 * scaleX || yy <= 1e-20 * scaleY ? double.NaN : Math.Clamp(xy / Math.Sqrt(xx * yy), -1, 1);
    }
}
