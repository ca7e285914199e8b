using Emergence.Datasets;
using Emergence.Trainer.Curvature;
using Emergence.Trainer.Networks;
using Emergence.Trainer.Training;
using static TorchSharp.torch;

namespace Emergence.Trainer.Tests.Curvature;

/// <summary>Products, eigenvalues and trace against the full Hessian, taken from differences of gradients.</summary>
public sealed class LossCurvatureTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("mlp")]
    [InlineData("cnn")]
    [InlineData("vit")]
    public void The_ends_of_the_spectrum_are_those_of_the_full_hessian(string kind)
    {
        using var network = Small(kind);
        using var samples = Samples();
        using var curvature = new LossCurvature(network, samples);
        using var scope = NewDisposeScope();
        var full = Hessian(network, samples);
        var expected = linalg.eigvalsh(full).data<double>().ToArray();
        Assert.True(expected[^1] > 0.01 && expected[0] < 0, "the spectrum tells nothing");

        var ends = Lanczos.Ends(
            curvature.Size, vector => curvature.Multiply(vector, CancellationToken.None), 3, 60, 1e-6,
            SplitMix64.ForStream(1, 0));

        Assert.Equal(4, ends.Length);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(expected[^(i + 1)], ends[i].Value, 1e-5 * expected[^1]);
            Assert.InRange(ends[i].Residual, 0, 1e-5 * expected[^1]);
        }
        // The iteration ends when the largest are known: the residual says how far the smallest is off.
        Assert.Contains(expected, value => Math.Abs(value - ends[^1].Value) <= ends[^1].Residual + 1e-6);
    }

    [Theory]
    [InlineData("mlp")]
    [InlineData("cnn")]
    [InlineData("vit")]
    public void A_product_is_that_of_the_full_hessian(string kind)
    {
        using var network = Small(kind);
        using var samples = Samples();
        using var curvature = new LossCurvature(network, samples);
        using var scope = NewDisposeScope();
        var vector = rand(curvature.Size, ScalarType.Float64, generator: new Generator(3)).sub(0.5);
        var product = curvature.Multiply(vector, CancellationToken.None);
        var difference = Hessian(network, samples).mv(vector).sub(product).abs().max().item<double>();
        Assert.InRange(difference, 0, 1e-6 * product.abs().max().item<double>());
    }

    [Fact]
    public void The_trace_lies_within_its_error_and_the_loss_is_that_of_the_trainer()
    {
        Assert.Equal(0, workspace.Train("out", "--hidden", "2", "--activation", "tanh", "--epochs", "1").Code);
        var checkpoint = Emergence.Checkpoints.Checkpoint.Open(Path.Combine(workspace.Folder("out"), "ckpt_001.onnx"));
        var set = DatasetCatalog.Load("mnist", "test", workspace.Data);
        var sharpness = Sharpness.Of(checkpoint, set, Preprocessing.Images, new CurvatureSettings(1, 200, 60, 1e-4, 2), default);

        using var network = Emergence.Trainer.Export.OnnxImport.ToNetwork(checkpoint);
        using var samples = SampleTensors.From(set, Preprocessing.Images);
        using var curvature = new LossCurvature(network, samples);
        Assert.Equal(checkpoint.Metadata.TestLoss!.Value, sharpness.Loss, 1e-6);
        Assert.Equal(curvature.Size, sharpness.Parameters);
        using var scope = NewDisposeScope();
        var trace = Enumerable.Range(0, curvature.Size).Sum(i =>
        {
            using var inner = NewDisposeScope();
            var unit = zeros(curvature.Size, ScalarType.Float64);
            unit[i] = 1;
            return curvature.Multiply(unit, default)[i].item<double>();
        });
        Assert.True(Math.Abs(trace - sharpness.Trace) < 4 * sharpness.TraceError, $"{trace}, {sharpness.Trace}");
        Assert.InRange(sharpness.TraceError, 0, 0.2 * trace);
    }

    [Fact]
    public void A_repeated_eigenvalue_and_a_small_operator_are_understood()
    {
        using var scope = NewDisposeScope();
        var matrix = diag(tensor(new double[] { -2, 5, 5, 1, 0 }));
        var ends = Lanczos.Ends(5, matrix.mv, 3, 100, 1e-9, SplitMix64.ForStream(1, 0));
        Assert.Equal([5.0, 5.0, 1.0, -2.0], ends.Select(end => Math.Round(end.Value, 9)));
        Assert.All(ends, end => Assert.InRange(end.Residual, 0, 1e-8));
    }

    private static Network Small(string kind)
    {
        var network = Network.Initialize(kind switch
        {
            "mlp" => Behind(Architecture.Mlp([1, 4, 4], [4], Activation.Tanh, 10)),
            "cnn" => new Architecture(null, [1, 28, 28],
            [
                new ConvolutionLayer("conv", 1, 3, 7, 0, 7), new ActivationLayer("sigmoid", Activation.Sigmoid),
                new MaxPoolLayer("pool", 2), new FlattenLayer("flatten"), new DenseLayer("fc", 12, 10),
            ]),
            _ => Behind(Architecture.Vit([1, 4, 4], new TransformerSizes(2, 4, 1, 2), Activation.Gelu, 10)),
        }, 6);
        using var guard = no_grad();
        foreach (var parameter in network.Parameters)
            parameter.mul_(1.5);
        return network;
    }

    // Images of 16 pixels: the full Hessian takes two gradients for each weight.
    private static Architecture Behind(Architecture small) =>
        new(small.Kind, [1, 28, 28], [new MaxPoolLayer("shrink", 7), .. small.Layers]);

    private SampleTensors Samples() =>
        SampleTensors.From(DatasetCatalog.Load("mnist", "train", workspace.Data, 20), Preprocessing.Images);

    // Central differences of the gradient, which needs no second derivative.
    private static Tensor Hessian(Network network, SampleTensors samples)
    {
        const double step = 1e-5;
        using var curvature = new LossCurvature(network, samples);
        var rows = new List<Tensor>();
        foreach (var parameter in curvature.Parameters)
        {
            for (var i = 0; i < parameter.numel(); i++)
            {
                var up = Moved(parameter, i, step);
                rows.Add(up.sub(Moved(parameter, i, -2 * step)).div(2 * step));
                Move(parameter, i, step);
            }
        }
        var hessian = stack([.. rows]);
        return hessian.add(hessian.t()).div(2);

        Tensor Moved(Tensor parameter, int i, double by)
        {
            Move(parameter, i, by);
            return curvature.Gradient(CancellationToken.None);
        }
    }

    private static void Move(Tensor parameter, int i, double by)
    {
        using var guard = no_grad();
        using var element = parameter.reshape(-1)[i];
        element.add_(by);
    }
}
