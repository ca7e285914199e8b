using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Emergence.Checkpoints;
using Google.Protobuf;

namespace Emergence.Trainer.Tests.Cli;

public sealed class SharpnessCommandTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public void A_run_is_measured_checkpoint_by_checkpoint_in_three_forms_and_the_same_each_time()
    {
        Assert.Equal(0, workspace.Train("out", "--hidden", "4", "--activation", "tanh", "--epochs", "1").Code);
        var csv = Measure("--format", "csv");
        Assert.Equal(csv, Measure("--format", "csv"));
        var rows = csv.TrimEnd('\n').Split('\n').Select(row => row.Split(',')).ToArray();
        Assert.Equal("file,epoch,dataset,split,samples,loss,quantity,value,error", string.Join(',', rows[0]));
        Assert.Equal(
            ["0 eigenvalue_1", "0 eigenvalue_2", "0 eigenvalue_lowest", "0 trace", "1 eigenvalue_1", "1 eigenvalue_2",
                "1 eigenvalue_lowest", "1 trace"],
            rows[1..].Select(row => $"{row[1]} {row[6]}"));

        using var json = JsonDocument.Parse(Measure("--format", "json"));
        var last = json.RootElement.GetProperty("checkpoints")[1];
        var top = last.GetProperty("top_eigenvalues")[0];
        Assert.Equal(rows[5][7], top.GetProperty("value").GetDouble().ToString("R", CultureInfo.InvariantCulture));
        Assert.True(top.GetProperty("converged").GetBoolean());
        Assert.Equal(784 * 4 + 4 + 50, last.GetProperty("parameters").GetInt32());
        Assert.Equal(("mnist", "test", 40), (last.GetProperty("dataset").GetString(), last.GetProperty("split").GetString(),
            last.GetProperty("samples").GetInt32()));

        Assert.Contains(
            "error: of an eigenvalue its residual, of the trace its standard error\n", Measure(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_residual_that_stays_large_is_warned_of()
    {
        Assert.Equal(0, workspace.Train("out", "--hidden", "4", "--epochs", "0").Code);
        var run = Run(workspace.Folder("out"), "--iterations", "2", "--vectors", "2");
        Assert.Equal(0, run.Code);
        Assert.Matches(
            @"warning: .*ckpt_000\.onnx: an eigenvalue of [0-9.E+-]+ has a residual of [0-9.E+-]+ after 2 steps; give more "
            + "--iterations\n", run.Error);
    }

    [Theory]
    [InlineData("nowhere.onnx", "", "nowhere.onnx: does not exist; check the path")]
    [InlineData("data", "", "data: holds no checkpoints (ckpt_*.onnx); name a folder of emergence-train")]
    [InlineData("data", "--top 9 --iterations 5", "data: holds no checkpoints")]
    [InlineData("out", "--top 9 --iterations 5", "--top: 9 eigenvalues need as many steps; give more --iterations")]
    [InlineData("out", "--vectors 1", "--vectors: '1' is not a whole number of at least 2")]
    [InlineData("out", "--dataset cifar10", "takes images of 1x28x28 and tells 10 classes apart, but cifar10 has 3x32x32 and 10")]
    public void Wrong_usage_is_one_line(string path, string options, string message)
    {
        Assert.Equal(0, workspace.Train("out", "--hidden", "4", "--epochs", "0").Code);
        Directory.CreateDirectory(Path.Combine(workspace.Data, "cifar-10-batches-bin"));
        File.WriteAllBytes(Path.Combine(workspace.Data, "cifar-10-batches-bin", "test_batch.bin"), new byte[3 * 3073]);
        var run = Run(workspace.Folder(path), options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void A_network_that_is_lost_has_no_curvature()
    {
        Assert.Equal(0, workspace.Train("out", "--hidden", "4", "--lr", "1e30", "--epochs", "1", "--keep-going").Code);
        var run = Run(Path.Combine(workspace.Folder("out"), "ckpt_001.onnx"));
        Assert.Equal(1, run.Code);
        Assert.Contains("ckpt_001.onnx: its loss is not finite, so that it has no curvature; take an earlier one", run.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_just_before_it_is_lost_has_none_either()
    {
        Assert.Equal(0, workspace.Train(
            "out", "--hidden", "4,4,4,4,4,4", "--init", "kaiming", "--activation", "relu", "--epochs", "0").Code);
        // Seven layers of 1e36: losses of 1e250, the square of whose slopes no double holds.
        var path = Path.Combine(workspace.Folder("out"), "ckpt_000.onnx");
        var model = ModelFile.Read(path);
        foreach (var tensor in model.Graph.Initializer.Where(tensor => tensor.Name.EndsWith(".weight", StringComparison.Ordinal)))
        {
            var large = TensorValues.ToFloats(tensor, null).Select(value => value * 1e36f).ToArray();
            tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(large));
            tensor.FloatData.Clear();
        }
        ModelFile.Save(model, path);
        var run = Run(path, "--samples", "8");
        Assert.Equal(1, run.Code);
        Assert.Equal($"error: {path}: its loss is finite, but its Hessian is not; take an earlier one\n", run.Error);
    }

    private string Measure(params string[] options)
    {
        var run = Run(workspace.Folder("out"), ["--samples", "40", "--top", "2", "--vectors", "3", .. options]);
        Assert.True(run.Code == 0, run.Error);
        return run.Output;
    }

    private ProgramRun Run(string path, params string[] options) =>
        Workspace.Run(["sharpness", path, "--data-dir", workspace.Data, "--threads", "1", .. options]);
}
