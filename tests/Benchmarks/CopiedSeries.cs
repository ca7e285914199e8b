using System.Globalization;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Benchmarks;

/// <summary>Copies of one model in a folder that goes away with it, each with an entry of its own, so that no result serves
/// twice.</summary>
internal sealed class CopiedSeries : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("emergence-series-");

    /// <summary>Writes the copies.</summary>
    public CopiedSeries(string file, int copies)
    {
        var model = ModelFile.Read(file);
        var entry = new StringStringEntryProto { Key = "copy" };
        model.MetadataProps.Add(entry);
        Paths = new string[copies];
        for (var i = 0; i < copies; i++)
        {
            entry.Value = i.ToString(CultureInfo.InvariantCulture);
            Paths[i] = Path.Combine(folder.FullName, $"copy_{i:00000}.onnx");
            ModelFile.Save(model, Paths[i]);
        }
    }

    /// <summary>Their files, in order.</summary>
    public string[] Paths { get; }

    /// <inheritdoc/>
    public void Dispose() => folder.Delete(recursive: true);
}
