using System.Security.Cryptography;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Google.Protobuf;
using static Emergence.Analyzer.Tests.Probes.ProbedModel;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Probes;

/// <summary>Samples that are not held in memory are the same as samples that are.</summary>
public sealed class StreamedProbeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void many_images_are_laid_out_and_scaled_as_few_are()
    {
        const int Many = 7_300, Few = 1_000;
        var pixels = new byte[Many * 28 * 28 * 3];
        new Random(1).NextBytes(pixels);
        var path = folder.Write("x.npy", Bytes.Npy("|u1", $"({Many}, 28, 28, 3)", pixels));
        var model = new ProbedModel(folder).Input("x", [null, 3, 28, 28]);
        var options = new ProbeOptions
        {
            Data = [path],
            Scale = 1f / 255,
            Mean = [0.1f, 0.2f, 0.3f],
            Std = [0.5f, 0.25f, 0.125f],
        };
        var few = model.Resolve(options with { Samples = Few });
        var many = model.Resolve(options with { Samples = null });
        var values = Read(many.Inputs[0]);
        Assert.Equal((Few, Many), (few.Samples, many.Samples));
        Assert.True(values.AsSpan(0, Few * 2352 * 4).SequenceEqual(Read(few.Inputs[0])));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(values)), many.Provenance.Sha256);
        // Sample 7,299, channel 2, row 27, column 26.
        var stored = pixels[(Many - 1) * 2352 + (27 * 28 + 26) * 3 + 2];
        Assert.Equal(((stored * (1f / 255)) - 0.3f) / 0.125f, BitConverter.ToSingle(values, values.Length - 8));
    }

    [Fact]
    public void many_random_samples_begin_with_the_few_and_none_is_drawn_before_it_is_read()
    {
        var model = new ProbedModel(folder).Input("x", [null, 784]);
        var few = Read(model.Resolve(new ProbeOptions { Samples = 10 }).Inputs[0]);
        var many = RandomProbe.Draw(
            new("x", (int)DataType.Float, [null, 784], ["", ""], 0), 0, 1_000_000, 0, Preprocessing.None);
        using var reader = many.Values.Open();
        var read = new byte[2 * 784 * 4];
        reader.Read(8, 2, read);
        Assert.True(few.AsSpan(8 * 784 * 4).SequenceEqual(read));
    }

    [Theory]
    [InlineData(Statistic.Mean, false)]
    [InlineData(Statistic.Share, true)]
    public async Task counts_of_many_samples_do_not_depend_on_how_they_are_read(Statistic statistic, bool inBlocks)
    {
        var tiny = new TinyModel(opset: 13).Input("x", [null, 64]).Weight("w", 64, 8)
            .Node("MatMul", "x w", "h").Node("Relu", "h", "y").Output("y");
        const int Samples = 70_000;
        var values = new float[Samples * 64];
        for (var i = 0; i < values.Length; i++)
            values[i] = (i * 7 % 31 - 15) / 16f;
        var bytes = TinyModel.Encode([.. values.Select(value => (double)value)], DataType.Float);
        var bootstrap = inBlocks ? new BootstrapSettings(100, 1) : null;
        var settings = WholeAnalysis.OnCpu with { Statistic = statistic, Bootstrap = bootstrap };
        var array = WholeAnalysis.Data(folder, "x.npy", bytes, Samples, 64);
        var streamed = await WholeAnalysis.Of(tiny, new ProbeOptions { Data = [array], Samples = null }, settings);
        // A tensor file is read whole.
        var whole = folder.Write("x.pb", TensorValues.FromFloats("x", [Samples, 64], values).ToByteArray());
        var held = await WholeAnalysis.Of(tiny, new ProbeOptions { Data = [whole], Samples = null }, settings);
        Assert.Equal(held.Probe.Sha256, streamed.Probe.Sha256);
        Assert.Equal(WholeAnalysis.Numbers(held), WholeAnalysis.Numbers(streamed));
        Assert.Equal(held.Measurements[0].Emergence, streamed.Measurements[0].Emergence);
    }
}
