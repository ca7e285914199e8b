using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Inference;

/// <summary>One run that is done.</summary>
/// <param name="Start">Its first sample.</param>
/// <param name="Count">Its samples, padding not included.</param>
/// <param name="Fed">The samples fed, padding included.</param>
/// <param name="Outputs">The outputs, in the order asked for; valid only until the receiver returns.</param>
internal readonly record struct RunOutputs(int Start, int Count, int Fed, IReadOnlyList<OrtValue> Outputs);

/// <summary>How a device's inputs and outputs are bound.</summary>
/// <param name="InFlight">Runs at a time: one computes while another's results are counted.</param>
/// <param name="Host">The memory of this machine that the device reads directly; null where there is none.</param>
internal sealed record Binding(int InFlight, OrtMemoryInfo? Host);

/// <summary>Feeds a probe to sessions, run by run.</summary>
internal sealed class ProbeRunner : IDisposable
{
    private readonly ImmutableArray<ImmutableArray<InputFeed>> feeds;
    private readonly string path;
    private readonly BatchPlan plan;
    private readonly Binding? binding;

    /// <summary>Prepares the input buffers, which all runs share.</summary>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="probe">The samples, with an entry for each input.</param>
    /// <param name="plan">How the samples are divided.</param>
    /// <param name="path">The model file, for errors.</param>
    /// <param name="binding">How inputs and outputs are bound; null: not, one run at a time.</param>
    public ProbeRunner(
        ImmutableArray<ModelInput> inputs, Probe probe, BatchPlan plan, string path, Binding? binding = null)
    {
        (this.path, this.plan, this.binding) = (path, plan, binding);
        var rows = plan.FixedBatch ?? plan.Segments.Max(segment => Math.Min(segment.RunSize, segment.End - segment.Start));
        feeds = [.. Enumerable.Range(0, binding?.InFlight ?? 1).Select(_ => inputs.Select(
            input => new InputFeed(input, ProbeOf(probe, input), rows)).ToImmutableArray())];
    }

    /// <summary>Bytes of one sample, over all inputs.</summary>
    public long SampleBytes => feeds[0].Sum(feed => (long)feed.SampleBytes);

    /// <summary>What has been copied where inputs and outputs are bound.</summary>
    public CopiedBytes Copied { get; private set; } = CopiedBytes.None;

    /// <summary>Runs every sample of a segment and hands over the outputs of each run.</summary>
    /// <param name="session">The model.</param>
    /// <param name="outputs">The outputs to ask for.</param>
    /// <param name="segment">The samples.</param>
    /// <param name="receive">Receives each run, in the order of the samples.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <param name="ones">The input that takes ones, [groups, 1, samples of a group]; null where there is none.</param>
    /// <param name="others">Inputs that are the same in each run; null where there are none.</param>
    /// <exception cref="UserException">ONNX Runtime failed, or an output is missing.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled; a run in
    /// progress was ended.</exception>
    public void Run(
        InferenceSession session, IReadOnlyCollection<string> outputs, ProbeSegment segment, Action<RunOutputs> receive,
        CancellationToken token, string? ones = null, IReadOnlyList<(string Name, OrtValue Value)>? others = null)
    {
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var terminate = token.Register(() => options.Terminate = true);
        others ??= [];
        // Weights that change from run to run are fed as they are.
        if (binding is not null && others.Count == 0)
        {
            RunBound(session, options, outputs, segment, receive, ones, token);
            return;
        }
        string[] names =
        [
            .. feeds[0].Select(feed => feed.Name), .. ones is null ? [] : (string[])[ones], .. others.Select(other => other.Name),
        ];
        foreach (var (start, count) in plan.RunsOf(segment))
        {
            token.ThrowIfCancellationRequested();
            var fed = plan.FixedBatch ?? count;
            using var groups = ones is null ? null : Ones(fed, plan.Group);
            OrtValue[] values =
            [
                .. feeds[0].Select(feed => feed.Fill(start, count, fed)), .. groups is null ? [] : (OrtValue[])[groups],
                .. others.Select(other => other.Value),
            ];
            using var results = Named(start, count, () => session.Run(options, names, values, outputs), token);
            receive(new RunOutputs(start, count, fed, results));
        }
    }

    /// <summary>The same with one run computing while another is received.</summary>
    private void RunBound(
        InferenceSession session, RunOptions options, IReadOnlyCollection<string> outputs, ProbeSegment segment,
        Action<RunOutputs> receive, string? ones, CancellationToken token)
    {
        var lanes = feeds.Select(lane => new BoundRuns(session, lane, outputs, binding!.Host)).ToArray();
        var inFlight = new Queue<Task<(int Start, int Count, int Fed, IDisposableReadOnlyCollection<OrtValue> Results)>>();
        try
        {
            foreach (var (i, (start, count)) in plan.RunsOf(segment).Index())
            {
                if (inFlight.Count == lanes.Length)
                    Receive(inFlight.Dequeue());
                token.ThrowIfCancellationRequested();
                var lane = lanes[i % lanes.Length];
                inFlight.Enqueue(Task.Run(() => RunOne(lane, start, count), CancellationToken.None));
            }
            while (inFlight.TryDequeue(out var next))
                Receive(next);
        }
        finally
        {
            // What still runs uses the buffers.
            foreach (var left in inFlight)
                left.ContinueWith(run => run.IsCompletedSuccessfully ? run.Result.Results : null, TaskScheduler.Default)
                    .Result?.Dispose();
            Copied = lanes.Aggregate(Copied, (sum, lane) => sum.Plus(new CopiedBytes(0, 0, lane.BytesIn, lane.BytesBack)));
            foreach (var lane in lanes)
                lane.Dispose();
        }

        (int, int, int, IDisposableReadOnlyCollection<OrtValue>) RunOne(BoundRuns lane, int start, int count)
        {
            var fed = plan.FixedBatch ?? count;
            using var groups = ones is null ? null : Ones(fed, plan.Group);
            return (start, count, fed, Named(start, count,
                () => lane.Run(options, start, count, fed, groups is null ? null : (ones!, groups)), token));
        }

        void Receive(Task<(int Start, int Count, int Fed, IDisposableReadOnlyCollection<OrtValue> Results)> run)
        {
            var (start, count, fed, results) = run.GetAwaiter().GetResult();
            using (results)
                receive(new RunOutputs(start, count, fed, results));
            Copied = Copied.Plus(new CopiedBytes(count, 1, 0, 0));
        }
    }

    private static OrtValue Ones(int samples, int group)
    {
        var ones = new float[samples];
        Array.Fill(ones, 1);
        return OrtValue.CreateTensorValueFromMemory(
            ones, samples % group == 0 ? [samples / group, 1, group] : [1, 1, samples]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var feed in feeds.SelectMany(lane => lane))
            feed.Dispose();
    }

    /// <summary>A run whose failure names its samples.</summary>
    private T Named<T>(int start, int count, Func<T> run, CancellationToken token)
    {
        try
        {
            return run();
        }
        catch (OnnxRuntimeException) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(token);
        }
        catch (OnnxRuntimeException e)
        {
            throw RuntimeErrors.WhileRunning(path, start, count, e);
        }
    }

    private static ProbeInput ProbeOf(Probe probe, ModelInput input) =>
        probe.Inputs.FirstOrDefault(entry => entry.Name == input.Name)
        ?? throw new ArgumentException($"the probe has no samples for input '{input.Name}'", nameof(probe));
}
