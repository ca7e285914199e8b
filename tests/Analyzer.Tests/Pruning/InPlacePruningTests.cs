using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Weights that stay in a file are pruned like those in memory, byte for byte.</summary>
public sealed class InPlacePruningTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Ways => ["global", "layer", "random", "wanda", "nodes", "shrink", "again"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Ways))]
    public void the_saved_model_is_the_same(string way)
    {
        var path = folder.Write("net.onnx", Network().ToByteArray());
        var options = Options(way);
        var whole = Saved(Checkpoint.Open(path), options, null, "whole.onnx");
        Assert.NotEqual(File.ReadAllBytes(path), whole);
        Assert.Equal(whole, Saved(Checkpoint.Open(path, 0), options, null, "memory.onnx"));
        using (var spool = new TensorSpool(folder.Path("out", "spooled.onnx")))
            Assert.Equal(whole, Saved(Checkpoint.Open(path, 0), options, spool, "spooled.onnx"));
        // The spool goes with what made it.
        Assert.Equal(["memory.onnx", "net.onnx", "spooled.onnx", "whole.onnx"],
            Directory.GetFiles(folder.Root).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void external_data_are_pruned_through_the_spool_too()
    {
        var model = Network();
        var path = folder.Write("net.onnx", model.ToByteArray());
        var whole = Saved(Checkpoint.Open(path), Options("global"), null, "whole.onnx");
        using (var data = File.Create(folder.Path("w.data")))
        {
            foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.Dims.Count == 2))
            {
                tensor.DataLocation = DataLocation.External;
                tensor.ExternalData.Add(Entry("location", "w.data"));
                tensor.ExternalData.Add(Entry("offset", data.Position.ToString(CultureInfo.InvariantCulture)));
                tensor.ExternalData.Add(Entry("length", tensor.RawData.Length.ToString(CultureInfo.InvariantCulture)));
                tensor.RawData.WriteTo(data);
                tensor.ClearRawData();
            }
        }
        folder.Write("external.onnx", model.ToByteArray());
        using var spool = new TensorSpool(folder.Path("spooled.onnx"));
        var spooled = Saved(Checkpoint.Open(folder.Path("external.onnx")), Options("global"), spool, "spooled.onnx");
        Assert.Equal(whole, spooled);
    }

    [Fact]
    public void elements_below_a_byte_are_changed_alone()
    {
        var raw = new byte[(1 << 19) + 1];
        new Random(5).NextBytes(raw);
        folder.Write("w.data", raw);
        foreach (var type in (DataType[])[DataType.Int4, DataType.Uint2, DataType.Int8, DataType.Float16])
        {
            var bits = ElementTypes.Bits((int)type);
            var count = raw.Length / 2 * 8 / bits;
            var external = TinyModels.ExternalTensor("w", type, [count], "w.data", 0, (count * bits + 7) / 8);
            var values = TensorValues.ToDoubles(external, folder.Root);
            var expected = TensorValues.WithDoubles(
                external, [.. values.Select((value, i) => i % 7 == 3 ? 0 : value)], folder.Root);
            using var spool = new TensorSpool(folder.Path("out.onnx"));
            var copy = spool.Add(external, folder.Root, (i, value) => i % 7 == 3 && value != 0 ? 0 : null);
            Assert.Equal(expected.RawData.ToByteArray(), TensorValues.ToRaw(copy, null));
        }
    }

    private byte[] Saved(Checkpoint checkpoint, PruneOptions options, TensorSpool? spool, string name)
    {
        var pruned = Pruner.Prune(checkpoint, options, spool);
        if (spool is not null && !options.Shrink)
            Assert.All(pruned.Model.Graph.Initializer,
                tensor => Assert.InRange(tensor.RawData.Length, 0, TensorsInPlace.SmallestTensor));
        ModelFile.Save(pruned.Model, folder.Path(name));
        return File.ReadAllBytes(folder.Path(name));
    }

    private static PruneOptions Options(string way)
    {
        var options = new PruneOptions { Amount = 0.4 };
        return way switch
        {
            "layer" => options with { Scope = PruneScope.Layer },
            "random" => options with { RandomSeed = 3 },
            "wanda" => options with
            {
                InputSizes = new Dictionary<string, ImmutableArray<double>>
                {
                    ["w0"] = [.. Enumerable.Range(1, 160).Select(i => (double)i)],
                }.ToImmutableDictionary(),
            },
            "nodes" => options with { Structure = PruneStructure.Nodes },
            "shrink" => options with { Structure = PruneStructure.Nodes, Shrink = true },
            "again" => options with { Of = PruneShare.Remaining },
            _ => options,
        };
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    /// <summary>Three dense layers; a third of the weights is zero, of either sign.</summary>
    private static ModelProto Network()
    {
        var (graph, random) = (new GraphBuilder("net"), new Random(2));
        int[] sizes = [160, 128, 160, 130];
        var value = graph.Input("x", DataType.Float, "N", sizes[0]);
        for (var i = 0; i + 1 < sizes.Length; i++)
        {
            var weights = Enumerable.Range(0, sizes[i] * sizes[i + 1])
                .Select(_ => random.Next(3) == 0 ? random.Next(2) == 0 ? 0f : -0f : (float)(random.NextDouble() - 0.5)).ToArray();
            var w = graph.Initializer($"w{i}", [sizes[i], sizes[i + 1]], weights);
            value = graph.Node("Relu", [graph.Node("MatMul", [value, w])]);
        }
        graph.Output(value, DataType.Float, "N", sizes[^1]);
        return graph.Build(opset: 17, ir: 8, producer: "tests");
    }
}
