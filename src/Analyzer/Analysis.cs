using Emergence.Analyzer.Series;
using Emergence.Checkpoints;

namespace Emergence.Analyzer;

/// <summary>The whole flow: file → layer graph → instrumented model → node statistics → alive masks → emergence.</summary>
public static class Analysis
{
    /// <summary>Analyses the checkpoints of a series, one after the other; one that fails does not keep the others.</summary>
    /// <exception cref="UsageException">An option does not fit the models: a glob that matches nothing, a
    /// device that does not exist.</exception>
    /// <exception cref="StructureException">The structure changes within a series that must not.</exception>
    /// <exception cref="UserException">The device cannot be used.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static Task<AnalysisOutcome> RunAsync(
        AnalysisRequest request, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() => Run(request, progress, token), token);
    }

    /// <inheritdoc cref="RunAsync"/>
    internal static AnalysisOutcome Run(AnalysisRequest request, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        // Of one model, its layers are shown, and which of their nodes never fire.
        if (request.Checkpoints.Length == 1)
            request = request with { Settings = request.Settings with { Maxima = true } };
        var series = new SeriesAnalysis(request, progress);
        foreach (var file in request.Checkpoints)
            series.Add(file, token);
        return series.Outcome;
    }
}
