using Emergence.Trainer.Training;

namespace Emergence.Trainer.Tests.Cli;

/// <summary>Training that goes on from a checkpoint gives what it would have given without a break.</summary>
public sealed class ResumedTrainingTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public void Going_on_from_a_checkpoint_gives_what_one_run_gives()
    {
        string[] options = ["--hidden", "16,8", "--activation", "tanh", "--lr", "0.02", "--batch-size", "32", "--seed", "3"];
        Done(workspace.Train("whole", [.. options, "--epochs", "3"]));
        Done(workspace.Train("first", [.. options, "--epochs", "2"]));

        // Elsewhere: only what follows. Options are those that the checkpoint records.
        Done(workspace.Train("rest", "--from", Path.Combine(workspace.Folder("first"), "ckpt_002.onnx"), "--epochs", "1"));
        Assert.Equal(["ckpt_003.onnx", "train.csv"], workspace.Files("rest"));
        Assert.Equal(workspace.Bytes("whole", "ckpt_003.onnx"), workspace.Bytes("rest", "ckpt_003.onnx"));

        // In place: the earlier checkpoints and rows stay.
        Done(workspace.Train("first", "--from", Path.Combine(workspace.Folder("first"), "ckpt_002.onnx"), "--epochs", "1"));
        Assert.Equal(workspace.Files("whole"), workspace.Files("first"));
        Assert.All(workspace.Files("whole"),
            file => Assert.Equal(workspace.Bytes("whole", file), workspace.Bytes("first", file)));
    }

    [Fact]
    public void A_transformer_goes_on_bit_by_bit()
    {
        string[] options = ["--network", "vit", "--patch", "7", "--width", "12", "--depth", "2", "--heads", "3", "--optimizer",
            "adam", "--lr", "0.002"];
        Done(workspace.Train("whole", [.. options, "--epochs", "2"]));
        Done(workspace.Train("first", [.. options, "--epochs", "1"]));
        Done(workspace.Train("first", "--from", Path.Combine(workspace.Folder("first"), "ckpt_001.onnx"), "--epochs", "1"));
        Assert.All(workspace.Files("whole"),
            file => Assert.Equal(workspace.Bytes("whole", file), workspace.Bytes("first", file)));
        var metadata = workspace.Open("first", 2).Metadata;
        Assert.Equal(("vit", "gelu", null), (metadata.Network, metadata.Activation, metadata.Hidden));
    }

    [Theory]
    [InlineData("adam", "0.01", "0")]
    [InlineData("sgd", "0.02", "0.9")]
    public void The_moments_of_an_optimizer_go_on_bit_by_bit(string optimizer, string rate, string momentum)
    {
        string[] options = ["--hidden", "16,8", "--optimizer", optimizer, "--lr", rate, "--seed", "3"];
        if (optimizer == "sgd")
            options = [.. options, "--momentum", momentum];
        Done(workspace.Train("whole", [.. options, "--epochs", "3"]));
        Done(workspace.Train("first", [.. options, "--epochs", "2"]));
        Assert.Contains("ckpt_002.optimizer", workspace.Files("first"));
        var from = Path.Combine(workspace.Folder("first"), "ckpt_002.onnx");

        var rest = workspace.Train("rest", "--from", from, "--epochs", "1");
        Done(rest);
        Assert.DoesNotContain("moments", rest.Error, StringComparison.Ordinal);
        Assert.Equal(workspace.Bytes("whole", "ckpt_003.onnx"), workspace.Bytes("rest", "ckpt_003.onnx"));
        Assert.Equal(workspace.Bytes("whole", "ckpt_003.optimizer"), workspace.Bytes("rest", "ckpt_003.optimizer"));

        // Without them it is another run, and says so; beside another checkpoint they say nothing.
        File.Copy(Path.Combine(workspace.Folder("first"), "ckpt_001.optimizer"), OptimizerFile.PathOf(from), overwrite: true);
        var foreign = workspace.Train("foreign", "--from", from, "--epochs", "1");
        Assert.Contains(
            $"note: {OptimizerFile.PathOf(from)}: belongs to another checkpoint or optimizer, so {optimizer} starts without its "
            + "moments\n",
            foreign.Error, StringComparison.Ordinal);
        Assert.NotEqual(workspace.Bytes("whole", "ckpt_003.onnx"), workspace.Bytes("foreign", "ckpt_003.onnx"));

        var damaged = File.ReadAllBytes(Path.Combine(workspace.Folder("whole"), "ckpt_002.optimizer"));
        File.WriteAllBytes(OptimizerFile.PathOf(from), damaged[..^5]);
        var broken = workspace.Train("broken", "--from", from, "--epochs", "1");
        Assert.Equal(1, broken.Code);
        Assert.Contains("ckpt_002.optimizer: cannot be read as the state of an optimizer (it ends too early); remove it",
            broken.Error, StringComparison.Ordinal);
    }

    private static void Done(ProgramRun run) => Assert.True(run.Code == 0, run.Error);
}
