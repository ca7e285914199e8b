using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Pruning;
using Emergence.Testing;
using Emergence.Tracing;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>A node cut out of a file leaves the same network as a node that is zeroed: what is left computes the same.</summary>
public sealed class SharedModelShrinkTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Models with the share of their removed nodes that is to leave the file, at least.</summary>
    public static TheoryData<string, double> Networks => new()
    {
        { "mnist/pytorch13_mlp_256x2.onnx", 1 },
        { "mnist/pytorch18_mlp_sigmoid_6x200.onnx", 1 },
        { "mnist/tf2onnx192_mlp.onnx", 1 },
        { "mnist/pytorch20_lenet_dynamic.onnx", 1 },
        { "mnist/cntk251_mnist8/model.onnx", 1 },
        { "mnist/keras2onnx170_cnn_max2.onnx", 1 },
        { "mnist/tf2onnx1111_inception_concat.onnx", 1 },
        { "mnist/dynamo291_conv_extdata/mnist.onnx", 1 },
        { "mnist/whitematter_cnn_bn.onnx", 1 },
        { "fashion/pytorch251_cnn.onnx", 1 },
        { "cifar/pytorch15_deep_kw.onnx", 1 },
        { "cifar/pytorch18_resnet2b.onnx", 0.4 },
        { "control/matlab18_acasxu_1_1.onnx", 1 },
        { "control/dynamo211_mlp_extdata/model.onnx", 1 },
        { "vision/caffe2_squeezenet_fp16.onnx", 1 },
        { "vision/ultraface_rfb320.onnx", 0.3 },
        { "sequence/dtln_lstm_1.onnx", 0 },
        { "sequence/bert_toy.onnx", 0.1 },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void the_shrunk_model_computes_what_the_zeroed_one_does(string name, double share)
    {
        var file = SharedFiles.Require(["models", .. name.Split('/')]);
        foreach (var scope in Enum.GetValues<PruneScope>())
        {
            var options = new PruneOptions { Amount = 0.4, Structure = PruneStructure.Nodes, Scope = scope, KeepOutput = true };
            var checkpoint = Checkpoint.Open(file);
            var zeroed = Save(checkpoint, options, "zeroed");
            var shrunk = Save(checkpoint, options with { Shrink = true }, "shrunk");
            Assert.Equal(zeroed.Pruned.Layers.Select(layer => layer.UnitsRemoved),
                shrunk.Pruned.Layers.Select(layer => layer.UnitsRemoved));
            Assert.Equal(zeroed.Pruned.Zeros, shrunk.Pruned.Zeros);

            var inputs = LayerTracer.Trace(checkpoint, new TraceOptions()).Inputs;
            var tolerance = name.Contains("fp16", StringComparison.Ordinal) ? 5e-3 : 1e-5;
            Assert.InRange(ModelRun.Difference(ModelRun.Outputs(zeroed.Path, inputs), ModelRun.Outputs(shrunk.Path, inputs)), 0,
                tolerance);

            var (removed, cut) =
                (shrunk.Pruned.Layers.Sum(layer => layer.UnitsRemoved), shrunk.Pruned.Layers.Sum(layer => layer.UnitsCut));
            Assert.True(cut >= share * removed, $"{cut} of {removed} cut out\n{string.Join('\n', shrunk.Pruned.Diagnostics)}");
            if (cut > 0)
                Assert.True(Length(shrunk.Path) < Length(zeroed.Path));
            // What is left traces to the same layers, with as many units fewer.
            var after = LayerTracer.Trace(Checkpoint.Open(shrunk.Path), new TraceOptions());
            Assert.Equal(shrunk.Pruned.Layers.Select(layer => layer.Units - layer.UnitsCut),
                after.Layers.Select(layer => layer.Channels));
        }
    }

    [Fact]
    public void units_of_smallest_norm_go_first_and_as_many_as_asked_for()
    {
        var file = SharedFiles.Require("models", "mnist", "pytorch13_mlp_256x2.onnx");
        var checkpoint = Checkpoint.Open(file);
        var stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        foreach (var norm in Enum.GetValues<UnitNorm>())
        {
            var pruned = Pruner.Prune(checkpoint,
                new PruneOptions { Amount = 0.3, Structure = PruneStructure.Nodes, Norm = norm, KeepOutput = true });
            Assert.Equal((512, 154), (pruned.Record.Candidates, pruned.Record.Pruned));
            var after = new StoredTensors(pruned.Model, checkpoint.Directory);
            var norms = new List<(double Norm, bool Removed)>();
            foreach (var name in (string[])["layers.0", "layers.2"])
            {
                var (before, now,
                    bias) = (stored.Doubles($"{name}.weight").Chunk((int)stored.Dims($"{name}.weight")[1]).ToArray(),
                    after.Doubles($"{name}.weight").Chunk((int)stored.Dims($"{name}.weight")[1]).ToArray(),
                    after.Doubles($"{name}.bias"));
                double NormOf(double[] weights) =>
                    norm == UnitNorm.L1 ? weights.Sum(Math.Abs) : Math.Sqrt(weights.Sum(weight => weight * weight));
                // Layers compare by what is usual in each.
                var mean = before.Average(NormOf);
                for (var unit = 0; unit < before.Length; unit++)
                {
                    // The second layer's rows have lost the columns of removed units; only what they were ranks them.
                    var removed = now[unit].All(weight => weight == 0);
                    Assert.Equal(removed, bias[unit] == 0);
                    norms.Add((NormOf(before[unit]) / mean, removed));
                }
            }
            Assert.Equal(154, norms.Count(unit => unit.Removed));
            Assert.True(norms.Where(unit => unit.Removed)
                .Max(unit => unit.Norm) < norms.Where(unit => !unit.Removed)
                .Min(unit => unit.Norm));
        }
    }

    private (string Path, PrunedModel Pruned) Save(Checkpoint checkpoint, PruneOptions options, string name)
    {
        var path = folder.Path($"{options.Scope}", name, "model.onnx");
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        var pruned = Pruner.Prune(checkpoint, options);
        PrunedFile.Save(pruned.Model, checkpoint.Directory, path);
        return (path, pruned);
    }

    private static long Length(string path) => new FileInfo(path).Length;
}
