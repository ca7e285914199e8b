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

/// <summary>A series that is analyzed checkpoint by checkpoint, in its order, which may go on growing.</summary>
internal sealed class SeriesAnalysis
{
    private readonly AnalysisRequest request;
    private readonly IProgress<AnalysisProgress>? progress;
    private readonly SessionFactory sessions;
    private readonly SeriesStructure structure;
    private readonly SeriesChanges changes;
    private readonly ProbeCache probes;
    private readonly ResultStore? store;
    private readonly List<CheckpointResult> results = [];
    private readonly List<FailedCheckpoint> failures = [];

    /// <summary>An analysis of no checkpoint yet.</summary>
    /// <param name="request">How to analyze; of its checkpoints, only their number counts here, for the progress.</param>
    /// <param name="progress">Receives how far the analysis is; optional.</param>
    /// <exception cref="UserException">The device cannot be used.</exception>
    public SeriesAnalysis(AnalysisRequest request, IProgress<AnalysisProgress>? progress)
    {
        (this.request, this.progress) = (request, progress);
        sessions = SessionFactory.Create(request.Settings);
        structure = new SeriesStructure(request.IsStrictSeries);
        changes = new SeriesChanges(request.Settings);
        probes = new ProbeCache(request.Probe, activity => Report("", 0, 0, 0, activity));
        store = request.Store ?? (request.Checkpoints.Length != 1 ? request.Boundary.Store : null);
    }

    /// <summary>What is known by now.</summary>
    public AnalysisOutcome Outcome => new(
        new SeriesResult(request.Settings, ToolVersion, SessionFactory.RuntimeVersion,
            SamplingNoise.Remark(FileNameEpochs.Fill([.. results]), request.Settings))
        {
            DeviceReason = sessions.Reason,
        },
        [.. failures])
    {
        NodeValues = changes.LastNodeValues,
    };

    /// <summary>Analyzes the next checkpoint of the series; one that fails does not keep the others.</summary>
    /// <exception cref="UsageException">An option does not fit the model.</exception>
    /// <exception cref="StructureException">The structure changes within a series that must not.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public void Add(string file, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var index = results.Count + failures.Count;
        Report(file, index, 0, 0);
        var (result, failure) = request.Boundary.Run(
            file, run => Analyze(file, (done, samples) => Report(file, index, done, samples), run), token);
        if (failure is null)
            results.Add(result!);
        else
            failures.Add(new FailedCheckpoint(file, failure));
    }

    private void Report(string file, int index, int done, int samples, string? activity = null) => progress?.Report(
        new AnalysisProgress(file, index, Math.Max(request.Checkpoints.Length, index + 1), done, samples, activity));

    private CheckpointResult Analyze(string file, Action<int, int> samplesDone, CheckpointRun run)
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
        var measured = Measure(model, probe, done => samplesDone(done, samples), run.Token);
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
            Providers = measured.Providers,
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
    private MeasuredCheckpoint Measure(TracedCheckpoint model, Probe probe, Action<int> samplesDone, CancellationToken token)
    {
        var settings = request.Settings;
        var key = store is null ? [] : ResultKey.Of(model.Checkpoint, settings, request.Probe, probe, sessions.Device);
        if (store?.Find(key) is { } known)
            return known;
        var measured = model.Measure(probe, sessions, samplesDone, token);
        var result = new MeasuredCheckpoint(measured.Measurements, measured.Profile.Accuracy,
            SeriesChanges.NodeValues(measured.Profile, settings), measured.Diagnostics, measured.Profile.Providers);
        store?.Keep(key, result);
        return result;
    }

    private static string ToolVersion { get; } = typeof(SeriesAnalysis).Assembly.GetName().Version!.ToString(fieldCount: 3);
}
