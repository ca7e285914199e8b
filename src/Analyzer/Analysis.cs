using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Statistics;

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
        var sessions = SessionFactory.Create(request.Settings);
        var (structure, changes) = (new SeriesStructure(request.IsStrictSeries), new SeriesChanges(request.Settings));
        var probes = new ProbeCache(request.Probe,
            activity => progress?.Report(new AnalysisProgress("", 0, request.Checkpoints.Length, 0, 0, activity)));
        var store = request.Store ?? (request.Checkpoints.Length > 1 ? request.Boundary.Store : null);
        var plan = request.Shard is { } asked ? ShardPlan.Of(request.Checkpoints, asked) : null;
        var (first, count) = plan is null ? (0, request.Checkpoints.Length) : (plan.First, plan.Count);
        Contained<CheckpointResult> At(int index)
        {
            token.ThrowIfCancellationRequested();
            var file = request.Checkpoints[index];
            var place = Math.Max(0, index - first);
            progress?.Report(new AnalysisProgress(file, place, count, 0, 0));
            void SamplesDone(int done, int samples) =>
                progress?.Report(new AnalysisProgress(file, place, count, done, samples));
            return request.Boundary.Run(
                file, run => Analyze(file, request, sessions, structure, changes, probes, store, SamplesDone, run), token);
        }
        var before = count == 0 ? null : Before(first, index =>
        {
            // Nothing stays of one that failed.
            (structure, changes) = (new SeriesStructure(request.IsStrictSeries), new SeriesChanges(request.Settings));
            return At(index);
        });
        var entries = ImmutableArray.CreateBuilder<SeriesEntry>(count);
        for (var index = first; index < first + count; index++)
        {
            var (result, failure) = At(index);
            entries.Add(new SeriesEntry(request.Checkpoints[index], failure is null ? result : null, failure));
        }
        var outcome = AnalysisOutcome.Of(
            request.Settings, ToolBuild.Version, SessionFactory.RuntimeVersion, entries, changes.LastNodeValues);
        return plan is null ? outcome : outcome with
        {
            Part = PartOf(request, plan, before, entries.ToImmutable(), outcome),
            Before = before?.Result,
        };
    }

    /// <summary>The last checkpoint before a shard that can be analyzed: its first is compared with it.</summary>
    private static (int Index, CheckpointResult Result)? Before(int first, Func<int, Contained<CheckpointResult>> analyze)
    {
        for (var index = first - 1; index >= 0; index--)
        {
            if (analyze(index) is { Failure: null, Value: { } result })
                return (index, result);
        }
        return null;
    }

    private static ShardPart PartOf(
        AnalysisRequest request, ShardPlan plan, (int Index, CheckpointResult Result)? before,
        ImmutableArray<SeriesEntry> entries, AnalysisOutcome outcome) => new()
        {
            Shard = request.Shard!,
            Plan = plan,
            Settings = request.Settings,
            Samples = Fact.Of(request.Probe),
            ToolVersion = outcome.Series.ToolVersion,
            RuntimeVersion = outcome.Series.RuntimeVersion,
            Before = before is var (index, result) ? new Predecessor(index, result.Sha256, result.Probe) : null,
            Entries = entries,
            NodeValues = outcome.NodeValues,
        };

    private static CheckpointResult Analyze(
        string file, AnalysisRequest request, SessionFactory sessions, SeriesStructure structure, SeriesChanges changes,
        ProbeCache probes, ResultStore? store, Action<int, int> samplesDone, CheckpointRun run)
    {
        var settings = request.Settings;
        var opened = Checkpoint.Open(file);
        var (model, probe) =
            TracedCheckpoint.On(opened, settings, probes, sessions, samples => run.Holds(opened.Bytes, samples), run.Token);
        run.Require(model.Graph.Widest);
        var (checkpoint, graph) = (model.Checkpoint, model.Graph);
        samplesDone(0, probe.Samples);
        var measured = Measure(model, probe, request, sessions, store, done => samplesDone(done, probe.Samples), run.Token);
        var result = new CheckpointResult
        {
            File = file,
            Epoch = checkpoint.Metadata.Epoch,
            Sha256 = checkpoint.Sha256,
            Bytes = opened.Bytes,
            Measurements = measured.Measurements,
            Edges = graph.Edges,
            Parameters = graph.Parameters.Sum(parameter => parameter.Count),
            ParametersNonzero = graph.Parameters.Sum(parameter => parameter.Nonzero),
            Accuracy = measured.Accuracy,
            TrainAccuracy = checkpoint.Metadata.TrainAccuracy,
            TestAccuracy = checkpoint.Metadata.TestAccuracy,
            TrainLoss = checkpoint.Metadata.TrainLoss,
            TestLoss = checkpoint.Metadata.TestLoss,
            Probe = probe.Provenance,
            Device = sessions.Device,
            Diagnostics = measured.Diagnostics,
        };
        if (structure.Follow(file, graph) is { } segment)
        {
            changes.Restart();
            if (request.IsSeries)
                result = result with { Diagnostics = result.Diagnostics.Add(segment) };
        }
        return changes.Compare(result, checkpoint, graph, measured.NodeValues);
    }

    /// <summary>What was measured before, or is now, and is kept: all that takes time.</summary>
    private static MeasuredCheckpoint Measure(
        TracedCheckpoint model, Probe probe, AnalysisRequest request, SessionFactory sessions, ResultStore? store,
        Action<int> samplesDone, CancellationToken token)
    {
        return store is null ? Now() : store.Get(
            ResultKey.Of(model.Checkpoint, model.Graph.Diagnostics, request.Settings, request.Probe, probe, sessions.Device),
            Now, token);

        MeasuredCheckpoint Now()
        {
            var measured = model.Measure(probe, sessions, samplesDone, token);
            return new MeasuredCheckpoint(measured.Measurements, measured.Profile.Accuracy,
                SeriesChanges.NodeValues(measured.Profile, request.Settings), measured.Diagnostics);
        }
    }
}
