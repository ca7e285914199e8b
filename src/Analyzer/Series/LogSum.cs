namespace Emergence.Analyzer.Series;

/// <summary>The logarithm of a sum of exponentials, and which term was the largest.</summary>
internal struct LogSum(double first)
{
    private double _largest = double.NegativeInfinity;

    /// <summary>The logarithm of the sum.</summary>
    public double Value { get; private set; } = first;

    /// <summary>The index of the largest term.</summary>
    public int Likeliest { get; private set; }

    /// <summary>Adds the exponential of a term.</summary>
    public void Add(double term, int index)
    {
        if (term > _largest)
            (_largest, Likeliest) = (term, index);
        var (high, low) = term > Value ? (term, Value) : (Value, term);
        Value = double.IsInfinity(high) ? high : high + Math.Log(1 + Math.Exp(low - high));
    }
}
