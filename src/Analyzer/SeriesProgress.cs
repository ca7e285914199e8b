namespace Emergence.Analyzer;

/// <summary>Reports the progress of several checkpoints at once as that of one after the other: of the first that is not done.
/// </summary>
/// <param name="next">Receives it; optional.</param>
internal sealed class SeriesProgress(IProgress<AnalysisProgress>? next)
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, AnalysisProgress> latest = [];
    private int first;

    /// <summary>What goes on with a checkpoint.</summary>
    public void Report(AnalysisProgress value)
    {
        lock (gate)
        {
            latest[value.Index] = value;
            if (value.Index == first)
                next?.Report(value);
        }
    }

    /// <summary>What goes on for all of them, such as a download.</summary>
    public void Say(AnalysisProgress value)
    {
        lock (gate)
            next?.Report(value);
    }

    /// <summary>The first is done: from now on the one behind it is reported.</summary>
    public void Done()
    {
        lock (gate)
        {
            latest.Remove(first++);
            if (latest.TryGetValue(first, out var value))
                next?.Report(value);
        }
    }
}
