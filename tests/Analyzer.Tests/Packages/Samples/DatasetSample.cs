using Emergence.Datasets;

namespace Samples;

/// <summary>Loads the first samples of a data set, and prints their shape and labels.</summary>
public static class DatasetSample
{
    public static void Run(TextWriter output)
    {
        var digits = DatasetCatalog.Load("digits", "test", dataDir: null, samples: 8);
        output.WriteLine($"{digits.Count} samples of [{string.Join(", ", digits.SampleShape)}]");
        output.WriteLine($"labels {string.Join(", ", digits.Labels!)}");
    }
}
