using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Reports;

namespace Emergence.Analyzer.Tests.Series;

public class FileNameEpochsTests
{
    [Theory]
    [InlineData("Control-499845.onnx", 499845)]
    [InlineData("runs/ckpt_007.onnx", 7)]
    [InlineData("model.epoch12.onnx", 12)]
    [InlineData("epoch=3-step=400.onnx", 3)]
    [InlineData("Step_5000_final.onnx", 5000)]
    [InlineData("iter-12.onnx", 12)]
    [InlineData("resnet50.onnx", null)]
    [InlineData("footstep3.onnx", null)]
    [InlineData("model.onnx", null)]
    [InlineData("a-99999999999.onnx", null)]
    [InlineData("7/model.onnx", null)]
    public void A_step_number_stands_behind_a_separator_or_a_word(string file, int? epoch) =>
        Assert.Equal(epoch, FileNameEpochs.Read(file)?.Epoch);

    [Theory]
    [InlineData("Control-5.onnx Control-10.onnx", "5 10")]
    [InlineData("Control-499845.onnx", "499845")]
    // Two runs, a name without a number, one number twice: then they count nothing.
    [InlineData("a-1.onnx b-2.onnx", "")]
    [InlineData("a/x-1.onnx b/x-2.onnx", "")]
    [InlineData("x-1.onnx x.onnx", "")]
    [InlineData("x-1.onnx x-01.onnx", "")]
    public void A_series_has_epochs_only_where_its_names_differ_in_them(string files, string epochs)
    {
        var filled = FileNameEpochs.Fill([.. files.Split(' ').Select(file => SampleOutcome.Checkpoint(
            file, null, null, SampleOutcome.Chain(0.05f, new(1), new(1), 1, 1, 1)))]);
        Assert.Equal(epochs, string.Join(' ', filled.Where(checkpoint => checkpoint.IsEpochOfName).Select(x => x.Epoch)));
        Assert.All(filled, checkpoint => Assert.Equal(checkpoint.IsEpochOfName, checkpoint.Epoch is not null));
        Assert.All(filled, checkpoint => Assert.Equal(checkpoint.IsEpochOfName ? 1 : 0, checkpoint.Diagnostics.Length));
    }

    [Fact]
    public void What_a_checkpoint_records_counts_alone()
    {
        var recorded = SampleOutcome.Plain.Series.Checkpoints[0];
        var other = recorded with { Epoch = null, File = "models/digits-mlp/ckpt_001.onnx" };
        Assert.Equal([0, null], FileNameEpochs.Fill([recorded, other]).Select(checkpoint => checkpoint.Epoch));
    }
}
