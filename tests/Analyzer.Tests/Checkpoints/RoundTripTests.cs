using Emergence.Checkpoints;
using Emergence.Testing;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>Read and written back, a file holds the same fields.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void every_foreign_model_keeps_all_its_fields()
    {
        var files = Directory.GetFiles(SharedFiles.Require("models"), "*.onnx", SearchOption.AllDirectories)
            .Where(file => !file.Contains("not_a_model", StringComparison.Ordinal)).ToArray();
        Assert.True(files.Length >= 30, $"only {files.Length} models");
        foreach (var file in files)
        {
            var copy = folder.Path("copy.onnx");
            ModelFile.Save(ModelFile.Read(file), copy);
            Assert.Equal(WireReader.Read(File.ReadAllBytes(file)), WireReader.Read(File.ReadAllBytes(copy)));
        }
    }

    [Fact]
    public void no_foreign_model_has_a_field_that_the_schema_lacks()
    {
        foreach (var file in Directory.GetFiles(SharedFiles.Require("models"), "*.onnx", SearchOption.AllDirectories))
        {
            if (file.Contains("not_a_model", StringComparison.Ordinal))
                continue;
            Assert.DoesNotContain(WireReader.Read(File.ReadAllBytes(file)), value => value.Path.EndsWith('?'));
            var known = ModelFile.Read(file);
            var all = known.ToByteArray();
            known = ModelProto.Parser.WithDiscardUnknownFields(true).ParseFrom(all);
            Assert.Equal(all.Length, known.CalculateSize());
        }
    }

    [Fact]
    public void the_foreign_tensors_test_data_reads()
    {
        var path = SharedFiles.Require("models", "mnist", "cntk251_mnist8", "test_data_set_0", "output_0.pb");
        var tensor = TensorProto.Parser.ParseFrom(File.ReadAllBytes(path));
        Assert.Equal(10, TensorValues.ToFloats(tensor, null).Length);
        Assert.Equal(WireReader.Read(File.ReadAllBytes(path), "Tensor"), WireReader.Read(tensor.ToByteArray(), "Tensor"));
    }

    [Fact]
    public void fields_of_later_versions_survive_at_every_depth()
    {
        // Field 900 as a varint, 901 as bytes, 902 as 32 bits, 903 as 64 bits.
        byte[] later = [0xA0, 0x38, 7, 0xAA, 0x38, 2, 1, 2, 0xB5, 0x38, 1, 2, 3, 4, 0xB9, 0x38, 1, 2, 3, 4, 5, 6, 7, 8];
        var model = TinyModels.Dense();
        model.Graph.Node[0] = NodeProto.Parser.ParseFrom([.. model.Graph.Node[0].ToByteArray(), .. later]);
        model.Graph.Initializer[0] = TensorProto.Parser.ParseFrom([.. model.Graph.Initializer[0].ToByteArray(), .. later]);
        byte[] bytes = [.. model.ToByteArray(), .. later];

        var before = WireReader.Read(bytes);
        Assert.Equal(12, before.Count(value => value.Path.EndsWith('?')));
        Assert.Equal(before, WireReader.Read(ModelFile.Serialize(ModelFile.Parse(bytes, "later"))));
    }

    [Fact]
    public void presence_packing_and_unknown_enum_values_survive()
    {
        var model = TinyModels.Dense();
        model.ModelVersion = 0;
        model.DocString = "";
        model.Graph.Node[0].Attribute[0].Type = (AttributeProto.Types.AttributeType)99;
        // dims of [2, 3] packed, as proto3 writers do.
        var packed = TensorProto.Parser.ParseFrom([0x0A, 2, 2, 3, 0x10, 1]);
        Assert.Equal([2, 3], packed.Dims);
        model.Graph.Initializer.Add(packed);
        var bytes = ModelFile.Serialize(model);
        var values = WireReader.Read(bytes);
        Assert.Contains(("Model.5[0]", "0000000000000000"), values);
        Assert.Contains(("Model.6[0]", ""), values);
        Assert.Contains(("Model.7[0].1[0].5[0].20[0]", "6300000000000000"), values);
        Assert.Contains(("Model.7[0].5[2].1[1]", "0300000000000000"), values);
        Assert.Equal(values, WireReader.Read(ModelFile.Serialize(ModelFile.Parse(bytes, "again"))));
    }

    [Fact]
    public void saving_is_deterministic_and_replaces_the_file_whole()
    {
        var path = folder.Write("model.onnx", new byte[100_000]);
        ModelFile.Save(TinyModels.Dense(), path);
        var first = File.ReadAllBytes(path);
        ModelFile.Save(TinyModels.Dense(), path);
        Assert.Equal(first, File.ReadAllBytes(path));
        Assert.Equal(ModelFile.Serialize(TinyModels.Dense()), first);
        Assert.Equal([path], Directory.GetFiles(folder.Root));
    }
}
