using Emergence.Analyzer.Series;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer;

/// <summary>The whole flow: file → layer graph → instrumented model → node statistics → alive masks → emergence.</summary>
public static class Analysis
{
    /// <summary>Analyses the checkpoints of a series; one that fails does not keep the others.</summary>
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
        return request.SampleShard is { } share ? SampleShareAnalysis.Count(request, share, progress, token)
            : request.Shard is { } shard ? RunShard(request, shard, progress, token) : RunAll(request, progress, token);
    }

    private static AnalysisOutcome RunAll(
        AnalysisRequest request, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        var series = new SeriesAnalysis(request, request.Checkpoints.Length, progress);
        series.AddAll(request.Checkpoints, token);
        return series.Outcome;
    }

    private static AnalysisOutcome RunShard(
        AnalysisRequest request, Shard shard, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        var plan = ShardPlan.Of(request.Checkpoints, shard);
        var series = new SeriesAnalysis(request, plan.Count, progress);
        // The last before it that can be analyzed: its first is compared with it.
        (int Index, CheckpointResult Result)? before = null;
        for (var index = plan.First - 1; index >= 0 && plan.Count > 0 && before is null; index--)
            before = series.Precede(request.Checkpoints[index], token) is { } result ? (index, result) : null;
        series.AddAll(request.Checkpoints.Slice(plan.First, plan.Count), token);
        var outcome = series.Outcome;
        return outcome with
        {
            Before = before?.Result,
            Part = new ShardPart
            {
                Shard = shard,
                Plan = plan,
                Settings = request.Settings,
                DeviceReason = outcome.Series.DeviceReason,
                Samples = Fact.Of(request.Probe),
                ToolVersion = outcome.Series.ToolVersion,
                RuntimeVersion = outcome.Series.RuntimeVersion,
                Before = before is var (place, known) ? new Predecessor(place, known.Sha256, known.Probe) : null,
                Entries = series.Entries,
                NodeValues = outcome.NodeValues,
            },
        };
    }
}
