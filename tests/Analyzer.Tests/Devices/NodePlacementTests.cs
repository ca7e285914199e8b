using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Devices;

public class NodePlacementTests
{
    private static readonly TinyModel Tiny = new TinyModel(13)
        .Input("x", [null, 4])
        .Initializer("w", [4, 3], Quarters(12, 2))
        .Node("Gemm", "x w", "h").Node("Relu", "h", "y")
        .Output("y")
        .Layer("y", [Batch(), Channel(3)]);

    [Fact]
    public void The_runtime_tells_where_each_node_runs()
    {
        using var session = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu }).Open(Tiny.Proto, "tiny.onnx");
        Assert.Equal([("CPUExecutionProvider", "Gemm"), ("CPUExecutionProvider", "Relu")],
            NodePlacement.Of(session).Select(node => (node.Provider, node.Op)));
    }

    [Fact]
    public void A_recording_counts_the_nodes_of_each_provider()
    {
        var settings = new AnalysisSettings { Device = Device.Cpu };
        var profile = new ActivationRecorder(Tiny.Proto, "tiny.onnx", Tiny.Graph, SessionFactory.Create(settings), settings)
            .Record(Tiny.Probe(4, Quarters(16, 1)), null, default);
        // The model's two, and not those that count.
        Assert.Equal([new ProviderNodes("CPUExecutionProvider", 2)], profile.Providers);
    }

    [Fact]
    public void A_layer_on_the_cpu_is_named_and_shapes_are_only_counted()
    {
        var layer = Tiny.Graph.Layers[0];
        ImmutableArray<PlacedNode> nodes =
        [
            new("CUDAExecutionProvider", "first", "Conv"), new("CPUExecutionProvider", layer.Name, "Gemm"),
            new("CPUExecutionProvider", "s", "Shape"), new("CUDAExecutionProvider", "r", "Relu"),
        ];
        Assert.Equal(
            [
                $"{layer.Name}: this Gemm runs on the CPU: CUDAExecutionProvider cannot run it",
                "device: 2 of 4 nodes run on the CPU: Gemm, Shape",
            ],
            NodePlacement.OnCpu(nodes, Tiny.Graph.Layers).Select(diagnostic => diagnostic.ToString()));
        Assert.Equal([Severity.Warning, Severity.Note],
            NodePlacement.OnCpu(nodes, Tiny.Graph.Layers).Select(diagnostic => diagnostic.Severity));
        Assert.Empty(NodePlacement.OnCpu([nodes[0], nodes[3]], Tiny.Graph.Layers));
        Assert.Equal([new ProviderNodes("CPUExecutionProvider", 2), new ProviderNodes("CUDAExecutionProvider", 2)],
            NodePlacement.Count(nodes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_device_that_was_named_forbids_layers_on_the_cpu(bool isNamed)
    {
        var layer = Tiny.Graph.Layers[0];
        ImmutableArray<PlacedNode> nodes =
            [new("CUDAExecutionProvider", "r", "Relu"), new("CPUExecutionProvider", layer.Name, "Gemm")];
        ImmutableArray<Diagnostic> Check(ImmutableArray<PlacedNode> placed) =>
            NodePlacement.Check(placed, Tiny.Graph.Layers, Device.Cuda, isNamed, "m.onnx");
        Assert.Single(Check([nodes[0], new("CPUExecutionProvider", "s", "Shape")]));
        if (isNamed)
            Assert.Equal(
                $"m.onnx: layer '{layer.Name}': this Gemm runs on the CPU: CUDAExecutionProvider cannot run it, and --device "
                + "cuda forbids that; use --device auto", Assert.Throws<UserException>(() => Check(nodes)).Message);
        else
            Assert.Equal(2, Check(nodes).Length);
        Assert.Empty(NodePlacement.Check(nodes, Tiny.Graph.Layers, Device.Cpu, isNamed, "m.onnx"));
    }
}
