using Emergence.Measuring.Inference;

namespace Emergence.Analyzer.Tests.Inference;

/// <summary>The work of each layer, on one thread and on several.</summary>
public class LayerwiseTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Every_layer_is_done_once(int threads)
    {
        var done = new int[100];
        Layerwise.Do(done.Length, threads, layer => Interlocked.Increment(ref done[layer]));
        Assert.All(done, times => Assert.Equal(1, times));
    }

    [Fact]
    public void One_thread_takes_them_in_order_and_stops_at_the_first_error()
    {
        var done = new List<int>();
        Assert.Throws<InvalidDataException>(() => Layerwise.Do(5, 1, layer =>
        {
            done.Add(layer);
            if (layer == 2)
                throw new InvalidDataException();
        }));
        Assert.Equal([0, 1, 2], done);
    }

    [Fact]
    public void Several_threads_throw_the_error_of_the_first_layer()
    {
        // Layer 3 fails when layer 7 has.
        using var failed = new ManualResetEventSlim();
        var e = Assert.Throws<InvalidDataException>(() => Layerwise.Do(8, 8, layer =>
        {
            if (layer == 3)
                failed.Wait(TimeSpan.FromSeconds(5));
            if (layer == 7)
                failed.Set();
            if (layer is 3 or 7)
                throw new InvalidDataException($"layer {layer}");
        }));
        Assert.Equal("layer 3", e.Message);
    }
}
