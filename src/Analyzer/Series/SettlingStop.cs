namespace Emergence.Analyzer.Series;

/// <summary>
/// The earliest look from which a run was settled at every look up to the last. One look takes time proportional to the length
/// of the run, and a settled run has as many looks as it is long, so here most are decided by bounds: a plateau is at least as
/// likely as its likeliest change point makes it, and smaller steps are at most as likely as their convex hull lets them be.
/// Where the bounds do not decide, <see cref="SettlingEvidence"/> does, so the answer is always its own.
/// </summary>
internal sealed class SettlingStop
{
    // Far more than the rounding errors of logarithms of odds for a million checkpoints, which are below 0.01.
    private const double Margin = 0.1;

    // Odds beyond the range of a double are infinite, and then no others are larger.
    private static readonly double s_infinite = Math.Log(double.MaxValue);

    private readonly double[] values;
    private readonly bool[] isSingular;
    private readonly double needed;
    // By index: the squares of the steps up to it, and the largest square of those that are not singular.
    private readonly double[] squares;
    private readonly double[] most;
    // By index k: the corner before k in the upper hull of (1, squares[1]) … (k, squares[k]).
    private readonly int[] corner;
    private readonly Change whole;
    private readonly int firstSingular;
    private Change all;
    private Change others;
    // How often the bounds did not decide.
    private int looks;

    private SettlingStop(double[] values, bool[] isSingular, double needed)
    {
        (this.values, this.isSingular, this.needed) = (values, isSingular, needed);
        (squares, most) = (new double[values.Length], new double[values.Length]);
        for (var i = 1; i < values.Length; i++)
        {
            var square = (values[i] - values[i - 1]) * (values[i] - values[i - 1]);
            squares[i] = squares[i - 1] + square;
            most[i] = isSingular[i] ? most[i - 1] : Math.Max(most[i - 1], square);
        }
        corner = UpperHull(squares);
        firstSingular = Array.IndexOf(isSingular, true) is var first && first < 0 ? values.Length : first;
        all = others = whole = Change.At(0, values);
    }

    /// <summary>The index of that look.</summary>
    /// <param name="values">Logarithms, in series order; the look at the last of them is settled.</param>
    /// <param name="isSingular">As <see cref="SettlingEvidence.After"/> takes it.</param>
    /// <param name="needed">The odds at which a run is settled.</param>
    /// <param name="earliest">The first look there is.</param>
    public static int Of(double[] values, bool[] isSingular, double needed, int earliest) =>
        Find(values, isSingular, needed, earliest).Stop;

    /// <summary>The same, with how often the whole evidence was looked at for it.</summary>
    internal static (int Stop, int Looks) Find(double[] values, bool[] isSingular, double needed, int earliest)
    {
        var run = new SettlingStop(values, isSingular, needed);
        var stop = values.Length - 1;
        while (stop > earliest && run.IsSettled(stop - 1))
            stop--;
        return (stop, run.looks);
    }

    private bool IsSettled(int last) => IsSurelySettled(last) || Look(last);

    private bool Look(int last)
    {
        looks++;
        var (one, other) = SettlingEvidence.Both(values.AsSpan(..(last + 1)), isSingular.AsSpan(..(last + 1)));
        all = all.Index == one.SettledSince ? all : Change.At(one.SettledSince, values);
        others = other.SettledSince == all.Index ? all
            : others.Index == other.SettledSince ? others : Change.At(other.SettledSince, values);
        return one.Least(other).IsSettled(needed);
    }

    private bool IsSurelySettled(int last)
    {
        if (last <= Math.Max(all.Index, others.Index))
            return false;
        var settled = SettledAtLeast(all, last, squares[all.Index]);
        if (firstSingular <= last && isSingular.AsSpan(1..(last + 1)).Contains(false))
            settled = Math.Min(settled, SettledAtLeast(others, last, others.SquaresBefore(values, isSingular, most[last])));
        return settled >= Math.Log(needed) + Margin
            && (settled >= s_infinite + Margin || settled >= LevelingAtMost(last) + Margin);
    }

