using System.Security.Cryptography;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>An opened file, its hash and what it says of itself.</summary>
public sealed class CheckpointTests : IDisposable
{
    private static readonly CheckpointMetadata Full = new()
    {
        Epoch = 3,
        Seed = -1,
        Dataset = "digits",
        Split = "test",
        DatasetSha256 = "ab12",
        Scale = 1f / 255,
        Mean = [0.5f, 0.1f, 0.25f],
        Std = [0.5f],
        TrainLoss = 0.1,
        TestLoss = 1e-300,
        TrainAccuracy = 1,
        TestAccuracy = 0.9734,
        Network = "mlp",
        Hidden = "128,64",
        Activation = "relu",
        Optimizer = "sgd",
        LearningRate = 0.005,
        Momentum = 0,
        BatchSize = 64,
    };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_checkpoint_knows_its_file()
    {
        var bytes = ModelFile.Serialize(TinyModels.Dense());
        var path = folder.Write("ckpt_001.onnx", bytes);
        var checkpoint = Checkpoint.Open(path);
        Assert.Equal(path, checkpoint.Path);
        Assert.Equal("ckpt_001.onnx", checkpoint.FileName);
        Assert.Equal(folder.Root, checkpoint.Directory);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), checkpoint.Sha256);
        Assert.Equal(TinyModels.Dense(), checkpoint.Model);
        Assert.Equal(new CheckpointMetadata(), checkpoint.Metadata);
    }

    [Fact]
    public void the_hash_covers_the_whole_of_a_file_larger_than_any_buffer()
    {
        var model = TinyModels.Dense();
        model.Graph.Initializer.Add(TensorValues.FromFloats("large", [1 << 20], new float[1 << 20]));
        var bytes = ModelFile.Serialize(model);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), Checkpoint.Open(folder.Write("m.onnx", bytes)).Sha256);
    }

    [Fact]
    public void metadata_reads_back_as_written()
    {
        var model = TinyModels.Dense();
        model.MetadataProps.Add(new StringStringEntryProto { Key = "author", Value = "someone" });
        Full.WriteTo(model);
        Assert.Equal(20, model.MetadataProps.Count);
        Assert.Equal("0.005", Value(model, "emergence.lr"));
        Assert.Equal("0.5,0.1,0.25", Value(model, "emergence.mean"));
        var read = CheckpointMetadata.Read(ModelFile.Parse(ModelFile.Serialize(model), "m"));
        Assert.Equal(Full.Mean, read.Mean);
        Assert.Equal(Full.Std, read.Std);
        Assert.Equal(Full, read with { Mean = Full.Mean, Std = Full.Std });
    }

    [Fact]
    public void writing_replaces_in_place_and_removes_what_is_absent()
    {
        var model = TinyModels.Dense();
        foreach (var (key, value) in new[] { ("emergence.epoch", "1"), ("author", "someone"), ("emergence.epoch", "1"),
            ("emergence.seed", "5") })
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        Assert.Equal(1, CheckpointMetadata.Read(model).Epoch);
        new CheckpointMetadata { Epoch = 2, Dataset = "mnist" }.WriteTo(model);
        Assert.Equal(
            [("author", "someone"), ("emergence.epoch", "2"), ("emergence.dataset", "mnist")],
            model.MetadataProps.Select(entry => (entry.Key, entry.Value)));
    }

    [Fact]
    public void metadata_does_not_depend_on_the_culture()
    {
        var before = System.Globalization.CultureInfo.CurrentCulture;
        try
        {
            System.Globalization.CultureInfo.CurrentCulture = (System.Globalization.CultureInfo)before.Clone();
            System.Globalization.CultureInfo.CurrentCulture.NumberFormat.NumberDecimalSeparator = ",";
            var model = TinyModels.Dense();
            Full.WriteTo(model);
            Assert.Equal("0.9734", Value(model, "emergence.test_accuracy"));
            Assert.Equal(0.9734, CheckpointMetadata.Read(model).TestAccuracy);
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }

    private static string Value(ModelProto model, string key) => model.MetadataProps.Single(entry => entry.Key == key).Value;
}
