using Emergence.Checkpoints;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Tests.Graphs;

/// <summary>Foreign models, layer by layer as their architecture is known to be: operator, activation,
/// channels × positions, edges.</summary>
public class ArchitectureTests
{
    [Fact]
    public void lenet5() => Holds("mnist/pytorch20_lenet_dynamic.onnx", """
        Conv Relu 6×784
        Conv Relu 16×100
        Gemm Relu 120×1
        Gemm Relu 84×1
        Gemm - 10×1
        0>1 1>2 2>3 3>4
        """, parameters: (6 * 25 + 6) + (16 * 150 + 16) + (400 * 120 + 120) + (120 * 84 + 84) + (84 * 10 + 10));

    [Fact]
    public void cntk_mnist() => Holds("mnist/cntk251_mnist8/model.onnx", """
        Conv Relu 8×784
        Conv Relu 16×196
        MatMul - 10×1
        0>1 1>2
        """, parameters: (8 * 25 + 8) + (16 * 200 + 16) + (256 * 10 + 10));

    [Fact]
    public void fashion_cnn() => Holds("fashion/pytorch251_cnn.onnx", null, parameters: 895242);

    [Fact]
    public void keras_mlp() => Holds("mnist/tf2onnx192_mlp.onnx", """
        MatMul Relu 128×1
        MatMul - 10×1
        0>1
        """, parameters: 784 * 128 + 128 + 128 * 10 + 10);

    [Fact]
    public void sigmoid_mlp() => Holds("mnist/pytorch18_mlp_sigmoid_6x200.onnx", """
        Gemm Sigmoid 200×1
        Gemm Sigmoid 200×1
        Gemm Sigmoid 200×1
        Gemm Sigmoid 200×1
        Gemm Sigmoid 200×1
        Gemm Sigmoid 200×1
        Gemm - 10×1
        0>1 1>2 2>3 3>4 4>5 5>6
        """, parameters: 785 * 200 + 5 * 201 * 200 + 2010);

    [Fact]
    public void cnn_with_batch_normalization()
    {
        var graph = Trace("mnist/whitematter_cnn_bn.onnx");
        Assert.Equal(["Conv Relu", "Conv Relu", "Gemm Relu", "Gemm -"],
            graph.Layers.Select(layer => $"{layer.Op} {Shown(layer)}"));
        foreach (var convolution in graph.Layers.Take(2))
        {
            Assert.Equal(2, convolution.Parameters.Count(parameter => parameter.Role == ParameterRole.Normalization));
            Assert.All(convolution.Parameters.Where(parameter => parameter.Role == ParameterRole.Normalization),
                scale => Assert.Equal(convolution.Channels, scale.Count));
        }
    }

    /// <summary>Two basic blocks: the first halves the image and projects its shortcut, the second adds its
    /// input as it is.</summary>
    [Fact]
    public void resnet_of_two_blocks() => Holds("cifar/pytorch18_resnet2b.onnx", """
        Conv Relu 8×256
        Conv Relu 16×64
        Conv - 16×64
        Conv Relu 16×64
        Conv Relu 16×64
        Conv Relu 16×64
        Gemm Relu 100×1
        Gemm - 10×1
        0>1 0>2 1>3 2=3 3>4 3=5 4>5 5>6 6>7
        """, parameters: 112006);

    [Fact]
    public void inception_three_branches_concatenated() => Holds("mnist/tf2onnx1111_inception_concat.onnx", """
        Conv Relu 16×784
        Conv Relu 8×196
        Conv Relu 8×196
        Conv Relu 8×196
        MatMul Relu 32×1
        MatMul - 10×1
        0>1 0>2 0>3 1>4 2>4 3>4 4>5
        """, parameters: 155834);

    [Fact]
    public void dtln_two_lstms_and_a_mask() => Holds("sequence/dtln_lstm_1.onnx", """
        LSTM Lstm 128×1
        LSTM Lstm 128×1
        MatMul Sigmoid 257×1
        0>1 1>2
        """, parameters: 4 * 128 * (257 + 128 + 2) + 4 * 128 * (128 + 128 + 2) + 128 * 257 + 257);

    [Fact]
    public void acasxu_six_hidden_layers()
    {
        var graph = Trace("control/matlab18_acasxu_1_1.onnx");
        Assert.Equal([50, 50, 50, 50, 50, 50, 5], graph.Layers.Select(layer => layer.Channels));
        Assert.Equal(5 * 50 + 50 + 5 * (50 * 50 + 50) + 50 * 5 + 5, graph.Parameters.Sum(parameter => parameter.Count));
    }

    [Fact]
    public void a_quantized_convolution_by_channel()
    {
        var layer = Assert.Single(Trace("quant/onnxquantize_qdq_layout.onnx").Layers);
        Assert.Equal(("Conv", 512, 4, 512), (layer.Op, layer.Channels, layer.Positions, layer.Groups));
        // Read as numbers, before they are quantized again.
        Assert.Null(layer.Reading.Quantization);
        Assert.Equal(1, layer.Reading.ElementType);
    }

