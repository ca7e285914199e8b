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
    private readonly int? fixedBatch;

    /// <summary>Prepares the input buffers, which all runs share.</summary>
    /// <param name="inputs">The model's inputs.</param>
    /// <param name="probe">The samples, with an entry for each input.</param>
    /// <param name="plan">How the samples are divided.</param>
    /// <param name="path">The model file, for errors.</param>
    public ProbeRunner(ImmutableArray<ModelInput> inputs, Probe probe, BatchPlan plan, string path)
    {
        this.path = path;
        fixedBatch = plan.FixedBatch;
        var rows = plan.FixedBatch ?? plan.Segments.Max(segment => Math.Min(segment.RunSize, segment.End - segment.Start));
        feeds = [.. inputs.Select(input => new InputFeed(input, ProbeOf(probe, input), probe.Samples, rows))];
    }

    /// <summary>Runs every sample of a segment and hands over the outputs of each run.</summary>
    /// <exception cref="UserException">ONNX Runtime failed, or an output is missing.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled; a run in
    /// progress was ended.</exception>
    public void Run(
        InferenceSession session, IReadOnlyCollection<string> outputs, ProbeSegment segment, Action<RunOutputs> receive,
        CancellationToken token)
    {
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var terminate = token.Register(() => options.Terminate = true);
        string[] names = [.. feeds.Select(feed => feed.Name)];
        for (var start = segment.Start; start < segment.End; start += segment.RunSize)
        {
            token.ThrowIfCancellationRequested();
            var count = Math.Min(segment.RunSize, segment.End - start);
            var fed = fixedBatch ?? count;
            var values = feeds.Select(feed => feed.Fill(start, count, fed)).ToArray();
            using var results = Run(session, options, names, values, outputs, start, count, token);
            receive(new RunOutputs(start, count, fed, results));
        }
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
