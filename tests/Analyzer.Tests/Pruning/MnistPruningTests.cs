using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Pruning;
using Emergence.Testing;
using Onnx;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>Pruning of a trained network, against the same done here in plain arithmetic.</summary>
public sealed class MnistPruningTests : IDisposable
{
    private const int Samples = 500;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task accuracy_after_global_pruning_is_that_of_an_independent_pruning()
    {
        var (file, data) = (SharedFiles.Require("models", "mnist", "pytorch13_mlp_256x2.onnx"), SharedFiles.Require("data"));
        var checkpoint = Checkpoint.Open(file);
        foreach (var amount in (double[])[0, 0.3, 0.5, 0.7, 0.9])
        {
            var path = folder.Path("pruned.onnx");
            PrunedFile.Save(Pruner.Prune(checkpoint, new PruneOptions { Amount = amount }).Model, checkpoint.Directory, path);
            var outcome = await Analysis.RunAsync(
                new AnalysisRequest([path], new AnalysisSettings { Device = Device.Cpu }, Probe(data)), null,
                TestContext.Current.CancellationToken);
            Assert.Equal(IndependentAccuracy(file, amount, data), outcome.Series.Checkpoints.Single().Accuracy);
        }
    }

    [Fact]
    public void the_sensitivity_of_each_layer_is_that_of_pruning_it_alone()
    {
        var (file, data) = (SharedFiles.Require("models", "mnist", "pytorch13_mlp_256x2.onnx"), SharedFiles.Require("data"));
        var result = Sensitivity.Measure(
            file, [0.9, 0.5], new PruneOptions { Amount = 0 }, new AnalysisSettings { Device = Device.Cpu, Wired = true },
            Probe(data), null, null, TestContext.Current.CancellationToken);
        Assert.Equal(7, result.Rows.Length);
        Assert.Equal([null, 0.5, 0.9, 0.5, 0.9, 0.5, 0.9],
            result.Rows.Select(row => row.Layer is null ? (double?)null : row.Amount));
        Assert.Equal((null, 0.0, 0.0), (result.Rows[0].Layer, result.Rows[0].OutputChange, result.Rows[0].LargestChange));
        foreach (var pair in result.Rows.Skip(1).Chunk(2))
        {
            Assert.Equal(pair[0].Layer, pair[1].Layer);
            Assert.InRange(pair[0].OutputChange, double.Epsilon, pair[1].OutputChange);
            Assert.InRange(pair[0].Sparsity, 0.4995, 0.5005);
            // Fewer connections, never more paths over them than where all are there.
            Assert.All(pair, row => Assert.True(row.Measurements[0].EmergenceWired <= row.Measurements[0].Emergence));
        }
        // The first layer alone, by hand.
        Assert.Equal(IndependentAccuracy(file, 0.9, data, "layers.0.weight"), result.Rows[2].Accuracy);
    }

    private static ProbeOptions Probe(string data) =>
        new() { Data = ["mnist"], DataDir = data, Samples = Samples, Scale = 1f / 255 };

    /// <summary>Sorts all weights, zeroes the smallest, and multiplies.</summary>
    private static double IndependentAccuracy(string file, double amount, string data, string? only = null)
    {
        var tensors = ModelFile.Read(file).Graph.Initializer.ToDictionary(tensor => tensor.Name, Floats);
        string[] weights = only is not null ? [only] : ["layers.0.weight", "layers.2.weight", "layers.4.weight"];
        var ranked =
            weights.SelectMany(name => tensors[name].Select((value, i) => (Magnitude: MathF.Abs(value), name, i))).ToArray();
        var count = (int)Math.Round((decimal)amount * ranked.Length);
        foreach (var (_, name, i) in ranked.OrderBy(weight => weight.Magnitude).Take(count))
            tensors[name][i] = 0;

        var set = DatasetCatalog.Load("mnist", "test", data, Samples);
        var correct = 0;
        for (var sample = 0; sample < Samples; sample++)
        {
            var values = set.Data.Span.Slice(sample * 784, 784).ToArray().Select(pixel => pixel * (1f / 255)).ToArray();
            values = Relu(Layer(values, tensors["layers.0.weight"], tensors["layers.0.bias"]));
            values = Relu(Layer(values, tensors["layers.2.weight"], tensors["layers.2.bias"]));
            values = Layer(values, tensors["layers.4.weight"], tensors["layers.4.bias"]);
            correct += Array.IndexOf(values, values.Max()) == set.Labels![sample] ? 1 : 0;
        }
        return (double)correct / Samples;
    }

    private static float[] Floats(TensorProto tensor) =>
        tensor.FloatData.Count > 0
            ? [.. tensor.FloatData]
            : [.. Enumerable.Range(0, tensor.RawData.Length / 4)
                .Select(i => BitConverter.ToSingle(tensor.RawData.Span[(4 * i)..]))];

    private static float[] Layer(float[] input, float[] weight, float[] bias) =>
        [.. bias.Select((shift, unit) =>
            shift + (float)input.Index().Sum(x => (double)x.Item * weight[unit * input.Length + x.Index]))];

    private static float[] Relu(float[] values) => [.. values.Select(value => Math.Max(0, value))];
}