    /// <summary>Fire modules: a squeeze layer feeds two expand layers, whose outputs, concatenated, feed the next.</summary>
    [Fact]
    public void squeezenet_of_eight_fire_modules()
    {
        var graph = Trace("vision/caffe2_squeezenet_fp16.onnx");
        Assert.Equal(26, graph.Layers.Length);
        Assert.All(graph.Layers,
            layer => Assert.Equal(("Conv", "Relu", 10), (layer.Op, layer.Activation, layer.Reading.ElementType)));
        int[] squeezed = [16, 16, 32, 32, 48, 48, 64, 64];
        int[] side = [55, 55, 27, 27, 13, 13, 13, 13];
        var edges = new List<string> { "0>1" };
        for (var fire = 0; fire < 8; fire++)
        {
            var (squeeze, next) = (1 + 3 * fire, 4 + 3 * fire);
            var widths = graph.Layers.Skip(squeeze).Take(3).Select(layer => (layer.Channels, layer.Positions));
            var positions = side[fire] * side[fire];
            Assert.Equal([(squeezed[fire], positions), (4 * squeezed[fire], positions), (4 * squeezed[fire], positions)], widths);
            edges.AddRange(
                [$"{squeeze}>{squeeze + 1}", $"{squeeze}>{squeeze + 2}", $"{squeeze + 1}>{next}", $"{squeeze + 2}>{next}"]);
        }
        Assert.Equal(edges, graph.Edges.Select(GraphText.EdgeText));
        Assert.Equal((1000, 169), (graph.Layers[25].Channels, graph.Layers[25].Positions));
        Assert.Equal(1235496, graph.Parameters.Sum(parameter => parameter.Count));
    }

    /// <summary>Embeddings, five encoder layers, pooler, the transform and decoder of masked words, and the
    /// next-sentence head.</summary>
    [Fact]
    public void bert_of_five_encoder_layers()
    {
        var graph = Trace("sequence/bert_toy.onnx");
        Assert.Equal(36, graph.Layers.Length);
        Assert.Equal(["Gather", "Gather"], graph.Layers.Take(2).Select(layer => layer.Op));
        var edges = new List<string> { "0=1" };
        for (var encoder = 0; encoder < 5; encoder++)
        {
            // Fed by 'from': query, key, value; attention's output and the second dense layer add what they were fed by.
            var from = 1 + 6 * encoder;
            var (query, key, value, attention, intermediate, output) =
                (from + 1, from + 2, from + 3, from + 4, from + 5, from + 6);
            Assert.Equal([32, 32, 32, 32, 37, 32], graph.Layers.Skip(query).Take(6).Select(layer => layer.Channels));
            Assert.Equal(["-", "-", "-", "-", "Gelu", "-"], graph.Layers.Skip(query).Take(6).Select(Shown));
            foreach (var normalized in (int[])[attention, output])
                Assert.Contains(graph.Layers[normalized].Parameters,
                    parameter => parameter.Tensor.EndsWith("LayerNorm.weight", StringComparison.Ordinal));
            edges.AddRange([$"{from}>{query}", $"{from}>{key}", $"{from}>{value}", $"{from}={attention}"]);
            edges.AddRange([$"{query}>{attention}", $"{key}>{attention}", $"{value}>{attention}"]);
            edges.AddRange([$"{attention}>{intermediate}", $"{attention}={output}", $"{intermediate}>{output}"]);
        }
        edges.AddRange(["31>32", "31>33", "32>35", "33>34"]);
        Assert.Equal(edges, graph.Edges.Select(GraphText.EdgeText));
        Assert.Equal(["Tanh", "Gelu", "-", "-"], graph.Layers.Skip(32).Select(Shown));
        Assert.Empty(graph.Counterparts);
        // The decoder's weight is the word embeddings' again.
        Assert.Equal(graph.Layers[0].Parameters[0].Original, graph.Layers[34].Parameters[0].Original);
        Assert.Equal([99, null, null], graph.Inputs.Select(input => input.Name == "input_ids" ? input.Vocabulary : null));
    }

    private static void Holds(string file, string? expected, long parameters)
    {
        var graph = Trace(file);
        if (expected is not null)
        {
            var layers = graph.Layers.Select(layer => $"{layer.Op} {Shown(layer)} {layer.Channels}×{layer.Positions}");
            Assert.Equal(expected, string.Join('\n', layers) + '\n' + string.Join(' ', graph.Edges.Select(GraphText.EdgeText)));
        }
        Assert.Equal(parameters, graph.Parameters.Sum(parameter => parameter.Count));
        Assert.Equal(0, graph.UntracedParameters);
        Assert.DoesNotContain(graph.Diagnostics, diagnostic => diagnostic.Severity == Severity.Warning);
    }

    private static string Shown(TracedLayer layer) => layer.Activation.Length > 0 ? layer.Activation : "-";

    private static LayerGraph Trace(string file) =>
        LayerTracer.Trace(Checkpoint.Open(SharedFiles.Require(["models", .. file.Split('/')])), new TraceOptions());
}
