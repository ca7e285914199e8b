namespace Emergence.Analyzer.Journal;

/// <summary>Where an analysis finds what was measured before, and keeps what it measures.</summary>
internal interface IKeptResults
{
    /// <summary>The result under a key: kept before, or by another process meanwhile, or measured now and kept.</summary>
    /// <param name="key">Of <see cref="ResultKey"/>.</param>
    /// <param name="measure">Measures it.</param>
    /// <param name="token">Ends the wait for another process.</param>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    MeasuredCheckpoint Get(byte[] key, Func<MeasuredCheckpoint> measure, CancellationToken token);
}