    // The sum of the odds is at least the largest of them, and that of a flat run.
    private double SettledAtLeast(Change change, int last, double before)
    {
        var sum = new LogSum(Math.Log(SettlingEvidence.FlatWeight)
            + SettlingEvidence.LogFlat(last, whole.Scatter[last], squares[last]));
        var (n, k) = (last - change.Index, change.Index);
        var (scatter, moved) = (change.Scatter[n], squares[last] - squares[k]);
        if (before + moved == 0)
            return sum.Value;
        var weight = Math.Log(1 - SettlingEvidence.FlatWeight) + SettlingEvidence.LogWeight(k) - (Math.Log(n + 1) / 2);
        if (k == 0)
        {
            sum.Add(weight - (n / 2.0 * Math.Log(scatter / moved)), k);
            return sum.Value;
        }
        foreach (var (size, logWeight) in SettlingEvidence.Sizes)
        {
            sum.Add(weight + logWeight - (n * Math.Log(size))
                - (last / 2.0 * Math.Log((before + (scatter / (size * size))) / (before + moved))), k);
        }
        return sum.Value;
    }

    // The logarithm of the odds for smaller steps from k on is a convex function of k and the squares before k, which grows with
    // the squares. So on an edge of the hull, and for all points below it, it is at most what lies between its two ends; and
    // such a row of exponentials is at most a geometric series that begins at the larger end.
    private double LevelingAtMost(int last)
    {
        var sum = new LogSum(SettlingEvidence.LogTail(last));
        if (squares[last] == 0)
            return sum.Value;
        sum.Add(SettlingEvidence.LogWeight(0), 0);
        foreach (var (size, logWeight) in SettlingEvidence.Sizes)
        {
            var (end, atEnd) = (last - 1, Leveling(last - 1));
            sum.Add(atEnd, 0);
            for (var begin = corner[end]; begin >= 1; begin = corner[begin])
            {
                var atBegin = Leveling(begin);
                var slope = Math.Abs(atEnd - atBegin) / (end - begin);
                sum.Add(Math.Max(atEnd, atBegin) + Math.Log(Math.Min(end - begin, 1 / (1 - Math.Exp(-slope)))), 0);
                (end, atEnd) = (begin, atBegin);
            }

            double Leveling(int k) => SettlingEvidence.LogWeight(k) + logWeight - ((last - k) * Math.Log(size))
                - (last / 2.0 * Math.Log((squares[k] + ((squares[last] - squares[k]) / (size * size))) / squares[last]));
        }
        return sum.Value;
    }

    private static int[] UpperHull(double[] heights)
    {
        var corner = new int[heights.Length];
        for (var k = 2; k < heights.Length; k++)
        {
            var before = k - 1;
            while (before > 1 && !IsAbove(corner[before], before, k))
                before = corner[before];
            corner[k] = before;
        }
        return corner;

        // Whether the middle point lies above the line from the left to the right one.
        bool IsAbove(int left, int middle, int right) =>
            (heights[middle] - heights[left]) * (right - middle) > (heights[right] - heights[middle]) * (middle - left);
    }

    /// <summary>A point from which on values scatter around one level.</summary>
    /// <param name="Index">The first value of the plateau.</param>
    /// <param name="Scatter">By number of steps after it: the squares around the mean of the values from it on.</param>
    private sealed record Change(int Index, double[] Scatter)
    {
        private (double Most, double Squares) before = (-1, 0);

        public static Change At(int index, double[] values)
        {
            var scatter = new double[values.Length - index];
            var mean = values[index];
            for (var i = 1; i < scatter.Length; i++)
            {
                var off = values[index + i] - mean;
                mean += off / (i + 1);
                scatter[i] = scatter[i - 1] + (off * (values[index + i] - mean));
            }
            return new Change(index, scatter);
        }

        /// <summary>The squares of the steps before it, singular ones cut to <paramref name="most"/>.</summary>
        public double SquaresBefore(double[] values, bool[] isSingular, double most)
        {
            if (before.Most == most)
                return before.Squares;
            var sum = 0.0;
            for (var i = 1; i <= Index; i++)
            {
                var square = (values[i] - values[i - 1]) * (values[i] - values[i - 1]);
                sum += isSingular[i] ? Math.Min(square, most) : square;
            }
            before = (most, sum);
            return sum;
        }
    }
}
