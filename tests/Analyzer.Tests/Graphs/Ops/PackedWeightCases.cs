using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Weights of a few bits: a layer's parameters are their numbers, whatever the bytes they are packed into.</summary>
public class PackedWeightCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph, long Count, long Nonzero)> Cases = new()
    {
        // Byte i holds i: of 128 bytes, eight have a lower half of 8, which is zero, and none an upper one.
        ["MatMulNBits of 4 bits"] = (Features(32)
            .Bytes("b", 8, 1, 16)
            .Weight("s", 8)
            .Node("com.microsoft::MatMulNBits", "x b s", "h", NBits(32, 8, 4, 32))
            .Then(8), DenseOf(8), 256, 248),
        ["MatMulNBits, a row that ends inside a block"] = (Features(20)
            .Bytes("b", 8, 2, 8)
            .Weight("s", 16)
            .Node("com.microsoft::MatMulNBits", "x b s", "h", NBits(20, 8, 4, 16))
            .Then(8), DenseOf(8), 160, 152),
        ["MatMulNBits with zero points"] = (Features(32)
            .Bytes("b", 8, 2, 8)
            .Weight("s", 16)
            .Initializer("z", [8], [0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88, 0x00], DataType.Uint8)
            .Node("com.microsoft::MatMulNBits", "x b s z", "h", NBits(32, 8, 4, 16)).Then(8), DenseOf(8), 256, 248),
        ["MatMulNBits of 8 bits"] = (Features(32)
            .Bytes("b", 8, 1, 32)
            .Weight("s", 8)
            .Node("com.microsoft::MatMulNBits", "x b s", "h", NBits(32, 8, 8, 32))
            .Then(8), DenseOf(8), 256, 255),
        ["MatMulNBits with a bias"] = (Features(32).Bytes("b", 8, 1, 16).Weight("s", 8).Weight("bias", 8)
            .Node("com.microsoft::MatMulNBits", "x b s   bias", "h", NBits(32, 8, 4, 32)).Then(8), DenseOf(8, "b +bias"), 256,
            248),
        ["MatMulBnb4, FP4"] = (Features(32)
            .Bytes("b", 128)
            .Weight("s", 16)
            .Node("com.microsoft::MatMulBnb4", "x b s", "h", Bnb4(32, 8, 0))
            .Then(8), DenseOf(8, op: "MatMulBnb4"), 256, 256 - 32),
        ["MatMulBnb4, NF4"] = (Features(32)
            .Bytes("b", 128)
            .Weight("s", 16)
            .Node("com.microsoft::MatMulBnb4", "x b s", "h", Bnb4(32, 8, 1))
            .Then(8), DenseOf(8, op: "MatMulBnb4"), 256, 256 - 24),
        ["GatherBlockQuantized, packed into bytes"] = (Tokens().Bytes("b", 9, 16).Weight("s", 9, 2)
            .Node("com.microsoft::GatherBlockQuantized", "b ids s", "h", Block(16)).Then(32), TableOf(32), 288, 263),
        ["GatherBlockQuantized of 8 bits"] = (Tokens().Bytes("b", 9, 32).Weight("s", 9, 2)
            .Node("com.microsoft::GatherBlockQuantized", "b ids s", "h", [.. Block(16), AttributeProto.Of("bits", 8)]).Then(32),
            TableOf(32), 288, 287),
        ["GatherBlockQuantized with zero points"] = (Tokens()
            .Bytes("b", 9, 16)
            .Weight("s", 9, 2)
            .Initializer("z", [9, 1], Enumerable.Repeat(0x88.ToDouble(), 9), DataType.Uint8)
            .Node("com.microsoft::GatherBlockQuantized", "b ids s z", "h", Block(16)).Then(32), TableOf(32), 288, 263),
    };

    [Fact]
    public void experts_count_their_numbers_too()
    {
        var model = Features(32)
            .Weight("g", 32, 2)
            .Node("MatMul", "x g", "r")
            .Bytes("f1", 2, 16, 16)
            .Weight("s1", 2, 16)
            .Bytes("f2", 2, 32, 8)
            .Weight("s2", 2, 32)
            .Node("com.microsoft::QMoE", "x r f1 s1  f2 s2", "y", AttributeProto.Of("k", 1),
                AttributeProto.Of("activation_type", "relu")).Output("y");
        var graph = TracedRun.OnlyTraces(model.Proto);
        Assert.Equal(GraphText.Tidy("""
            MatMul - r [B C2] n=2 m=2 (g)
            QMoE - y [B C32] n=32 m=32 (f1 f2)
            0>1
            """), GraphText.Of(graph));
        // Each half of a byte is 8 in one of sixteen.
        Assert.Equal([(1024, 960), (1024, 960)],
            graph.Layers[1].Parameters.Select(parameter => (parameter.Count, parameter.Nonzero)));
        Assert.Empty(graph.Diagnostics);
    }

    /// <summary>Numbers of four bits that the file itself declares so are no bytes.</summary>
    [Fact]
    public void a_table_of_four_bit_integers_is_one_number_an_element()
    {
        var model = Tokens().Weight("s", 9, 2).Node("com.microsoft::GatherBlockQuantized", "b ids s", "h", Block(16)).Then(32);
        model.Proto.Graph.Initializer.Add(new TensorProto
        {
            Name = "b",
            DataType = (int)DataType.Uint4,
            Dims = { 9, 32 },
            RawData = Google.Protobuf.ByteString.CopyFrom([.. Enumerable.Range(0, 144).Select(i => (byte)i)]),
        });
        model.Proto.IrVersion = 10;
        model.Proto.OpsetImport[0].Version = 21;
        var graph = TracedRun.Holds(model, TableOf(32));
        // 16 bytes have an upper half of zero, 9 a lower one.
        Assert.Equal((288, 288 - 16 - 9), (graph.Layers[0].Parameters[0].Count, graph.Layers[0].Parameters[0].Nonzero));
    }

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name)
    {
        var (model, text, count, nonzero) = Cases[name];
        var graph = TracedRun.Holds(model, text);
        var weight = graph.Layers[0].Parameters[0];
        Assert.Equal((count, nonzero, true), (weight.Count, weight.Nonzero, weight.IsPacked));
        Assert.Equal(0, graph.UntracedParameters);
    }

    /// <summary>The same integers in bytes of their own, less the zero point, are connected alike.</summary>
    [Fact]
    public async Task is_wired_as_the_weights_it_packs()
    {
        var halves = Enumerable.Range(0, 128).SelectMany(i => new[] { i % 16, i / 16 }).ToArray();
        // [N, K] unpacked, of which MatMul reads the transpose.
        var weights = Enumerable.Range(0, 32 * 8).Select(i => (double)(8 - halves[i % 8 * 32 + i / 8]));
        var apart = Features(32).Initializer("w", [32, 8], weights).Node("MatMul", "x w", "h").Sum();
        var packed = Features(32)
            .Bytes("b", 8, 1, 16)
            .Initializer("s", [8], Enumerable.Repeat(-1.0, 8))
            .Node("com.microsoft::MatMulNBits", "x b s", "h", NBits(32, 8, 4, 32))
            .Sum();
        Assert.Equal(await Wired(apart), await Wired(packed));
    }

    private static async Task<string> Wired(TinyModel model)
    {
        using var folder = new TemporaryFolder();
        ModelFile.Save(model.Proto, folder.Path("tiny.onnx"));
        var request = new AnalysisRequest([folder.Path("tiny.onnx")],
            new AnalysisSettings { Device = Device.Cpu, Wired = true, IncludeInput = true, Thresholds = [-1f, 0.5f, 2f] },
            new ProbeOptions { Samples = 8 });
        var outcome = await Analysis.RunAsync(request, null, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        var measurements = outcome.Series.Checkpoints[0].Measurements;
        Assert.Contains(measurements,
            measurement =>
            $"{measurement.EmergenceWired}" != "0" && $"{measurement.EmergenceWired}" != $"{measurement.Emergence}");
        return string.Join("; ", measurements.Select(measurement => $"{measurement.Emergence} {measurement.EmergenceWired}"));
    }

    private static TinyModel Features(int width) => new TinyModel(17, 8).Input("x", [null, width]);

    private static TinyModel Tokens() => new TinyModel(17, 8).Input("ids", [null, 5], DataType.Int64);

    private static AttributeProto[] NBits(int k, int n, int bits, int block) =>
        [AttributeProto.Of("K", k), AttributeProto.Of("N", n), AttributeProto.Of("bits", bits),
            AttributeProto.Of("block_size", block)];

    private static AttributeProto[] Bnb4(int k, int n, int type) =>
        [AttributeProto.Of("K", k), AttributeProto.Of("N", n), AttributeProto.Of("quant_type", type),
            AttributeProto.Of("block_size", 16)];

    private static AttributeProto[] Block(int size) =>
        [AttributeProto.Of("block_size", size), AttributeProto.Of("gather_axis", 0), AttributeProto.Of("quantize_axis", 1)];

    private static string DenseOf(int width, string parameters = "b", string op = "MatMulNBits") => $"""
        {op} Relu a [B C{width}] n={width} m={width} ({parameters})
        MatMul - y [B C3] n=3 m=3 (v)
        0>1
        """;

    private static string TableOf(int width) => $"""
        GatherBlockQuantized Relu a [B S5 C{width}] n={width} m={width} (b)
        MatMul - y [B S5 C3] n=3 m=3 (v)
        0>1
        """;
}

file static class PackedModels
{
    /// <summary>Every byte in turn.</summary>
    public static TinyModel Bytes(this TinyModel model, string name, params long[] dims) =>
        model.Initializer(name, dims,
            Enumerable.Range(0, (int)dims.Aggregate(1L, (product, dim) => product * dim)).Select(i => (double)(i % 256)),
            DataType.Uint8);

    public static TinyModel Then(this TinyModel model, int width) =>
        model.Node("Relu", "h", "a").Weight("v", width, 3).Node("MatMul", "a v", "y").Output("y");

    /// <summary>A node that is alive wherever one before it is.</summary>
    public static TinyModel Sum(this TinyModel model) =>
        model.Node("Relu", "h", "a").Initializer("v", [8, 1], Enumerable.Repeat(1.0, 8)).Node("MatMul", "a v", "y").Output("y");

    public static double ToDouble(this int value) => value;
}
