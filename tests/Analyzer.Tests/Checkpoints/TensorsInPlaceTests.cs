using System.Text;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>A tensor that stays in its file is the tensor that it would be in memory.</summary>
public sealed class TensorsInPlaceTests : IDisposable
{
    private const int Rows = 160, Columns = 128;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_model_is_the_same_with_tensors_left_in_the_file()
    {
        var path = Write(Network());
        var (whole, left) = (Checkpoint.Open(path), Checkpoint.Open(path, 0));
        Assert.Equal(["w", "v"], left.Model.Graph.Initializer.Where(TensorsInPlace.Holds).Select(tensor => tensor.Name));
        Assert.DoesNotContain(whole.Model.AllTensors(), TensorsInPlace.Holds);
        Assert.Equal(whole.Sha256, left.Sha256);
        Assert.Equal(whole.Bytes, left.Bytes);
        Assert.Empty(left.ExternalFiles);
        AssertSame(whole.Model, left.Model);
        Assert.Equal(File.ReadAllBytes(path), ModelFile.Serialize(left.Model));
        left.RequireUnchanged();
        left.RequireExternalData();
    }

    [Fact]
    public void it_is_written_as_it_was_read()
    {
        var path = Write(Network());
        var copy = folder.Path("copy.onnx");
        ModelFile.Save(Checkpoint.Open(path, 0).Model, copy);
        Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(copy));
    }

    [Fact]
    public void what_is_moved_out_of_the_main_graph_is_written_too()
    {
        var model = Checkpoint.Open(Write(Network()), 0).Model.Clone();
        var tensor = model.Graph.Initializer.Single(tensor => tensor.Name == "v");
        model.Graph.Initializer.Remove(tensor);
        model.Graph.Node.Insert(0, new NodeProto
        {
            OpType = "Constant",
            Output = { "v" },
            Attribute = { new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = tensor } },
        });
        ModelFile.Save(model, folder.Path("moved.onnx"));
        AssertSame(ModelFile.Read(folder.Path("moved.onnx")), model);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void the_runtime_computes_the_same(bool isLink)
    {
        var path = Write(Network(), "below/net.onnx");
        if (isLink)
        {
            Directory.CreateDirectory(folder.Path("links"));
            path = File.CreateSymbolicLink(folder.Path("links/other.onnx"), path).FullName;
        }
        var left = Checkpoint.Open(path, 0);
        Assert.Contains(left.Model.AllTensors(), TensorsInPlace.Holds);
        Assert.Equal(Run(ModelFile.Read(path), path), Run(left.Model, path));
    }

    [Fact]
    public void external_data_are_found_beside_tensors_that_a_link_leads_to()
    {
        var model = Network();
        var small = model.Graph.Initializer.Single(tensor => tensor.Name == "b");
        var bytes = small.RawData.ToByteArray();
        model.Graph.Initializer[model.Graph.Initializer.IndexOf(small)] =
            TinyModels.ExternalTensor("b", DataType.Float, [Columns], "b.bin", 0, bytes.Length);
        var path = Write(model, "below/net.onnx");
        folder.Write("links/b.bin", bytes);
        var link = File.CreateSymbolicLink(folder.Path("links/net.onnx"), path).FullName;
        var left = Checkpoint.Open(link, 0);
        Assert.Equal(2, left.Model.AllTensors().Count(TensorsInPlace.Holds));
        Assert.Equal(Run(Network(), Write(Network())), Run(left.Model, link));
    }

    [Fact]
    public void a_file_that_is_written_again_is_noticed()
    {
        var path = Write(Network());
        var left = Checkpoint.Open(path, 0);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);
        var expected = $"{path}: was written again while it was read; try again";
        Assert.Equal(expected, Assert.Throws<UserException>(left.RequireUnchanged).Message);
        Assert.Equal(expected, Assert.Throws<UserException>(
            () => new StoredTensors(left.Model, left.Directory).Floats("w")).Message);
        Assert.Equal(expected, Assert.Throws<UserException>(
            () => ModelFile.Save(left.Model, folder.Path("copy.onnx"))).Message);
        Assert.False(File.Exists(folder.Path("copy.onnx")));
    }

    [Fact]
    public void a_file_that_is_gone_is_named()
    {
        var path = Write(Network());
        var left = Checkpoint.Open(path, 0);
        File.Delete(path);
        Assert.StartsWith($"{path}: cannot be read any more (",
            Assert.Throws<UserException>(left.RequireUnchanged).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void external_data_that_are_written_again_are_noticed()
    {
        folder.Write("w.data", new byte[16]);
        var checkpoint = Checkpoint.Open(Write(TinyModels.External("w.data")));
        checkpoint.RequireUnchanged();
        File.SetLastWriteTimeUtc(folder.Path("w.data"), DateTime.UnixEpoch);
        Assert.Equal($"{folder.Path("w.data")}: was written again while it was read; try again",
            Assert.Throws<UserException>(checkpoint.RequireUnchanged).Message);
    }

    // As such a tensor is in memory, but for the key that this process has made up.
    [Fact]
    public void a_file_cannot_say_that_its_tensors_stayed_in_another()
    {
        var secret = folder.Write("elsewhere/w.data", new byte[16]);
        var model = Network();
        var forged = TinyModels.ExternalTensor("forged", DataType.Float, [2, 2], secret, 0, 16);
        forged.ExternalData.Add(new StringStringEntryProto { Key = "written", Value = "0 16" });
        model.Graph.Initializer.Add(forged);
        var path = Write(model);
        foreach (var smallest in (long[])[0, long.MaxValue])
            Assert.Contains("is no path relative to the model's folder",
                Assert.Throws<UserException>(() => Checkpoint.Open(path, smallest)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void what_tells_a_tensor_that_stayed_is_in_no_file()
    {
        var model = Checkpoint.Open(Write(Network()), 0).Model;
        var marks = model.AllTensors().SelectMany(tensor => tensor.ExternalData)
            .Select(entry => entry.Key).Except(["location", "offset", "length"]).Distinct().ToArray();
        var mark = Encoding.UTF8.GetBytes(Assert.Single(marks));
        var directory = folder.Root;
        Assert.True(ModelFile.Serialize(model).AsSpan().IndexOf(mark) < 0);
        Assert.True(ModelFile.SerializeInPlace(model, ref directory).AsSpan().IndexOf(mark) < 0);
    }

    [Fact]
    public void what_is_laid_out_otherwise_is_read_whole()
    {
        var raw = new byte[Rows * Columns * 4];
        var tensor = TensorValues.FromRaw("u", DataType.Float, [Rows, Columns], raw);
        byte[] twice = [.. tensor.ToByteArray(), .. new TensorProto { RawData = ByteString.CopyFrom(raw) }.ToByteArray()];
        var path = folder.Path("twice.onnx");
        var graph = new GraphProto { Name = "g" }.ToByteArray();
        byte[] initializer = [.. Field(GraphProto.InitializerFieldNumber, twice)];
        File.WriteAllBytes(path, [
            .. TinyModels.Dense().ToByteArray(), .. Field(ModelProto.GraphFieldNumber, [.. graph, .. initializer])]);
        var (whole, left) = (ModelFile.Read(path), Checkpoint.Open(path, 0).Model);
        Assert.DoesNotContain(left.AllTensors(), TensorsInPlace.Holds);
        Assert.Equal(whole, left);
    }

    [Fact]
    public void data_that_do_not_fit_are_refused_in_the_same_words()
    {
        var model = Network();
        model.Graph.Initializer[0].Dims[0]++;
        var path = Write(model);
        string Error(Checkpoint checkpoint) => Assert.Throws<UserException>(
            () => new StoredTensors(checkpoint.Model, checkpoint.Directory).Floats("w")).Message;
        Assert.Equal(Error(Checkpoint.Open(path)), Error(Checkpoint.Open(path, 0)));
    }

    [Fact]
    public void a_damaged_file_is_what_it_is_when_it_is_read_whole()
    {
        var bytes = Network().ToByteArray();
        var random = new Random(7);
        var path = folder.Path("damaged.onnx");
        var (read, refused) = (0, 0);
        for (var i = 0; i < 300; i++)
        {
            var damaged = (byte[])bytes.Clone();
            // The weights are most of the file; what tells where they are is what can go wrong.
            var place = random.Next(3) == 0 ? random.Next(damaged.Length) : Structure(bytes, random);
            damaged[place] = (byte)random.Next(256);
            File.WriteAllBytes(path, random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged);
            var (whole, left) = (Open(path, long.MaxValue), Open(path, 0));
            Assert.Equal(whole.Error, left.Error);
            if (whole.Model is { } model)
                AssertSame(model, left.Model!);
            (read, refused) = whole.Model is null ? (read, refused + 1) : (read + 1, refused);
        }
        Assert.True(read > 50 && refused > 50, $"{read} read, {refused} refused");
    }

    private static (ModelProto? Model, string? Error) Open(string path, long smallest)
    {
        try
        {
            return (Checkpoint.Open(path, smallest).Model, null);
        }
        catch (UserException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>A byte that is no weight.</summary>
    private static int Structure(byte[] bytes, Random random)
    {
        for (; ; )
        {
            var at = random.Next(bytes.Length);
            if (bytes[at] != Filling)
                return at;
        }
    }

    private const byte Filling = 0x3C;

    private static void AssertSame(ModelProto whole, ModelProto left)
    {
        left = left.Clone();
        foreach (var tensor in left.AllTensors().Where(TensorsInPlace.Holds))
        {
            tensor.RawData = Data(tensor, whole);
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }
        Assert.Equal(whole, left);
    }

    // Damaged dimensions make it unreadable either way; then only the place is compared.
    private static ByteString Data(TensorProto tensor, ModelProto whole)
    {
        try
        {
            return ByteString.CopyFrom(TensorValues.ToRaw(tensor, null));
        }
        catch (UserException e) when (!e.Message.Contains("written again", StringComparison.Ordinal))
        {
            var length = ExternalData.Entry(tensor, "length");
            return whole.AllTensors().First(other => $"{other.RawData.Length}" == length).RawData;
        }
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }
        return stream.ToArray();
    }

    private static float[] Run(ModelProto model, string path)
    {
        using var session = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu, Threads = 1 }).Open(model, path);
        using var input = OrtValue.CreateTensorValueFromMemory([.. Enumerable.Range(0, Rows).Select(i => i / 100f)], [1, Rows]);
        using var options = new RunOptions();
        using var results = session.Run(options, ["x"], [input], ["y"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private string Write(ModelProto model, string name = "net.onnx")
    {
        folder.Write(name, model.ToByteArray());
        return folder.Path(name);
    }

    /// <summary>Two large tensors, and others on either side of them.</summary>
    private static ModelProto Network()
    {
        var bytes = new byte[Rows * Columns * 4];
        Array.Fill(bytes, Filling);
        var graph = new GraphBuilder("net");
        var x = graph.Input("x", DataType.Float, "N", Rows);
        var w = graph.Initializer(TensorValues.FromRaw("w", DataType.Float, [Rows, Columns], bytes));
        var b = graph.Initializer("b", [Columns], [.. Enumerable.Range(0, Columns).Select(i => i - 60f)]);
        graph.Initializer(TensorValues.FromRaw("v", DataType.Float16, [Columns, 2 * Rows], bytes));
        var sum = graph.Node("Gemm", [x, w, b]);
        var wide = graph.Node("MatMul", [graph.Node("Relu", [sum]), graph.Node("Cast", ["v"], AttributeProto.Of("to", 1))]);
        graph.AddNode("last", "Relu", [wide], ["y"]);
        graph.Output("y", DataType.Float, "N", 2 * Rows);
        var model = graph.Build(opset: 17, ir: 8, producer: "tests", producerVersion: "1");
        model.MetadataProps.Add(new StringStringEntryProto { Key = "epoch", Value = "3" });
        return model;
    }
}
