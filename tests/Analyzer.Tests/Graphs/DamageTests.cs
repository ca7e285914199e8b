using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>Damaged files end in one line for the user: no other exception, no hang, no graph that fills the memory.</summary>
public class DamageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, TinyModel> Models = new()
    {
        ["dense"] = new TinyModel(13)
            .Input("x", [null, 4])
            .Weight("w", 4, 6)
            .Weight("b", 6)
            .Weight("v", 6, 6)
            .Node("Gemm", "x w b", "h", AttributeProto.Of("transB", 0))
            .Node("Relu", "h", "a")
                .Node("MatMul", "a v", "p")
                .Node("Add", "p a", "s")
                .Node("Softmax", "s", "y", AttributeProto.Of("axis", 1))
                .Output("y", [null, 6]),
        ["convolution"] = new TinyModel(13)
            .Input("x", [null, 2, 6, 5])
            .Weight("w", 4, 2, 3, 3)
            .Node("Conv", "x w", "h", AttributeProto.Of("pads", [1L, 1L, 1L, 1L]), AttributeProto.Of("strides", [1L, 1L]))
            .Node("Relu", "h", "a").Weight("u", 4, 4, 1, 1).Node("Conv", "a u", "p").Node("Add", "p a", "s")
            .Node("MaxPool", "s", "m", AttributeProto.Of("kernel_shape", [2L, 2L]))
                .Node("Concat", "m m", "c", AttributeProto.Of("axis", 1))
            .Longs("from", 0)
                .Longs("to", 2)
                .Longs("axes", 2)
                .Node("Slice", "c from to axes", "l")
                .Longs("shape", 0, -1)
                .Node("Reshape", "l shape", "f")
            .Weight("v", 64, 3).Node("MatMul", "f v", "y").Output("y", [null, 3]),
        ["sequence"] =
            new TinyModel(13).Input("ids", [null, 5], DataType.Int64).Weight("table", 9, 4).Node("Gather", "table ids", "e")
            .Node("Transpose", "e", "t", AttributeProto.Of("perm", [1L, 0L, 2L]))
                .Weight("w", 1, 12, 4)
                .Weight("r", 1, 12, 3)
                .Node("LSTM", "t w r", "o", AttributeProto.Of("hidden_size", 3))
            .Longs("one", 1)
                .Node("Squeeze", "o one", "q")
                .Node("ReduceMean", "q", "g", AttributeProto.Of("axes", [0L]), AttributeProto.Of("keepdims", 0))
                .Weight("v", 3, 2)
                .Node("MatMul", "g v", "y")
                .Output("y", [null, 2]),
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task a_file_cut_off_anywhere_is_refused_or_read(string name)
    {
        var bytes = ModelFile.Serialize(Models[name].Proto);
        var failures = new List<string>();
        for (var i = 0; i < 50; i++)
            await Trace(bytes[..(bytes.Length * i / 50)], $"cut at {bytes.Length * i / 50}", failures);
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task flipped_bytes_outside_the_weights_are_refused_or_read(string name)
    {
        var bytes = ModelFile.Serialize(Models[name].Proto);
        var places = OutsideTensors(bytes, Models[name].Proto);
        var random = new Random(11);
        var failures = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var damaged = bytes.ToArray();
            var place = places[random.Next(places.Count)];
            damaged[place] ^= (byte)(1 << random.Next(8));
            await Trace(damaged, $"bit flip at {place}, number {i}", failures);
        }
        Assert.True(failures.Count == 0, string.Join("\n", failures));
    }

    [Theory]
    [InlineData(1L << 31, 6)]
    [InlineData(1L << 40, 6)]
    [InlineData(3, long.MaxValue)]
    public void An_input_larger_than_any_tensor_is_refused_also_before_the_trace(long rows, long columns)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("huge.onnx");
        ModelFile.Save(
            new TinyModel(13).Input("x", [rows, columns]).Weight("w", 6, 2).Node("MatMul", "x w", "y").Output("y").Proto, path);
        var checkpoint = Checkpoint.Open(path);
        Assert.Contains("more than 2147483647 elements",
            Assert.Throws<UserException>(() => LayerTracer.InputsOf(checkpoint, new TraceOptions())).Message,
            StringComparison.Ordinal);
        Assert.Throws<UserException>(() => LayerTracer.Trace(checkpoint, new TraceOptions()));
    }

    private static List<int> OutsideTensors(byte[] bytes, ModelProto model)
    {
        var places = Enumerable.Range(0, bytes.Length).ToHashSet();
        foreach (var tensor in model.Graph.Initializer)
        {
            var start = bytes.AsSpan().IndexOf(tensor.RawData.Span);
            places.ExceptWith(Enumerable.Range(start, tensor.RawData.Length));
        }
        return [.. places.Order()];
    }

    private static async Task Trace(byte[] bytes, string damage, List<string> failures)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("damaged.onnx", bytes);
        try
        {
            await Task.Run(() => LayerTracer.Trace(Checkpoint.Open(path), new TraceOptions()),
                TestContext.Current.CancellationToken)
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
        }
        catch (UserException)
        {
        }
        catch (Exception e)
        {
            failures.Add($"{damage}: {e}");
        }
    }
}
