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
using Emergence.Tracing.Model;

namespace Emergence.Analyzer;

/// <summary>A series that is analyzed in its order, which may go on growing: several small checkpoints side by side, a large one
/// alone.</summary>
internal sealed class SeriesAnalysis
{
    private readonly AnalysisRequest request;
    private readonly SeriesProgress progress;
    private readonly ImmutableArray<SessionFactory> devices;
    private readonly ProbeCache probes;
    private readonly IKeptResults? store;
    private readonly List<SeriesEntry> entries = [];
    private readonly int expected;
    private SeriesStructure structure;
    private SeriesChanges changes;
    // The last one computed wide tensors: then the next does, too.
    private volatile bool wasWide;

    /// <summary>An analysis of no checkpoint yet.</summary>
    /// <param name="request">How to analyze; what it says of checkpoints counts for nothing here.</param>
    /// <param name="expected">How many checkpoints will come, as far as that is known: for the progress.</param>
    /// <param name="progress">Receives how far the analysis is; optional.</param>
    /// <exception cref="UserException">The device cannot be used.</exception>
    public SeriesAnalysis(AnalysisRequest request, int expected, IProgress<AnalysisProgress>? progress)
        : this(request, expected, progress, SessionFactory.CreateEach(request.Settings))
    {
    }

    /// <summary>The same on devices that are chosen already.</summary>
    internal SeriesAnalysis(
        AnalysisRequest request, int expected, IProgress<AnalysisProgress>? progress, ImmutableArray<SessionFactory> devices)
    {
        (this.request, this.expected, this.progress) = (request, expected, new SeriesProgress(progress));
        this.devices = devices;
        structure = new SeriesStructure(request.IsStrictSeries);
        changes = new SeriesChanges(request.Settings);
        probes = new ProbeCache(request.Probe, activity => this.progress.Say(Progress("", entries.Count, 0, 0, activity)));
        store = request.Store ?? (request.Checkpoints.Length != 1 ? request.Boundary.Store : null);
    }

    /// <summary>What became of each checkpoint, in series order.</summary>
    public ImmutableArray<SeriesEntry> Entries => [.. entries];

    /// <summary>What is known by now.</summary>
    public AnalysisOutcome Outcome => AnalysisOutcome.Of(About, entries, changes.LastNodeValues);

    private SeriesResult About => new(request.Settings, ToolBuild.Version, SessionFactory.RuntimeVersion, [])
    {
        DeviceReason = devices[0].Reason,
    };

    /// <summary>All devices together.</summary>
    private Device Device => devices.Length > 1 ? request.Settings.Device : devices[0].Device;

    /// <summary>Analyzes the next checkpoint of the series; one that fails does not keep the others.</summary>
    /// <exception cref="UsageException">An option does not fit the model.</exception>
    /// <exception cref="StructureException">The structure changes within a series that must not.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public void Add(string file, CancellationToken token) =>
        Follow(file, Measure(file, entries.Count, isAlone: true, devices[0], token)!, token);

    /// <summary>Analyzes the next checkpoints of the series, as many of them at once as threads and memory allow.</summary>
    /// <inheritdoc cref="Add" path="/exception"/>
    public void AddAll(ImmutableArray<string> files, CancellationToken token)
    {
        if (Device == Device.Cpu)
            AddByThreads(files, token);
        else
            AddByDevices(files, token);
    }

    private void AddByThreads(ImmutableArray<string> files, CancellationToken token)
    {
        var sessions = devices[0];
        var lanes = LaneRule.Count(sessions.Threads, files.Length, request.Boundary.Limits.MemoryOfAll);
        var shared = sessions.WithThreads(sessions.Threads / lanes);
        AddSideBySide(lanes, files, file => wasWide || LaneRule.IsLarge(file),
            (file, index, isAlone, end) => Measure(file, index, isAlone, isAlone ? sessions : shared, end), token);
    }

    /// <summary>The same on devices that have memory of their own.</summary>
    internal void AddByDevices(ImmutableArray<string> files, CancellationToken token)
    {
        var largest = files.Select(CheckpointCost.Of).DefaultIfEmpty(0).Max();
        var pool = new DevicePool(devices, devices.Min(device => LaneRule.OnEach(device.FreeMemory, largest)));
        AddSideBySide(Math.Clamp(files.Length, 1, pool.Lanes), files, _ => false,
            (file, index, _, end) => pool.Use(device => Measure(file, index, isAlone: true, device, end)), token);
    }

    private void AddSideBySide(int lanes, ImmutableArray<string> files, Func<string, bool> isAlone,
        Func<string, int, bool, CancellationToken, Measured?> measure, CancellationToken token)
    {
        var begin = entries.Count;
        new SideBySide<Measured>(
            lanes, files.Length,
            index => request.Boundary.IsSuspect(files[index]) || isAlone(files[index]),
            (index, alone, end) => measure(files[index], begin + index, alone, end),
            (index, measured) => Follow(files[index], measured, token)).Run(token);
    }

