using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Tests.Activations;

/// <summary>Real models, counted in the graph and by the reference.</summary>
public class SharedModelTests
{
    [Theory]
    [InlineData("mnist/cntk251_mnist8/model.onnx")]
    [InlineData("mnist/keras2onnx170_cnn_max2.onnx")]
    [InlineData("mnist/tf2onnx192_mlp.onnx")]
    [InlineData("mnist/tf2onnx1111_inception_concat.onnx")]
    [InlineData("mnist/pytorch13_mlp_256x2.onnx")]
    [InlineData("mnist/pytorch18_mlp_sigmoid_6x200.onnx")]
    [InlineData("mnist/pytorch20_lenet_dynamic.onnx")]
    [InlineData("mnist/dynamo291_conv_extdata/mnist.onnx")]
    [InlineData("mnist/whitematter_cnn_bn.onnx")]
    [InlineData("cifar/pytorch15_deep_kw.onnx")]
    [InlineData("cifar/pytorch18_resnet2b.onnx")]
    [InlineData("vision/caffe2_squeezenet_fp16.onnx")]
    [InlineData("vision/ultraface_rfb320.onnx")]
    [InlineData("control/matlab18_acasxu_1_1.onnx")]
    [InlineData("control/dynamo211_mlp_extdata/model.onnx")]
    [InlineData("sequence/dtln_lstm_1.onnx")]
    [InlineData("sequence/bert_toy.onnx")]
    [InlineData("quant/onnxquantize_qdq_layout.onnx")]
    [InlineData("series/mlpong_run1/DeflectBall-499978.onnx")]
    public void masks_are_those_of_the_reference_but_for_borderline_nodes(string name)
    {
        var path = SharedFiles.Require(["models", .. name.Split('/')]);
        var checkpoint = Checkpoint.Open(path);
        var graph = LayerTracer.Trace(checkpoint, new TraceOptions());
        var probe = SharedModels.RandomProbe(graph, samples: 2);
        foreach (var (statistic, nodes) in new[] { (Statistic.Mean, ConvNodes.Units), (Statistic.Share, ConvNodes.Filters) })
        {
            var settings = new AnalysisSettings
            {
                Device = Device.Cpu,
                Optimization = Optimization.None,
                Statistic = statistic,
                ConvNodes = nodes
            };
            var profile = new ActivationRecorder(checkpoint.Model, path, graph, SessionFactory.Create(settings), settings)
                .Record(probe, null, TestContext.Current.CancellationToken);
            var reference = SlowReference.Activations(checkpoint.Model, path, graph, probe, settings);
            foreach (var (layer, activations) in profile.Layers.Zip(reference))
            {
                var alive = new AliveRule(settings, 0.05f).Apply(layer);
                for (var node = 0; node < layer.Nodes; node++)
                {
                    var expected = ReferenceRule.Verdict(activations[node], settings, 0.05f);
                    Assert.True(expected.Borderline || expected.Alive == alive.Mask[node], $"{layer.Layer.Name}, node {node}");
                }
            }
        }
    }
}
