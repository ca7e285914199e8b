using Emergence.Analyzer;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Testing;
using Emergence.Trainer.Export;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;
using static TorchSharp.torch;
using Preprocessing = Emergence.Trainer.Training.Preprocessing;

namespace Emergence.Trainer.Tests;

/// <summary>
/// The analyzer, which knows of a checkpoint only what is in the file, against the trainer's own forward pass through
/// another runtime.
/// </summary>
public sealed class AgreementTests : IDisposable
{
    private const double Borderline = 1e-4;

    private static readonly string SampleSeries = Path.Combine(SharedFiles.Repository, "models", "digits-mlp");

    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("--network", "mlp", "--hidden", "40,20", "--lr", "0.05")]
    [InlineData("--network", "lenet", "--activation", "tanh", "--optimizer", "adam", "--lr", "0.001")]
    [InlineData("--network", "vit", "--depth", "2", "--width", "12", "--heads", "3", "--optimizer", "adam", "--lr", "0.001")]
    [InlineData("--network", "vit", "--depth", "1", "--width", "8", "--heads", "2", "--patch", "7", "--activation", "relu")]
    [InlineData("--network", "lenet", "--mean", "0.1307", "--std", "0.3081")]
    public async Task A_run_is_read_as_it_was_trained(params string[] options)
    {
        Assert.Equal(0, workspace.Train("out", [.. options, "--epochs", "2"]).Code);
        await Compare([.. Enumerable.Range(0, 3).Select(epoch => CheckpointFolder.PathOf(workspace.Folder("out"), epoch))],
            workspace.Data);
    }

    [Fact]
    public async Task A_diverged_network_has_the_accuracy_that_the_trainer_saw()
    {
        Assert.Equal(0, workspace.Train("out", "--hidden", "8", "--lr", "1e30", "--epochs", "1", "--keep-going").Code);
        var outcome = await Analysis.RunAsync(
            new AnalysisRequest([CheckpointFolder.PathOf(workspace.Folder("out"), 1)], new AnalysisSettings(),
                new ProbeOptions { DataDir = workspace.Data, Samples = null }),
            null, CancellationToken.None);
        var result = Assert.Single(outcome.Series.Checkpoints);
        Assert.True(result.Measurements[0].NodesNan > 0);
        Assert.Equal(CheckpointFolder.ReadLog(workspace.Folder("out"))[^1].Test.Accuracy, result.Accuracy);
        Assert.Equal(0, result.Accuracy);
    }

    [Fact]
    public async Task The_sample_series_is_read_as_it_was_trained() =>
        await Compare([.. new[] { 0, 4, 10 }.Select(epoch => CheckpointFolder.PathOf(SampleSeries, epoch))], null);

    [Fact]
    public void The_sample_series_has_dead_nodes_and_fits_a_clone()
    {
        var files = Directory.GetFiles(SampleSeries);
        Assert.Equal(12, files.Length);
        Assert.InRange(files.Sum(file => new FileInfo(file).Length), 0, 3_000_000);
    }

    private static async Task Compare(string[] paths, string? dataDir)
    {
        var outcome = await Analysis.RunAsync(
            new AnalysisRequest([.. paths], new AnalysisSettings(), new ProbeOptions { DataDir = dataDir, Samples = null }),
            null, CancellationToken.None);
        Assert.Empty(outcome.Failures);
        foreach (var result in outcome.Series.Checkpoints)
            Compare(result, dataDir);
    }

    private static void Compare(CheckpointResult result, string? dataDir)
    {
        var checkpoint = Checkpoint.Open(result.File);
        var metadata = checkpoint.Metadata;
        var set = DatasetCatalog.Load(metadata.Dataset!, metadata.Split!, dataDir);
        Assert.Equal(metadata.DatasetSha256, set.Sha256);
        Assert.Equal(metadata.TestAccuracy!.Value, result.Accuracy!.Value, 1.0 / set.Count + 1e-9);

        using var samples = SampleTensors.From(set, new Preprocessing(metadata.Scale!.Value, metadata.Mean, metadata.Std));
        using var network = OnnxImport.ToNetwork(checkpoint);
        var layers = Assert.Single(result.Measurements).Layers;
        var means = ActivationMeans(network, samples.Inputs);
        Assert.Equal(means.Select(layer => layer.Name), layers.Select(layer => layer.Name));
        foreach (var (layer, (name, values)) in layers.Zip(means))
        {
            Assert.Equal(values.Length, layer.Nodes);
            for (var node = 0; node < values.Length; node++)
            {
                if (Math.Abs(values[node] - 0.05f) > Borderline)
                    Assert.True(layer.Mask![node] == values[node] > 0.05f,
                        $"{result.File}: node {node} of {name} ({values[node]})");
            }
        }
        Assert.Contains(layers, layer => layer.Alive < layer.Nodes);
        Assert.Contains(layers, layer => layer.Alive > 0);
    }

    /// <summary>
    /// Each connecting layer with its nodes' mean activations over samples and tokens, read behind what closes it: its activation
    /// function, the sum of a residual connection that it ends, the position that is added to patches, the last normalization.
    /// </summary>
    private static List<(string Name, double[] Means)> ActivationMeans(Network network, Tensor inputs)
    {
        using var scope = NewDisposeScope();
        using var inference = no_grad();
        var means = new List<(string Name, double[] Means)>();
        network.Forward(inputs, (layer, given) =>
        {
            var samples = given.to_type(ScalarType.Float64);
            var values = samples.mean(samples.dim() == 3 && layer is not PositionLayer ? [0, 1] : [0]);
            // A convolution's nodes are channels at positions, in that order.
            values = layer is PositionLayer ? values.transpose(0, 1) : values;
            var read = values.flatten().data<double>().ToArray();
            if (layer is ConnectingLayer)
                means.Add((layer.Name, read));
            else if (layer is ActivationLayer or ResidualLayer or PositionLayer or NormLayer { Name: "norm" })
                means[^1] = (means[^1].Name, read);
        });
        return means;
    }
}
