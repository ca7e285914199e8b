using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Inference;

/// <summary>Labels are compared with the classes that the model has: a model that gives back its three inputs.</summary>
public class LabelTests
{
    private static readonly double[] Samples = [9, 0, 0, 0, 9, 0, 0, 0, 9, 0, 9, 0];

    [Theory]
    [InlineData("0\n1\n2\n1", 1.0, null)]
    [InlineData("0\n1\n2\n2", 0.75, null)]
    [InlineData("1\n2\n3\n2", 1.0, "labels go from 1 to 3 for 3 classes: they are taken to be counted from 1")]
    [InlineData("2\n3\n3\n3", 0.25, "labels go from 2 to 3 for 3 classes: they are taken to be counted from 1")]
    [InlineData("1\n1\n2\n1", 0.75, null)]
    public async Task those_counted_from_1_are_shifted(string labels, double accuracy, string? note)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("labels.txt", System.Text.Encoding.UTF8.GetBytes(labels));
        var result = await WholeAnalysis.Of(Model(), new ProbeOptions { Data = [Data(folder)], Labels = file });
        Assert.Equal(accuracy, result.Accuracy);
        Assert.Equal(note is null ? [] : [$"{file}: {note}"], result.Diagnostics.Select(diagnostic => $"{diagnostic}"));
    }

    [Fact]
    public async Task a_part_of_the_labels_is_counted_as_all_of_them()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("labels.txt", "1\n2\n3\n2"u8.ToArray());
        var result = await WholeAnalysis.Of(Model(), new ProbeOptions { Data = [Data(folder)], Labels = file, Samples = 2 });
        Assert.Equal(1, result.Accuracy);
    }

    [Theory]
    [InlineData("0\n1\n3\n1", "0 to 3")]
    [InlineData("1\n2\n4\n2", "1 to 4")]
    [InlineData("7\n7\n7\n7", "7 to 7")]
    public async Task those_outside_the_classes_are_an_error(string labels, string range)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("labels.txt", System.Text.Encoding.UTF8.GetBytes(labels));
        var e = await Assert.ThrowsAsync<UserException>(() =>
            WholeAnalysis.Of(Model(), new ProbeOptions { Data = [Data(folder)], Labels = file }));
        Assert.Contains(
            $"{file}: labels go from {range}, but the model has 3 classes; give labels from 0 to 2, or leave out --labels",
            e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task those_that_came_with_the_samples_are_left_out_with_a_warning()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("set.npz", Bytes.Npz(
            ("x.npy", Bytes.Npy("<f4", "(4, 3)", TinyModel.Encode(Samples, DataType.Float))),
            ("y.npy", Bytes.Npy("<i8", "(4,)", TinyModel.Encode([0, 1, 9, 1], DataType.Int64)))));
        var result = await WholeAnalysis.Of(Model(), new ProbeOptions { Data = [file] });
        Assert.Null(result.Accuracy);
        Assert.Equal(
            [(Severity.Warning,
                "set.npz: labels go from 0 to 9, but the model has 3 classes: there is no accuracy; give fitting labels with "
                + "--labels")],
            result.Diagnostics.Select(diagnostic => (diagnostic.Severity, $"{diagnostic}")));
    }

    private static string Data(TemporaryFolder folder) =>
        WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(Samples, DataType.Float), 4, 3);

    private static TinyModel Model() =>
        new TinyModel(13).Declared("x", "batch 3").Initializer("one", [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])
        .Node("MatMul", "x one", "y").Output("y", [null, 3]);
}
