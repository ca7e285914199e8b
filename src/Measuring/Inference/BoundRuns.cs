using System.Collections.Immutable;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Emergence.Measuring.Inference;

/// <summary>
/// Runs a session with bound inputs and outputs, one run at a time: what comes back from a device is what was asked for and
/// nothing else. Where the device has host memory that it reads and writes directly, samples and results lie there.
/// </summary>
internal sealed unsafe class BoundRuns : IDisposable
{
    private readonly InferenceSession session;
    private readonly ImmutableArray<InputFeed> feeds;
    private readonly IReadOnlyCollection<string> outputs;
    private readonly OrtIoBinding binding;
    private readonly OrtMemoryInfo? host;
    private readonly OrtAllocator? allocator;
    private readonly ImmutableArray<OrtValue> pinned = [];

    /// <summary>Binds.</summary>
    /// <param name="session">The model.</param>
    /// <param name="feeds">Its inputs, which nobody else fills meanwhile.</param>
    /// <param name="outputs">The outputs to ask for.</param>
    /// <param name="host">The memory of this machine that the device reads directly; null where there is none.</param>
    public BoundRuns(
        InferenceSession session, ImmutableArray<InputFeed> feeds, IReadOnlyCollection<string> outputs, OrtMemoryInfo? host)
    {
        (this.session, this.feeds, this.outputs, this.host) = (session, feeds, outputs, host);
        binding = session.CreateIoBinding();
        if (host is null)
            return;
        allocator = new OrtAllocator(session, host);
        pinned = [.. feeds.Select(feed =>
            OrtValue.CreateAllocatedTensorValue(allocator, TensorElementType.UInt8, [feed.Bytes]))];
        foreach (var (feed, memory) in feeds.Zip(pinned))
        {
            // The runtime's memory does not move.
            fixed (byte* address = memory.GetTensorMutableRawData())
                feed.Use((nint)address, host);
        }
    }

    /// <summary>Bytes that have been fed.</summary>
    public long BytesIn { get; private set; }

    /// <summary>Bytes that came back.</summary>
    public long BytesBack { get; private set; }

    /// <summary>One run.</summary>
    /// <exception cref="OnnxRuntimeException">It failed.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(
        RunOptions options, int start, int count, int fed, (string Name, OrtValue Value)? ones)
    {
        foreach (var feed in feeds)
            Bind(feed.Name, feed.Fill(start, count, fed));
        if (ones is { } groups)
            Bind(groups.Name, groups.Value);
        // Each time: what an earlier run wrote would be written over, and must have the same shape.
        foreach (var output in outputs)
            binding.BindOutputToDevice(output, host ?? OrtMemoryInfo.DefaultInstance);
        binding.SynchronizeBoundInputs();
        session.RunWithBinding(options, binding);
        binding.SynchronizeBoundOutputs();
        var results = binding.GetOutputValues();
        foreach (var result in results)
            BytesBack += result.IsTensor ? result.GetTensorSizeInBytes() : 0;
        return results;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        binding.Dispose();
        foreach (var feed in feeds)
            feed.UseOwn();
        foreach (var memory in pinned)
            memory.Dispose();
        allocator?.Dispose();
    }

    private void Bind(string name, OrtValue value)
    {
        binding.BindInput(name, value);
        BytesIn += value.GetTensorSizeInBytes();
    }
}
