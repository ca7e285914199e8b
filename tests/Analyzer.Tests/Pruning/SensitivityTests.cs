using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Pruning;

public sealed class SensitivityTests : PruningTests
{
    [Fact]
    public void a_model_without_floating_point_outputs_has_no_change_of_output()
    {
        var graph = new GraphBuilder("class");
        var x = graph.Input("x", DataType.Float, "N", 2);
        graph.Initializer("w", [2, 2], [1f, 2f, 3f, 4f]);
        graph.AddNode("layer", "MatMul", [x, "w"], ["a"]);
        graph.AddNode("class", "ArgMax", ["a"], ["y"],
            [Onnx.AttributeProto.Of("axis", 1), Onnx.AttributeProto.Of("keepdims", 0)]);
        graph.Output("y", DataType.Int64, "N");
        var result = Sensitivity.Measure(
            Open(graph.Build(13, 7, "tests")).Path, [0.5], new PruneOptions { Amount = 0 },
            new AnalysisSettings { Device = Device.Cpu },
            new ProbeOptions { Samples = 8 }, null, null, TestContext.Current.CancellationToken);
        Assert.Equal([null, "layer"], result.Rows.Select(row => row.Layer));
        Assert.All(result.Rows, row => Assert.Equal((double.NaN, double.NaN), (row.OutputChange, row.LargestChange)));
        Assert.Equal(0.5, result.Rows[1].Sparsity);
    }
}
