using System.Runtime.ExceptionServices;

namespace Emergence.Measuring.Inference;

/// <summary>Work that each layer has for itself, on several threads.</summary>
internal static class Layerwise
{
    /// <summary>Does the work of each layer; of what fails, the first layer's error is thrown, when all have ended.</summary>
    /// <param name="layers">How many there are.</param>
    /// <param name="threads">The most at a time; with 1 they come in order, and none after the first error.</param>
    /// <param name="work">Takes a layer's number, from 0.</param>
    public static void Do(int layers, int threads, Action<int> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        if (threads == 1)
        {
            for (var layer = 0; layer < layers; layer++)
                work(layer);
            return;
        }
        var failures = new Exception?[layers];
        Parallel.For(0, layers, new ParallelOptions { MaxDegreeOfParallelism = threads }, layer =>
        {
            try
            {
                work(layer);
            }
            catch (Exception e)
            {
                failures[layer] = e;
            }
        });
        if (Array.Find(failures, failure => failure is not null) is { } first)
            ExceptionDispatchInfo.Throw(first);
    }
}
