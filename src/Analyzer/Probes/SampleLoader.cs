using System.Collections.Immutable;
using Emergence.Datasets;

namespace Emergence.Analyzer.Probes;

/// <summary>Loads samples by data set name or path, each only once: the checkpoints of a series share them.</summary>
/// <param name="progress">Told what a download does, a line at a time; null for nobody.</param>
public sealed class SampleLoader(Action<string>? progress = null)
{
    private readonly Dictionary<object, object> loaded = [];

    /// <summary>A split of a data set of the catalogue; see <see cref="DatasetCatalog.Load(string, string, string?, int?, Action{string}?, CancellationToken)"/>.</summary>
    internal SampleSet LoadSet(string name, string split, ProbeOptions options, CancellationToken token) => Once(
        ("set", name, split, options.DataDir, options.Samples),
        () => DatasetCatalog.Load(name, split, options.DataDir, options.Samples, progress, token));

    /// <summary>A file or folder; see <see cref="StoredSamples.Read"/>.</summary>
    internal StoredSamples LoadPath(string path, string split, ProbeOptions options, ImmutableArray<string> inputs) => Once(
        ("path", path, split, options.Samples, string.Join('\n', inputs)),
        () => StoredSamples.Read(path, split, options.Samples, inputs));

    /// <summary>A file of labels; see <see cref="LabelFile.Read"/>.</summary>
    internal int[] LoadLabels(string path) => Once(("labels", path), () => LabelFile.Read(path));

    private T Once<T>(object key, Func<T> load) where T : class
    {
        if (!loaded.TryGetValue(key, out var value))
            loaded[key] = value = load();
        return (T)value;
    }
}
