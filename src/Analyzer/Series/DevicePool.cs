using System.Collections.Concurrent;
using System.Collections.Immutable;
using Emergence.Measuring.Inference;

namespace Emergence.Analyzer.Series;

/// <summary>The devices that the checkpoints of a series are spread over, each for a few of them at a time.</summary>
/// <param name="devices">The devices.</param>
/// <param name="each">Checkpoints at a time on each.</param>
internal sealed class DevicePool(ImmutableArray<SessionFactory> devices, int each)
{
    private readonly ConcurrentQueue<SessionFactory> free = new(Enumerable.Repeat(devices, each).SelectMany(device => device));

    /// <summary>Checkpoints at a time on all of them.</summary>
    public int Lanes { get; } = devices.Length * each;

    /// <summary>Works with a device that is free; never more than <see cref="Lanes"/> at once.</summary>
    public T Use<T>(Func<SessionFactory, T> work)
    {
        if (!free.TryDequeue(out var device))
            throw new InvalidOperationException($"more than {Lanes} checkpoints at once");
        try
        {
            return work(device);
        }
        finally
        {
            free.Enqueue(device);
        }
    }
}
