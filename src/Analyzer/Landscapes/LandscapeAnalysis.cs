using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Containment;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;

namespace Emergence.Analyzer.Landscapes;

/// <summary>The whole flow: checkpoint → loss as a function of its weights → losses at points → numbers.</summary>
/// <param name="request">What to measure.</param>
/// <param name="progress">Receives how far it is; optional.</param>
/// <param name="warn">Receives why losses cannot be kept; optional.</param>
public sealed class LandscapeAnalysis(
    LandscapeRequest request, IProgress<AnalysisProgress>? progress = null, Action<string>? warn = null)
{
    private readonly SessionFactory sessions = SessionFactory.Create(request.Settings);
    private readonly ProbeCache probes = new(request.Probe,
        activity => progress?.Report(new AnalysisProgress("", 0, 1, 0, 0, activity)));
    private int resumed;

    /// <summary>Measures the landscapes; of several, one that fails does not keep the others.</summary>
    /// <exception cref="UsageException">The number of checkpoints does not fit the directions.</exception>
    /// <exception cref="UserException">The device cannot be used.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public LandscapeOutcome Run(CancellationToken token)
    {
        RequireCount();
        var landscapes = ImmutableArray.CreateBuilder<Landscape>();
        var failures = ImmutableArray.CreateBuilder<FailedCheckpoint>();
        ImmutableArray<string> centers = request.Directions switch
        {
            DirectionKind.Random => request.Checkpoints,
            DirectionKind.Trajectory => [request.Checkpoints[^1]],
            _ => [request.Checkpoints[0]],
        };
        foreach (var (index, file) in centers.Index())
        {
            token.ThrowIfCancellationRequested();
            var (result, failure) = request.Boundary.Run(file, run => Measure(file, index, centers.Length, run), token);
            if (failure is null)
                landscapes.Add(result!);
            else
                failures.Add(new FailedCheckpoint(file, failure));
        }
        return new LandscapeOutcome(request, landscapes.ToImmutable(), failures.ToImmutable()) { Resumed = resumed };
    }

    private void RequireCount()
    {
        var count = request.Checkpoints.Length;
        if (request.Directions == DirectionKind.Trajectory && count < 3)
            throw new UsageException(
                $"--directions trajectory: needs three or more checkpoints to span a plane, and {Given(count)}; name a series, "
                + "or use --directions between for two");
        if (request.Directions == DirectionKind.Between && count != 2)
            throw new UsageException($"--directions between: needs two checkpoints, and {Given(count)}; name the two ends of "
            + "the line");
    }

    private static string Given(int count) => count == 1 ? "one is given" : string.Create(CultureInfo.InvariantCulture,
        $"{count} are given");

    private Landscape Measure(string file, int index, int total, CheckpointRun run)
    {
        progress?.Report(new AnalysisProgress(file, index, total, 0, 0));
        var (center, probe) = Open(file, run);
        var others = request.Directions == DirectionKind.Random ? [] : OpenOthers(file, center, run);
        var loss = request.Directions == DirectionKind.Between
            ? request.Loss with { Others = OthersBetween(center, others[0]) }
            : request.Loss;
        using var surface = LossSurface.Open(center, probe, request.Settings, loss, run.Token);
        using var journal = request.Journal is { } folder
            ? LossJournal.Open(folder, LandscapeKey.Of(request, [center, .. others], probe, sessions.Device), warn)
            : null;
        resumed += journal?.Found ?? 0;
        var evaluator = new LossEvaluator(surface, journal, (done, points) => progress?.Report(new AnalysisProgress(
            file, index, total, done, points, string.Create(CultureInfo.InvariantCulture,
                $"{index + 1}/{total}  {Path.GetFileName(file)}  {done}/{points} points"))));
        var subject = new LandscapeSubject(file, center.Checkpoint.Sha256, probe.Provenance, sessions.Device);
        var plan = new LandscapePlan(request, subject, surface, evaluator, run.Token);
        var landscape = request.Directions switch
        {
            DirectionKind.Random => plan.Random(),
            DirectionKind.Trajectory => plan.Trajectory([.. others, center], new SeriesWeights(center)),
            _ => plan.Between(others[0], new SeriesWeights(center)),
        };
        foreach (var model in others.Append(center))
            model.Checkpoint.RequireUnchanged();
        return landscape;
    }

    private (TracedCheckpoint Model, Probe Probe) Open(string file, CheckpointRun run)
    {
        var opened = Checkpoint.Open(file);
        // In double, the weights and two directions are six times the file.
        var result = TracedCheckpoint.On(
            opened, request.Settings, probes, sessions, (samples, device) => run.Holds(2 * opened.Bytes, samples, device),
            run.Token);
        run.Require(result.Model.Graph.Widest);
        return result;
    }

    /// <summary>The other checkpoints, which must be of the same architecture.</summary>
    private TracedCheckpoint[] OpenOthers(string file, TracedCheckpoint center, CheckpointRun run)
    {
        var structure = new SeriesStructure(isStrict: true);
        structure.Follow(file, center.Graph);
        return
        [
            .. request.Checkpoints.Where(other => other != file).Select(other =>
            {
                var (model, _) = Open(other, run);
                structure.Follow(other, model.Graph);
                return model;
            }),
        ];
    }

    private static ImmutableArray<string> OthersBetween(TracedCheckpoint center, TracedCheckpoint other)
    {
        var parameters = center.Graph.Layers.SelectMany(layer => layer.Parameters).Select(parameter => parameter.Tensor)
            .ToHashSet(StringComparer.Ordinal);
        return new SeriesWeights(center).OthersThatDiffer(other, parameters);
    }
}
