using System.Collections.Immutable;
using Emergence.Analyzer.Activations;
using Emergence.Analyzer.Graphs;
using Emergence.Analyzer.Inference;
using Emergence.Analyzer.Probes;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Uncertainty;
using Emergence.Checkpoints;

namespace Emergence.Analyzer;

/// <summary>The whole flow: file → layer graph → instrumented model → node statistics → alive masks → emergence.</summary>
public static class Analysis
{
    /// <summary>Analyses the checkpoints of a series, one after the other; one that fails does not keep the others.</summary>
    /// <exception cref="UsageException">An option does not fit the models: a glob that matches nothing, a device that does not exist.</exception>
    /// <exception cref="UserException">The structure changes within the series, or the device cannot be used.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public static Task<AnalysisOutcome> RunAsync(
        AnalysisRequest request, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Task.Run(() => Run(request, progress, token), token);
    }

    private static AnalysisOutcome Run(AnalysisRequest request, IProgress<AnalysisProgress>? progress, CancellationToken token)
    {
        var sessions = SessionFactory.Create(request.Settings);
        var structure = new SeriesStructure();
        var changes = new SeriesChanges(request.Settings);
        var probes = new ProbeCache(request.Probe, activity => progress?.Report(new AnalysisProgress("", 0, request.Checkpoints.Length, 0, 0, activity)));
        var results = ImmutableArray.CreateBuilder<CheckpointResult>();
        var failures = ImmutableArray.CreateBuilder<FailedCheckpoint>();
        foreach (var (index, file) in request.Checkpoints.Index())
        {
            token.ThrowIfCancellationRequested();
            void SamplesDone(int done, int samples) =>
                progress?.Report(new AnalysisProgress(file, index, request.Checkpoints.Length, done, samples));

            try
            {
                results.Add(Analyze(file, request, sessions, structure, changes, probes, SamplesDone, token));
            }
            catch (UserException e) when (e is not (UsageException or StructureException))
            {
                failures.Add(new FailedCheckpoint(file, e.Message));
            }
        }
        var checkpoints = SamplingNoise.Remark(results.ToImmutable(), request.Settings);
        var series = new SeriesResult(request.Settings, ToolVersion, SessionFactory.RuntimeVersion, checkpoints);
        return new AnalysisOutcome(series, failures.ToImmutable());
    }

    private static CheckpointResult Analyze(
        string file, AnalysisRequest request, SessionFactory sessions, SeriesStructure structure, SeriesChanges changes, ProbeCache probes,
        Action<int, int> samplesDone, CancellationToken token)
    {
        var settings = request.Settings;
        var checkpoint = ModelPreparation.Prepare(Checkpoint.Open(file));
        var options = new TraceOptions { Dimensions = request.Probe.Dimensions, IncludeInput = settings.IncludeInput };
        var (traced, _, probe) = ProbedTrace.Of(checkpoint, options, probes, token);
        var graph = LayerSelection.Select(traced.Graph, settings.Only, settings.Exclude);
        structure.Require(file, graph);
        samplesDone(0, probe.Samples);
        var profile = new ActivationRecorder(checkpoint.Model, file, graph, sessions, settings)
            .Record(probe, done => samplesDone(done, probe.Samples), token);
        var wired = settings.Wired ? WiredNetwork.Of(traced, settings.ConvNodes) : null;
        var result = new CheckpointResult
        {
            File = file,
            Epoch = checkpoint.Metadata.Epoch,
            Sha256 = checkpoint.Sha256,
            Measurements = Measurements.Of(graph, profile, settings, wired?.Network, settings.Statistic == Statistic.Sample ? null : UnfedNodes.Of(traced, settings.ConvNodes), token),
            Edges = graph.Edges,
            Parameters = graph.Parameters.Sum(parameter => parameter.Count),
            ParametersNonzero = graph.Parameters.Sum(parameter => parameter.Nonzero),
            Accuracy = profile.Accuracy,
            TrainAccuracy = checkpoint.Metadata.TrainAccuracy,
            TestAccuracy = checkpoint.Metadata.TestAccuracy,
            Probe = probe.Provenance,
            Device = sessions.Device,
            Diagnostics = [.. graph.Diagnostics, .. wired?.Diagnostics ?? [], .. probe.Diagnostics, .. sessions.Diagnostics, .. profile.Diagnostics],
        };
        return changes.Compare(result, checkpoint, graph, profile);
    }

    private static string ToolVersion { get; } = typeof(Analysis).Assembly.GetName().Version!.ToString(fieldCount: 3);
}