    /// <summary>Analyzes a checkpoint that the first of the series is compared with, and that another shard has.</summary>
    /// <returns>Its result; null where it cannot be analyzed, and nothing of it stays.</returns>
    /// <inheritdoc cref="Add" path="/exception"/>
    public CheckpointResult? Precede(string file, CancellationToken token)
    {
        var (result, failure) = Compare(file, Measure(file, entries.Count, isAlone: true, devices[0], token)!, token);
        if (failure is null)
            return result;
        (structure, changes) = (new SeriesStructure(request.IsStrictSeries), new SeriesChanges(request.Settings));
        return null;
    }

    /// <summary>All that takes time; null where it turns out that the checkpoint should have all threads.</summary>
    private Measured? Measure(string file, int index, bool isAlone, SessionFactory on, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        progress.Report(Progress(file, index, 0, 0));
        var started = TimeProvider.System.GetTimestamp();
        void SamplesDone(int done, int samples) => progress.Report(Progress(file, index, done, samples));
        var (content, failure) = request.Boundary.Run(file, run => Measure(file, isAlone, on, SamplesDone, run), token);
        return content is null && failure is null
            ? null
            : new Measured(content, failure, TimeProvider.System.GetElapsedTime(started));
    }

    private void Follow(string file, Measured measured, CancellationToken token)
    {
        var (result, failure) = Compare(file, measured, token);
        entries.Add(new SeriesEntry(file, failure is null ? result : null, failure));
        progress.Done();
    }

    /// <summary>Compares a checkpoint with the one before it.</summary>
    private Contained<CheckpointResult> Compare(string file, Measured measured, CancellationToken token)
    {
        if (measured.Content is not var (result, checkpoint, graph, nodeValues))
            return new(null, measured.Failure);
        return request.Boundary.Run(file, _ =>
        {
            if (structure.Follow(file, graph) is { } segment)
            {
                changes.Restart();
                if (request.IsSeries)
                    result = result with { Diagnostics = result.Diagnostics.Add(segment) };
            }
            return changes.Compare(result, checkpoint, graph, nodeValues);
        }, token, measured.Time);
    }

    private AnalysisProgress Progress(string file, int index, int done, int samples, string? activity = null) =>
        new(file, index, Math.Max(expected, index + 1), done, samples, activity);

    private Content? Measure(string file, bool isAlone, SessionFactory on, Action<int, int> samplesDone, CheckpointRun run)
    {
        var settings = request.Settings;
        var opened = Checkpoint.Open(file);
        var (model, probe) = TracedCheckpoint.On(
            opened, settings, probes, on, (samples, device) => run.Holds(opened.Bytes, samples, device), run.Token);
        run.Require(model.Graph.Widest);
        wasWide = on.Device == Device.Cpu && model.Graph.Widest is { } widest && LaneRule.IsWide(widest.Bytes);
        if (wasWide && !isAlone)
            return null;
        var (checkpoint, graph) = (model.Checkpoint, model.Graph);
        var draws = settings.Nulls.Where(model => model.Kind == NullKind.Shuffle).Sum(model => (long)model.Draws);
        var samples = (int)Math.Min(int.MaxValue, (1 + draws) * probe.Samples);
        samplesDone(0, samples);
        var measured = Measure(file, model, probe, on, done => samplesDone(done, samples), run.Token);
        return new Content(new CheckpointResult
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
            Device = Device,
            Providers = measured.Providers,
            Copied = measured.Copied,
            Diagnostics = measured.Diagnostics,
        }, checkpoint, graph, measured.NodeValues);
    }

    /// <summary>What was measured before, or is now, and is kept: all that takes time.</summary>
    private MeasuredCheckpoint Measure(
        string file, TracedCheckpoint model, Probe probe, SessionFactory on, Action<int> samplesDone, CancellationToken token)
    {
        return store is null || request.Counts is not null ? Now() : store.Get(
            ResultKey.Of(model.Checkpoint, model.Graph.Diagnostics, request.Settings, request.Probe, probe, Device),
            Now, token);

        MeasuredCheckpoint Now()
        {
            var measured = request.Counts is { } counts ? model.Measure(probe, counts.Of(file), on, token)
                : model.Measure(probe, on, samplesDone, token);
            return new MeasuredCheckpoint(measured.Measurements, measured.Profile.Accuracy,
                SeriesChanges.NodeValues(measured.Profile, request.Settings), measured.Diagnostics, measured.Profile.Providers)
            {
                Copied = measured.Profile.Copied,
            };
        }
    }

    /// <summary>The outcome of a checkpoint before it is compared with others.</summary>
    /// <param name="Content">What was measured; null where that failed.</param>
    /// <param name="Failure">Why it failed.</param>
    /// <param name="Time">What it took.</param>
    private sealed record Measured(Content? Content, string? Failure, TimeSpan Time);

    private sealed record Content(
        CheckpointResult Result, Checkpoint Checkpoint, LayerGraph Graph, ImmutableArray<float[][]> NodeValues);
}
