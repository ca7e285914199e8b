using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Benchmarks;

/// <summary>What one would write who only wants to run the models of a series on MNIST: no layer is looked at.</summary>
internal static class PlainSeries
{
    private const int Pixels = 28 * 28;

    /// <summary>Runs: <c>plain MNIST_FOLDER SAMPLES BATCH FILE…</c>; a model of a fixed batch runs in that.</summary>
    public static int Run(string[] args)
    {
        int Number(int at) => int.Parse(args[at], CultureInfo.InvariantCulture);
        var (samples, batch) = (Number(1), Number(2));
        var images = Images(args[0], samples);
        foreach (var file in args[3..])
            Run(file, images, samples, batch);
        return 0;
    }

    private static void Run(string file, float[] images, int samples, int batch)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(file, settings);
        using var options = new RunOptions();
        var (name, input) = session.InputMetadata.First();
        var shape = Array.ConvertAll(input.Dimensions, size => (long)size);
        batch = shape[0] > 0 ? (int)shape[0] : batch;
        for (var start = 0; start < samples; start += batch)
        {
            var count = Math.Min(batch, samples - start);
            shape[0] = count;
            using var value = OrtValue.CreateTensorValueFromMemory<float>(
                OrtMemoryInfo.DefaultInstance, images.AsMemory(start * Pixels, count * Pixels), shape);
            session.Run(options, [name], [value], session.OutputNames).Dispose();
        }
    }

    private static float[] Images(string folder, int samples)
    {
        using var packed = File.OpenRead(Path.Combine(folder, "t10k-images-idx3-ubyte.gz"));
        using var file = new GZipStream(packed, CompressionMode.Decompress);
        var bytes = new byte[16 + (samples * Pixels)];
        file.ReadExactly(bytes);
        return Array.ConvertAll(bytes[16..], pixel => (float)pixel);
    }
}
