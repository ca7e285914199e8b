using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer;

/// <summary>Counts on shares of the samples, and what one run on all of them gives.</summary>
internal static class SampleShareAnalysis
{
    /// <summary>What a merge may take: nothing is run, and the shards had limits of their own. A timer takes 49 days at most.
    /// </summary>
    internal static RunLimits OfMerge { get; } = new() { Memory = long.MaxValue, Timeout = TimeSpan.FromDays(30) };

    /// <summary>Counts on a share, checkpoint after checkpoint; one that fails does not keep the others.</summary>
    /// <returns>What the share contributes, in an outcome that has no results of its own.</returns>
    /// <exception cref="UsageException">An option does not fit the model.</exception>
    /// <exception cref="UserException">The device cannot be used.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static AnalysisOutcome Count(
        AnalysisRequest request, Shard shard, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        var sessions = SessionFactory.Create(request.Settings);
        var probes = new ProbeCache(request.Probe, activity => Say("", 0, 0, 0, activity));
        var counted = ImmutableArray.CreateBuilder<CountedCheckpoint>();
        foreach (var (index, file) in request.Checkpoints.Index())
        {
            token.ThrowIfCancellationRequested();
            Say(file, index, 0, 0, null);
            var (content, failure) = request.Boundary.Run(file, run => CountOne(file, index, run), token);
            counted.Add(new CountedCheckpoint(file, failure is null ? content : null, failure));
        }
        return new AnalysisOutcome(
            new SeriesResult(request.Settings, ToolBuild.Version, SessionFactory.RuntimeVersion, [])
            {
                DeviceReason = sessions.Reason,
            },
            [.. counted.Where(each => each.Failure is not null)
                .Select(each => new FailedCheckpoint(each.File, each.Failure!))])
        {
            Samples = new SamplePart
            {
                Shard = shard,
                ToolVersion = ToolBuild.Version,
                RuntimeVersion = SessionFactory.RuntimeVersion,
                Settings = request.Settings,
                Probe = request.Probe,
                IsStrictSeries = request.IsStrictSeries,
                Checkpoints = counted.ToImmutable(),
            },
        };

        Counted CountOne(string file, int index, CheckpointRun run)
        {
            var opened = Checkpoint.Open(file);
            var (model, probe) = TracedCheckpoint.On(
                opened, request.Settings, probes, sessions, (samples, device) => run.Holds(opened.Bytes, samples, device),
                run.Token);
            run.Require(model.Graph.Widest);
            var counts = model.CountShare(
                probe, shard.Index, shard.Count, sessions, done => Say(file, index, done, probe.Samples, null), run.Token);
            return new Counted(model.Checkpoint.Sha256, probe.Provenance, sessions.Device, counts);
        }

        void Say(string file, int index, int done, int samples, string? activity) =>
            progress?.Report(new AnalysisProgress(file, index, request.Checkpoints.Length, done, samples, activity));
    }

    /// <summary>What one run on all samples gives. The checkpoints are opened and traced again, and not run.</summary>
    /// <exception cref="UserException">A checkpoint or the samples are not those that were counted on.</exception>
    public static AnalysisOutcome Measure(SampleMerge shares, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(shares);
        var known = shares.Known.ToDictionary(each => each.File, each => each.Known, StringComparer.Ordinal);
        foreach (var (file, counted) in known)
        {
            token.ThrowIfCancellationRequested();
            if (!File.Exists(file))
                throw new UserException($"{file}: is not here, and merging shares of samples traces each checkpoint again; run "
                    + "merge in the folder in which the shards ran");
            RequireSame(file, counted, Checkpoint.Open(file).Sha256);
        }
        var outcome = Analysis.Run(new AnalysisRequest(shares.Files, shares.Any.Settings, shares.Any.Probe)
        {
            IsStrictSeries = shares.Any.IsStrictSeries,
            Counts = shares,
            Boundary = new Boundary(OfMerge),
        }, progress: null, token);
        foreach (var result in outcome.Series.Checkpoints)
        {
            // It may have been replaced meanwhile.
            RequireSame(result.File, known[result.File], result.Sha256);
            var (samples, device) = (known[result.File].Probe.Sha256, known[result.File].Device);
            if ((samples, device) != (result.Probe.Sha256, result.Device))
            {
                throw new UserException($"{result.File}: was counted on samples {samples[..16]} on {device}, here are samples "
                    + $"{result.Probe.Sha256[..16]} and {result.Device}; merge where the shards ran, with the same data");
            }
        }
        return outcome;
    }

    private static void RequireSame(string file, Counted known, string sha256)
    {
        if (sha256 != known.Sha256)
            throw new UserException($"{file}: has changed since it was counted (SHA-256 {known.Sha256[..16]}, now "
                + $"{sha256[..16]}); run all shards again");
    }
}
