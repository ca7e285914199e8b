using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Rivals;

/// <summary>
/// The path norm of a network (Neyshabur, Tomioka, Srebro 2015, arXiv 1503.00036): the root of the sum, over all paths from an
/// input to an output, of the product of the squared weights along it. That sum is what the network gives if its weights are
/// squared and all inputs are 1.
/// </summary>
internal static class PathNorm
{
    /// <summary>The norm; null, with a note, where an operator is in the way of which that does not hold.</summary>
    /// <param name="checkpoint">The prepared checkpoint.</param>
    /// <param name="traced">Its trace.</param>
    /// <param name="probe">The samples, for the shape of inputs.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="token">Ends the run.</param>
    public static (double? Norm, ImmutableArray<Diagnostic> Diagnostics) Of(
        Checkpoint checkpoint, TracedModel traced, Probe probe, SessionFactory sessions, CancellationToken token)
    {
        var network = SquaredNetwork.Of(checkpoint, traced.Graph, probe);
        if (network.Problem is { } problem)
            return Unknown(problem);
        try
        {
            var sum = Run(network, checkpoint.Path, sessions, token) / network.Batch;
            return double.IsFinite(sum) ? (Math.Sqrt(sum), []) : Unknown("the sum over paths passes the range of float32");
        }
        catch (UserException e)
        {
            return Unknown(e.Message);
        }

        static (double?, ImmutableArray<Diagnostic>) Unknown(string reason) =>
            (null, [Diagnostic.Note("path norm", $"not known: {reason}")]);
    }

    private static double Run(SquaredNetwork network, string path, SessionFactory sessions, CancellationToken token)
    {
        // On one thread, sums are added in one order.
        using var session = sessions.WithThreads(1).Open(network.Model, path);
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var terminate = token.Register(() => options.Terminate = true);
        try
        {
            using var results = session.Run(options, [], [], network.Outputs);
            var sum = 0.0;
            foreach (var result in results)
            {
                foreach (var value in result.GetTensorDataAsSpan<float>())
                    sum += value;
            }
            return sum;
        }
        catch (OnnxRuntimeException) when (token.IsCancellationRequested)
        {
            throw new OperationCanceledException(token);
        }
        catch (OnnxRuntimeException e)
        {
            throw RuntimeErrors.WhileRunning(path, 0, 1, e);
        }
    }
}
