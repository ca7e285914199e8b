using System.Collections.Immutable;
using Emergence.Checkpoints;
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

/// <summary>Feeds a probe to sessions, run by run.</summary>
internal sealed class ProbeRunner : IDisposable
{
    private readonly ImmutableArray<InputFeed> feeds;
    private readonly string path;
    private readonly BatchPlan plan;

    /// <summary>Prepares the input buffers, which all runs share.</summary>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="probe">The samples, with an entry for each input.</param>
    /// <param name="plan">How the samples are divided.</param>
    /// <param name="path">The model file, for errors.</param>
    public ProbeRunner(ImmutableArray<ModelInput> inputs, Probe probe, BatchPlan plan, string path)
    {
        this.path = path;
        this.plan = plan;
        var rows = plan.FixedBatch ?? plan.Segments.Max(segment => Math.Min(segment.RunSize, segment.End - segment.Start));
        feeds = [.. inputs.Select(input => new InputFeed(input, ProbeOf(probe, input), probe.Samples, rows))];
    }

    /// <summary>Runs every sample of a segment and hands over the outputs of each run.</summary>
    /// <param name="session">The model.</param>
    /// <param name="outputs">The outputs to ask for.</param>
    /// <param name="segment">The samples.</param>
    /// <param name="receive">Receives each run.</param>
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
        string[] names =
            [.. feeds.Select(feed => feed.Name), .. ones is null ? [] : (string[])[ones], .. others.Select(other => other.Name)];
        foreach (var (start, count) in plan.RunsOf(segment))
        {
            token.ThrowIfCancellationRequested();
            var fed = plan.FixedBatch ?? count;
            using var groups = ones is null ? null : Ones(fed, plan.Group);
            OrtValue[] values =
            [
                .. feeds.Select(feed => feed.Fill(start, count, fed)), .. groups is null ? [] : (OrtValue[])[groups],
                .. others.Select(other => other.Value),
            ];
            using var results = Run(session, options, names, values, outputs, start, count, token);
            receive(new RunOutputs(start, count, fed, results));
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
        foreach (var feed in feeds)
            feed.Dispose();
    }

    private IDisposableReadOnlyCollection<OrtValue> Run(
        InferenceSession session, RunOptions options, string[] names, OrtValue[] values, IReadOnlyCollection<string> outputs,
        int start, int count, CancellationToken token)
    {
        try
        {
            return session.Run(options, names, values, outputs);
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
