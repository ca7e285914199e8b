using System.Collections.Immutable;
using Emergence.Analyzer.Journal;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Sharding;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Onnx;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>Series to split, how they are measured in parts, and everything that is written of an outcome.</summary>
internal sealed class ShardedSeries : IDisposable
{
    private readonly TemporaryFolder folder = new();
    // What was measured once is not measured again for each split.
    private readonly ResultStore store;

    public ShardedSeries() => store = new(() => folder.Path("store"));

    public TemporaryFolder Folder => folder;

    /// <summary>Trained networks of two kinds.</summary>
    public static ImmutableArray<string> Real()
    {
        var models = Path.Combine(SharedFiles.Repository, "models");
        string[] mlp = [.. Directory.GetFiles(Path.Combine(models, "digits-mlp"), "*.onnx").Order(StringComparer.Ordinal)];
        string[] lenet = [.. Directory.GetFiles(Path.Combine(models, "digits-lenet"), "*.onnx").Order(StringComparer.Ordinal)];
        return [.. mlp[..3], .. lenet, mlp[3]];
    }

    /// <summary>Small ones that record no epoch but have a number in their names, of which the weights change.</summary>
    public ImmutableArray<string> Small(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Weighted(
            $"step-{10 * (i + 1):0000}", [1 + i, i % 3 == 0 ? -1 : 1, i % 2 == 0 ? 2 : -2, 0.125f * i]))];

    /// <summary>A small one with these weights in its first layer.</summary>
    public string Weighted(string name, float[] weights)
    {
        var model = TinyModels.Dense();
        model.Graph.Initializer[0] = TensorOf("w", weights);
        var path = folder.Path($"{name}.onnx");
        ModelFile.Save(model, path);
        return path;
    }

    /// <summary>Small ones with files that fail, at the beginning and in the middle, and two changes of structure.</summary>
    public ImmutableArray<string> Mixed()
    {
        var files = Small(11);
        foreach (var file in files[6..8])
        {
            var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file));
            model.Graph.Node[0].Name = "another";
            ModelFile.Save(model, file);
        }
        foreach (var file in (string[])[files[0], files[4]])
            File.WriteAllBytes(file, [1, 2, 3]);
        return files;
    }

    public AnalysisOutcome Whole(ImmutableArray<string> files, AnalysisSettings settings, ProbeOptions? probe = null) =>
        Analysis.Run(Request(files, settings, probe), progress: null, TestContext.Current.CancellationToken);

    /// <summary>Every part, written and read again.</summary>
    public FoundPart[] Parts(ImmutableArray<string> files, AnalysisSettings settings, int shards, ProbeOptions? probe = null) =>
        [.. Enumerable.Range(1, shards).Select(index => Part(files, settings, new Shard(index, shards), probe))];

    public FoundPart Part(ImmutableArray<string> files, AnalysisSettings settings, Shard shard, ProbeOptions? probe = null) =>
        Stored(Analysis.Run(Request(files, settings, probe) with { Shard = shard }, progress: null,
            TestContext.Current.CancellationToken).Part!);

    /// <summary>A part as it is read from its file.</summary>
    public FoundPart Stored(ShardPart part, string? place = null)
    {
        using var stream = new MemoryStream();
        ShardWriter.Write(part, stream);
        var file = folder.Write($"shard-{part.Shard.Index}", stream.ToArray());
        return new FoundPart(place ?? $"shard-{part.Shard.Index}", ShardReader.Read(file, out var seal), seal);
    }

    /// <summary>Every form that an outcome is written in.</summary>
    public static ImmutableDictionary<string, string> Outputs(AnalysisOutcome outcome) => ReportWriters.All
        .Where(writer => outcome.Series.Settings.Units || !writer.OfUnits)
        .Select(writer => (Name: writer.FileName ?? writer.Format!, writer.Write))
        .Append((Name: "tensorboard", Write: (Action<AnalysisOutcome, Stream>)EventFiles.Write))
        .ToImmutableDictionary(writer => writer.Name, writer =>
        {
            using var stream = new MemoryStream();
            writer.Write(outcome, stream);
            return Convert.ToBase64String(stream.ToArray());
        });

    public void Dispose() => folder.Dispose();

    private AnalysisRequest Request(ImmutableArray<string> files, AnalysisSettings settings, ProbeOptions? probe) =>
        new(files, settings, probe ?? new ProbeOptions { Samples = 64 }) { Store = store };

    private static TensorProto TensorOf(string name, float[] values) => new()
    {
        Name = name,
        DataType = (int)TensorProto.Types.DataType.Float,
        Dims = { 2, 2 },
        FloatData = { values },
    };
}
