using System.Collections.Immutable;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Sharding;
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
    private readonly ProbeCache probes;
    private readonly ResultStore? store;
    private readonly List<SeriesEntry> entries = [];
    private readonly int expected;
    private SeriesStructure structure;
    private SeriesChanges changes;

    /// <summary>An analysis of no checkpoint yet.</summary>
    /// <param name="request">How to analyze; what it says of checkpoints counts for nothing here.</param>
    /// <param name="expected">How many checkpoints will come, as far as that is known: for the progress.</param>
    /// <param name="progress">Receives how far the analysis is; optional.</param>
    /// <exception cref="UserException">The device cannot be used.</exception>
    public SeriesAnalysis(AnalysisRequest request, int expected, IProgress<AnalysisProgress>? progress)
    {
        (this.request, this.expected, this.progress) = (request, expected, progress);
        sessions = SessionFactory.Create(request.Settings);
        structure = new SeriesStructure(request.IsStrictSeries);
        changes = new SeriesChanges(request.Settings);
        probes = new ProbeCache(request.Probe, activity => Report("", 0, 0, 0, activity));
        store = request.Store ?? (request.Checkpoints.Length != 1 ? request.Boundary.Store : null);
    }

    /// <summary>What became of each checkpoint, in series order.</summary>
    public ImmutableArray<SeriesEntry> Entries => [.. entries];

    /// <summary>What is known by now.</summary>
    public AnalysisOutcome Outcome => AnalysisOutcome.Of(About, entries, changes.LastNodeValues);

    private SeriesResult About => new(request.Settings, ToolBuild.Version, SessionFactory.RuntimeVersion, [])
    {
        DeviceReason = sessions.Reason,
    };

    /// <summary>Analyzes the next checkpoint of the series; one that fails does not keep the others.</summary>
    /// <exception cref="UsageException">An option does not fit the model.</exception>
    /// <exception cref="StructureException">The structure changes within a series that must not.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public void Add(string file, CancellationToken token)
    {
        var (result, failure) = Analyze(file, token);
        entries.Add(new SeriesEntry(file, failure is null ? result : null, failure));
    }

    /// <summary>Analyzes a checkpoint that the first of the series is compared with, and that another shard has.</summary>
    /// <returns>Its result; null where it cannot be analyzed, and nothing of it stays.</returns>
    /// <inheritdoc cref="Add" path="/exception"/>
    public CheckpointResult? Precede(string file, CancellationToken token)
    {
        var (result, failure) = Analyze(file, token);
        if (failure is null)
            return result;
        (structure, changes) = (new SeriesStructure(request.IsStrictSeries), new SeriesChanges(request.Settings));
        return null;
    }

    private Contained<CheckpointResult> Analyze(string file, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        var index = entries.Count;
        Report(file, index, 0, 0);
        return request.Boundary.Run(
            file, run => Analyze(file, (done, samples) => Report(file, index, done, samples), run), token);
    }

    private void Report(string file, int index, int done, int samples, string? activity = null) => progress?.Report(
        new AnalysisProgress(file, index, Math.Max(expected, index + 1), done, samples, activity));

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
            Copied = measured.Copied,
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
        return store is null ? Now() : store.Get(
            ResultKey.Of(model.Checkpoint, model.Graph.Diagnostics, request.Settings, request.Probe, probe, sessions.Device),
            Now, token);

        MeasuredCheckpoint Now()
        {
            var measured = model.Measure(probe, sessions, samplesDone, token);
            return new MeasuredCheckpoint(measured.Measurements, measured.Profile.Accuracy,
                SeriesChanges.NodeValues(measured.Profile, request.Settings), measured.Diagnostics, measured.Profile.Providers)
            {
                Copied = measured.Profile.Copied,
            };
        }
    }
}
