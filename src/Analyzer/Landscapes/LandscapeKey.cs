using System.Security.Cryptography;
using System.Text;
using Emergence.Analyzer.Journal;
using Emergence.Measuring;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Landscapes;

/// <summary>The name of the losses of one landscape: a hash of everything that shapes them.</summary>
internal static class LandscapeKey
{
    /// <summary>The key; threads and batch have no part in it.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="models">The checkpoints, the one at the origin first.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="device">Where the model runs.</param>
    public static byte[] Of(LandscapeRequest request, IEnumerable<TracedCheckpoint> models, Probe probe, Device device)
    {
        using var stream = new MemoryStream();
        using var text = new BinaryWriter(stream, Encoding.UTF8);
        foreach (var model in models)
            text.Write(ResultKey.Of(
                model.Checkpoint, model.Graph.Diagnostics, request.Settings with { Threads = 0, Batch = 0 }, request.Probe,
                probe, device));
        text.Write((int)request.Directions);
        text.Write(request.Grid);
        text.Write(request.Range);
        text.Write((int)request.Normalization);
        text.Write(request.Seed);
        text.Write(request.Pairs);
        text.Write((int)request.Loss.Kind);
        if (request.Loss.Targets is { } targets)
        {
            text.Write(targets.Width);
            foreach (var value in targets.Values.Span)
                text.Write(value);
        }
        return SHA256.HashData(stream.ToArray());
    }
}
