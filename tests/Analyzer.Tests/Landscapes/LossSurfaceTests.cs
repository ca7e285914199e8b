using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Losses;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>The loss of moved weights is that of a file that stores them.</summary>
public class LossSurfaceTests
{
    [Fact]
    public void a_step_gives_the_loss_of_a_file_with_these_weights()
    {
        using var folder = new TemporaryFolder();
        var probe = LandscapeRun.Labeled(folder);
        using var surface = LandscapeRun.Open(LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier()), probe);
        var direction = RandomDirections.Rademacher(surface.Tensors, 0, 0);
        var other = RandomDirections.Gaussian(surface.Tensors, Normalization.Filter, 0, 0);
        var moved = LandscapeRun.Classifier();
        foreach (var (tensor, index) in surface.Tensors.Select((tensor, index) => (tensor, index)))
        {
            var values = tensor.Values.ToArray();
            for (var i = 0; i < values.Length; i++)
                values[i] += 0.25 * direction.Parts[index].Span[i]
                    - (other.Parts[index].IsEmpty ? 0 : 0.5 * other.Parts[index].Span[i]);
            var stored = moved.Proto.Graph.Initializer.Single(initializer => initializer.Name == tensor.Name);
            moved.Proto.Graph.Initializer[moved.Proto.Graph.Initializer.IndexOf(stored)] = TensorValues.WithDoubles(stored,
                values);
        }
        using var expected = LandscapeRun.Open(LandscapeRun.Save(folder, "b.onnx", moved), probe);
        using var worker = surface.NewWorker();
        Assert.Equal(expected.Center, worker.At([new Move(direction, 0.25), new Move(other, -0.5)], default));
        Assert.NotEqual(surface.Center, expected.Center);
        Assert.Equal(surface.Center, worker.At([], default));
    }

    [Fact]
    public void the_loss_is_the_cross_entropy_of_the_labels()
    {
        using var folder = new TemporaryFolder();
        // The model gives back its three inputs.
        var path = LandscapeRun.Save(folder, "identity.onnx", new TinyModel(13).Declared("x", "batch 3")
            .Initializer("one", [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]).Node("MatMul", "x one", "y").Output("y", [null, 3]));
        var probe = new ProbeOptions
        {
            Data = [WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode([1, 2, 3, 0, 0, 0], DataType.Float), 2, 3)],
            Labels = folder.Write("labels.txt", "2\n1"u8.ToArray()),
        };
        using var surface = LandscapeRun.Open(path, probe);
        var first = Math.Log(Math.Exp(1) + Math.Exp(2) + Math.Exp(3)) - 3;
        Assert.Equal((first + Math.Log(3)) / 2, surface.Center.Loss, 1e-12);
        Assert.Equal(0.5, surface.Center.Accuracy);
        Assert.Equal(OutputForm.Logits, surface.Form);
    }

    [Theory]
    [InlineData("Softmax", OutputForm.Logits, "is a Softmax: cross-entropy is computed from the logits in front of it, 'z'")]
    [InlineData("LogSoftmax", OutputForm.Logits, "is a LogSoftmax")]
    [InlineData("parts", OutputForm.Probabilities, "is taken for probabilities")]
    public void probabilities_at_the_end_give_the_loss_of_the_logits(string end, OutputForm form, string note)
    {
        using var folder = new TemporaryFolder();
        var probe = LandscapeRun.Labeled(folder);
        using var logits = LandscapeRun.Open(LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier()), probe);
        using var surface = LandscapeRun.Open(LandscapeRun.Save(folder, "b.onnx", LandscapeRun.Classifier(end)), probe);
        Assert.Equal(form, surface.Form);
        Assert.Equal(logits.Center.Loss, surface.Center.Loss, 1e-6);
        Assert.Equal(logits.Center.Accuracy, surface.Center.Accuracy);
        Assert.Contains(surface.Diagnostics, diagnostic => diagnostic.Message.Contains(note, StringComparison.Ordinal));
    }

    [Fact]
    public void tied_weights_move_together()
    {
        using var folder = new TemporaryFolder();
        var probe = new ProbeOptions
        {
            Data = [WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(TinyModel.Quarters(40, 1), DataType.Float), 10, 4)],
            Labels = folder.Write("labels.txt", "0\n1\n2\n0\n1\n2\n0\n1\n2\n3"u8.ToArray()),
        };
        using var surface = LandscapeRun.Open(Tied(folder, "tied.onnx", 1), probe);
        using var doubled = LandscapeRun.Open(Tied(folder, "doubled.onnx", 2), probe);
        using var worker = surface.NewWorker();
        Assert.Equal(doubled.Center, worker.At([new Move(new Direction([Assert.Single(surface.Tensors).Values]), 1)], default));
        Assert.NotEqual(surface.Center, doubled.Center);
    }

    /// <summary>A weight that is stored again, transposed.</summary>
    private static string Tied(TemporaryFolder folder, string name, double factor)
    {
        double[] values = [.. TinyModel.Sixteenths(20, 3).Select(value => factor * value)];
        double[] transposed = [.. Enumerable.Range(0, 20).Select(i => values[i % 4 * 5 + i / 4])];
        return LandscapeRun.Save(folder, name, new TinyModel(13).Declared("x", "batch 4")
            .Initializer("w", [4, 5], values).Initializer("v", [5, 4], transposed)
            .Node("MatMul", "x w", "h").Node("Relu", "h", "r").Node("MatMul", "r v", "y").Output("y", [null, 4]));
    }

    [Fact]
    public void every_filter_of_a_direction_is_as_long_as_that_of_the_network()
    {
        using var folder = new TemporaryFolder();
        using var surface =
            LandscapeRun.Open(LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier()), LandscapeRun.Labeled(folder));
        var direction = RandomDirections.Gaussian(surface.Tensors, Normalization.Filter, 7, 1);
        // By the product, outputs are columns of w1; by Gemm with transB, rows of w2.
        Assert.Equal([1], surface.Tensors.Single(tensor => tensor.Name == "w1").FilterAxes);
        Assert.Equal([0], surface.Tensors.Single(tensor => tensor.Name == "w2").FilterAxes);
        foreach (var (tensor, part) in surface.Tensors.Zip(direction.Parts))
        {
            if (tensor.Role != ParameterRole.Weight)
            {
                Assert.True(part.IsEmpty);
                continue;
            }
            var (own, its) = (new double[tensor.Filters], new double[tensor.Filters]);
            for (var i = 0; i < part.Length; i++)
            {
                own[tensor.FilterOf(i)] += part.Span[i] * part.Span[i];
                its[tensor.FilterOf(i)] += tensor.Values.Span[i] * tensor.Values.Span[i];
            }
            Assert.Equal(its, own, (a, b) => Math.Abs(a - b) < 1e-12 * (a + b));
        }
        Assert.NotEqual(direction.Norm, RandomDirections.Gaussian(surface.Tensors, Normalization.None, 7, 1).Norm, 1e-6);
    }
}
