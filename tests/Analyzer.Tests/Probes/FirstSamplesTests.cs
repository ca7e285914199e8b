using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;

namespace Emergence.Analyzer.Tests.Probes;

/// <summary>Only samples are cut to the first ones: what has its samples on another axis, or none, is fed whole.</summary>
public sealed class FirstSamplesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void an_axis_in_front_of_the_samples_is_not_cut()
    {
        float[] values = [.. Enumerable.Range(0, 12).Select(i => (float)i)];
        var path = folder.Write("x.npy", Bytes.Npy("<f4", "(4, 3)", Bytes.Floats(values)));
        var probe = new ProbedModel(folder).Input("x", [4, null], batchAxis: 1)
            .Resolve(new ProbeOptions { Data = [path], Samples = 2 });
        Assert.Equal(2, probe.Samples);
        Assert.Equal([0, 3, 6, 9, 1, 4, 7, 10], ProbedModel.Floats(probe.Inputs[0])[..8]);
    }

    [Fact]
    public void one_sample_is_not_cut()
    {
        float[] values = [.. Enumerable.Range(0, 5).Select(i => (float)i)];
        var path = folder.Write("x.npy", Bytes.Npy("<f4", "(5,)", Bytes.Floats(values)));
        var probe = new ProbedModel(folder).Input("x", [null, 5]).Resolve(new ProbeOptions { Data = [path], Samples = 2 });
        Assert.Equal(values, ProbedModel.Floats(probe.Inputs[0])[..5]);
    }

    [Fact]
    public void an_input_without_samples_is_not_cut()
    {
        float[] table = [.. Enumerable.Range(0, 6).Select(i => (float)i)];
        var samples = folder.Write("x.npy", Bytes.Npy("<f4", "(4, 1)", Bytes.Floats(1, 2, 3, 4)));
        var shared = folder.Write("t.npy", Bytes.Npy("<f4", "(3, 2)", Bytes.Floats(table)));
        var probe = new ProbedModel(folder).Input("x", [null, 1]).Input("t", [3, 2], batchAxis: -1)
            .Resolve(new ProbeOptions { Data = [$"x={samples}", $"t={shared}"], Samples = 2 });
        Assert.Equal(2, probe.Samples);
        Assert.Equal(table, ProbedModel.Floats(probe.Inputs[1])[..6]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void labels_of_other_samples_are_refused_however_few_are_asked_for(int labels)
    {
        var samples = folder.Write("x.npy", Bytes.Npy("<f4", "(4, 1)", Bytes.Floats(1, 2, 3, 4)));
        var classes = folder.Write("y.npy", Bytes.Npy("|u1", $"({labels},)", new byte[labels]));
        var model = new ProbedModel(folder).Input("x", [null, 1]);
        Assert.Equal($"{classes}: has {labels} labels for 4 samples; give a label for each sample",
            Assert.Throws<UserException>(() =>
                model.Resolve(new ProbeOptions { Data = [samples], Labels = classes, Samples = 2 })).Message);
    }

    [Fact]
    public void whole_numbers_that_no_integer_holds_are_named()
    {
        var path = folder.Write("x.npy", Bytes.Npy("<u8", "(1, 1)", [.. Enumerable.Repeat((byte)255, 8)]));
        var model = new ProbedModel(folder).Input("x", [null, 1], Onnx.TensorProto.Types.DataType.Int64);
        Assert.Equal($"{path}: holds numbers that int64, which the model takes, cannot hold; check the data",
            Assert.Throws<UserException>(() => model.Resolve(path)).Message);
    }
}
