using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
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
        var structure = new SeriesStructure(request.IsStrictSeries);
        var changes = new SeriesChanges(request.Settings);
        var probes = new ProbeCache(request.Probe,
            activity => progress?.Report(new AnalysisProgress("", 0, request.Checkpoints.Length, 0, 0, activity)));
        var store = request.Store ?? (request.Checkpoints.Length > 1 ? request.Boundary.Store : null);
        var results = ImmutableArray.CreateBuilder<CheckpointResult>();
        var failures = ImmutableArray.CreateBuilder<FailedCheckpoint>();
        foreach (var (index, file) in request.Checkpoints.Index())
        {
            token.ThrowIfCancellationRequested();
            progress?.Report(new AnalysisProgress(file, index, request.Checkpoints.Length, 0, 0));
            void SamplesDone(int done, int samples) =>
                progress?.Report(new AnalysisProgress(file, index, request.Checkpoints.Length, done, samples));

            var (result, failure) = request.Boundary.Run(
                file, run => Analyze(file, request, sessions, structure, changes, probes, store, SamplesDone, run), token);
            if (failure is null)
                results.Add(result!);
            else
                failures.Add(new FailedCheckpoint(file, failure));
        }
        var checkpoints = SamplingNoise.Remark(FileNameEpochs.Fill(results.ToImmutable()), request.Settings);
        var series = new SeriesResult(request.Settings, ToolVersion, SessionFactory.RuntimeVersion, checkpoints);
        return new AnalysisOutcome(series, failures.ToImmutable()) { NodeValues = changes.LastNodeValues };
    }

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
        var draws = settings.Nulls.Where(model => model.Kind == NullKind.Shuffle).Sum(model => (long)model.Draws);
        var samples = (int)Math.Min(int.MaxValue, (1 + draws) * probe.Samples);
        samplesDone(0, samples);
        var measured = Measure(model, probe, request, sessions, store, done => samplesDone(done, samples), run.Token);
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
        var settings = request.Settings;
        var key = store is null ? [] : ResultKey.Of(model.Checkpoint, settings, request.Probe, probe, sessions.Device);
        if (store?.Find(key) is { } known)
            return known;
        var measured = model.Measure(probe, sessions, samplesDone, token);
        var result = new MeasuredCheckpoint(measured.Measurements, measured.Profile.Accuracy,
            SeriesChanges.NodeValues(measured.Profile, settings), measured.Diagnostics);
        store?.Keep(key, result);
        return result;
    }

    private static string ToolVersion { get; } = typeof(Analysis).Assembly.GetName().Version!.ToString(fieldCount: 3);
}
