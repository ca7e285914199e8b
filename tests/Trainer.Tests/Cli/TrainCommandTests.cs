using Emergence.Datasets;
using Emergence.Testing;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Tests.Cli;

public sealed class TrainCommandTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("mlp", "sgd")]
    [InlineData("mlp", "adam")]
    [InlineData("lenet", "sgd")]
    [InlineData("vit", "adam")]
    public void A_seed_gives_the_same_files_every_time(string network, string optimizer)
    {
        string[] options = ["--network", network, "--optimizer", optimizer, "--epochs", "2", "--seed", "5"];
        Done(workspace.Train("a", options));
        Done(workspace.Train("b", options));

        string[] files = ["ckpt_000.onnx", "ckpt_001.onnx", "ckpt_002.onnx", "train.csv"];
        if (optimizer == "adam")
            files = [.. files, "ckpt_000.optimizer", "ckpt_001.optimizer", "ckpt_002.optimizer"];
        Assert.Equal(files.Order(StringComparer.Ordinal), workspace.Files("a"));
        Assert.All(files, file => Assert.Equal(workspace.Bytes("a", file), workspace.Bytes("b", file)));

        Done(workspace.Train("c", [.. options[..^1], "6"]));
        Assert.NotEqual(workspace.Bytes("a", "ckpt_000.onnx"), workspace.Bytes("c", "ckpt_000.onnx"));
    }

    [Fact]
    public void A_run_replaces_an_earlier_one_and_nothing_else()
    {
        Done(workspace.Train("out", "--hidden", "4", "--epochs", "3"));
        File.WriteAllText(Path.Combine(workspace.Folder("out"), "notes.txt"), "mine");
        File.WriteAllText(Path.Combine(workspace.Folder("out"), "ckpt_best.onnx"), "mine");

        Done(workspace.Train("out", "--hidden", "none", "--epochs", "1"));

        Assert.Equal(["ckpt_000.onnx", "ckpt_001.onnx", "ckpt_best.onnx", "notes.txt", "train.csv"], workspace.Files("out"));
        Assert.Equal(3, File.ReadAllLines(Path.Combine(workspace.Folder("out"), "train.csv")).Length);
        Assert.Equal("none", workspace.Open("out", 1).Metadata.Hidden);
    }

    [Fact]
    public void A_checkpoint_describes_its_run()
    {
        var run = workspace.Train(
            "out", "--hidden", "32", "--epochs", "8", "--lr", "0.05", "--momentum", "0.5", "--batch-size", "10", "--seed", "-4",
            "--samples", "150", "--init", "kaiming+emergence:1.5");
        Done(run);

        var metadata = workspace.Open("out", 8).Metadata;
        var test = DatasetCatalog.Load("mnist", "test", workspace.Data);
        Assert.Equal((8, -4L, "mnist", "test", test.Sha256),
            (metadata.Epoch, metadata.Seed, metadata.Dataset, metadata.Split, metadata.DatasetSha256));
        Assert.Equal((1f / 255, 0.5f, 0.5f), (metadata.Scale, Assert.Single(metadata.Mean), Assert.Single(metadata.Std)));
        Assert.Equal(("mlp", "32", "relu"), (metadata.Network, metadata.Hidden, metadata.Activation));
        Assert.Equal("kaiming+emergence:1.5", metadata.Initialization);
        Assert.Equal(("sgd", 0.05, 0.5, 10), (metadata.Optimizer, metadata.LearningRate, metadata.Momentum, metadata.BatchSize));
        Assert.True(metadata.TrainAccuracy > 0.9, $"it learns (train accuracy {metadata.TrainAccuracy})");
        Assert.Equal(0, metadata.TestAccuracy!.Value * 50 % 1, 1e-9);

        var rows = File.ReadAllLines(Path.Combine(workspace.Folder("out"), "train.csv"));
        Assert.Equal(EpochRecord.CsvHeader, rows[0]);
        Assert.Equal(
            FormattableString.Invariant(
            $"8,0.05,{metadata.TrainLoss},{metadata.TrainAccuracy},{metadata.TestLoss},{metadata.TestAccuracy},"),
            rows[9][..(rows[9].LastIndexOf(',', rows[9].LastIndexOf(',') - 1) + 1)]);
        Assert.EndsWith(",,", rows[1], StringComparison.Ordinal);
        Assert.StartsWith($"{Path.Combine(workspace.Folder("out"), "ckpt_008.onnx")}: epoch 8, train ", run.Output,
            StringComparison.Ordinal);
        Assert.Equal(9, run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Random_labels_are_remembered_and_not_generalized_and_the_checkpoint_says_so()
    {
        Done(workspace.Train("true", "--hidden", "64", "--epochs", "40", "--lr", "0.05", "--momentum", "0.9"));
        Done(workspace.Train("random", "--hidden", "64", "--epochs", "40", "--lr", "0.05", "--momentum", "0.9",
            "--labels", "random:7"));
        var (real, random) = (workspace.Open("true", 40).Metadata, workspace.Open("random", 40).Metadata);
        Assert.Equal((null, null, "random:7", null), (real.Labels, real.Inputs, random.Labels, random.Inputs));
        Assert.Equal(workspace.Open("true", 0).Metadata.DatasetSha256, random.DatasetSha256);
        Assert.True(random.TrainAccuracy > 0.9, $"it remembers (train accuracy {random.TrainAccuracy})");
        Assert.True(real.TestAccuracy > 0.9, $"it generalizes (test accuracy {real.TestAccuracy})");
        Assert.True(random.TestAccuracy < 0.4, $"it cannot generalize (test accuracy {random.TestAccuracy})");

        // Gone on with, it has the same labels unless told otherwise.
        Done(Workspace.Run(["train", "--from", Path.Combine(workspace.Folder("random"), "ckpt_040.onnx"), "--data-dir",
            workspace.Data, "--threads", "1", "--epochs", "1", "--out", workspace.Folder("on")]));
        Assert.Equal("random:7", workspace.Open("on", 41).Metadata.Labels);
        Done(Workspace.Run(["train", "--from", Path.Combine(workspace.Folder("random"), "ckpt_040.onnx"), "--data-dir",
            workspace.Data, "--threads", "1", "--epochs", "1", "--labels", "true", "--inputs", "random", "--out",
            workspace.Folder("back")]));
        var back = workspace.Open("back", 41).Metadata;
        Assert.Equal((null, "random:0"), (back.Labels, back.Inputs));

        var wrong = workspace.Train("wrong", "--labels", "radom");
        Assert.Equal(2, wrong.Code);
        Assert.Contains("--labels: 'radom': expected true, random or random:SEED", wrong.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_keeps_every_finished_checkpoint()
    {
        using var source = new CancellationTokenSource();
        using var error = new CancelingWriter("epoch 2/", source);

        var run = Workspace.Run(
            ["train", "--dataset", "mnist", "--data-dir", workspace.Data, "--epochs", "100", "--threads", "1", "--out",
                workspace.Folder("out")],
            error, token: source.Token);

        Assert.Equal(130, run.Code);
        Assert.Equal("", run.Output);
        Assert.Equal(["ckpt_000.onnx", "ckpt_001.onnx", "ckpt_002.onnx", "train.csv"], workspace.Files("out"));
        Assert.Equal(2, workspace.Open("out", 2).Metadata.Epoch);
        Assert.Equal(4, File.ReadAllLines(Path.Combine(workspace.Folder("out"), "train.csv")).Length);
        Assert.EndsWith("error: canceled; the files written so far are complete\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_diverges_ends_and_says_where()
    {
        var run = workspace.Train("out", "--lr", "1e30", "--epochs", "2", "--quiet");
        Assert.Equal((1, ""), (run.Code, run.Output));
        Assert.Equal(
            "error: epoch 1: step 2 of 4: the loss is NaN; try a smaller --lr, or train on with --keep-going (the checkpoints "
            + "before epoch 1 are complete)\n",
            run.Error);
        Assert.Equal(["ckpt_000.onnx", "train.csv"], workspace.Files("out"));
    }

    [Fact]
    public void A_run_that_keeps_going_is_warned_of_once_and_does_not_start_again_without_a_word()
    {
        var run = workspace.Train("out", "--lr", "1e30", "--epochs", "2", "--quiet", "--keep-going");
        Done(run);
        Assert.Equal("warning: epoch 1: step 2 of 4: the loss is NaN; try a smaller --lr\n", run.Error);
        Assert.False(double.IsFinite(workspace.Open("out", 2).Metadata.TrainLoss!.Value));

        var path = Path.Combine(workspace.Folder("out"), "ckpt_002.onnx");
        var onward = workspace.Train("onward", "--from", path, "--lr", "0.1");
        Assert.Equal(1, onward.Code);
        Assert.StartsWith("error: epoch 2: weight 'fc1.weight' is not finite; ", onward.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_shows_a_bar_and_wipes_it()
    {
        using var error = new StringWriter { NewLine = "\n" };
        var run = Workspace.Run(
            ["train", "--dataset", "mnist", "--data-dir", workspace.Data, "--epochs", "1", "--threads", "1", "--out",
                workspace.Folder("out")], error, width: 80);
        Done(run);
        Assert.Contains("\repoch 1/1 [", run.Error, StringComparison.Ordinal);
        Assert.Matches(@"\r +\repoch 1/1  loss ", run.Error);
    }

    [Theory]
    [InlineData("--epochs -1", "--epochs: '-1' is not a whole number of at least 0; see emergence-train train --help")]
    [InlineData("--lr 0", "--lr: '0' is not a finite number above 0; see emergence-train train --help")]
    [InlineData("--hidden 12,x", "--hidden: 'x' is not a whole number of at least 1; see emergence-train train --help")]
    [InlineData("--optimizer lion", "--optimizer: 'lion': expected sgd or adam; see emergence-train train --help")]
    [InlineData("--batchsize 3", "--batchsize: no such option; did you mean '--batch-size'? See emergence-train train --help")]
    [InlineData("--network lenet --hidden 3",
        "--hidden: belongs to --network mlp, as the layers of others are fixed; leave it out")]
    [InlineData("--network vit --hidden 3",
        "--hidden: belongs to --network mlp, as the layers of others are fixed; leave it out")]
    [InlineData("--init emergence:99",
        "--init: 'emergence:99': expected a number from 0.1 to 10 behind emergence:; see emergence-train train --help")]
    [InlineData("--patch 4", "--patch: belongs to --network vit; leave it out")]
    [InlineData("--network cnn --heads 4", "--heads: belongs to --network vit; leave it out")]
    [InlineData("--network vit --patch 5",
        "--patch: squares of 5 pixels do not divide images of 28 x 28; choose one of 1, 2, 4, 7, 14, 28")]
    [InlineData("--network vit --width 6 --heads 4", "--heads: 4 heads do not divide a width of 6; choose one of 1, 2, 3, 6")]
    [InlineData("--from x.onnx --depth 3", "--depth: --from takes the network from the checkpoint; leave one of the two out")]
    [InlineData("--optimizer adam --momentum 0.9", "--momentum: belongs to --optimizer sgd; leave it out")]
    [InlineData("--from x.onnx --hidden 3", "--hidden: --from takes the network from the checkpoint; leave one of the two out")]
    [InlineData("--from x.onnx", "--from x.onnx: does not exist; check the path")]
    [InlineData("--mean 0,0", "--mean: has 2 values for 1 channels; give one, or one each")]
    public void Wrong_usage_is_one_line_and_writes_nothing(string options, string message)
    {
        var run = workspace.Train("out", options.Split(' '));
        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.Equal($"error: {message}\n", run.Error);
        Assert.False(Directory.Exists(workspace.Folder("out")));
    }

    [Theory]
    [InlineData("",
        "no command is given; expected train, sharpness, experiment, predictor or completion; see emergence-train --help")]
    [InlineData("train --dataset digits", "--out: is missing; give it as in --out DIR; see emergence-train train --help")]
    [InlineData("train --out nowhere", "--dataset: is missing; name what to train on, as in --dataset digits")]
    public void What_is_missing_is_named(string args, string message)
    {
        var run = Workspace.Run(args.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal((2, "", $"error: {message}\n"), (run.Code, run.Output, run.Error));
        Assert.False(Directory.Exists("nowhere"));
    }

    [Fact]
    public void A_checkpoint_for_other_images_is_refused()
    {
        Done(workspace.Train("gray", "--epochs", "0"));
        Directory.CreateDirectory(workspace.Folder("cifar-10-batches-bin"));
        foreach (var name in new[] { "data_batch_1.bin", "test_batch.bin" })
            File.WriteAllBytes(Path.Combine(workspace.Folder("cifar-10-batches-bin"), name), new byte[3 * 3073]);
        var path = Path.Combine(workspace.Folder("gray"), "ckpt_000.onnx");

        var run = Workspace.Run(
            ["train", "--from", path, "--dataset", "cifar10", "--data-dir", workspace.Root, "--out", workspace.Folder("out")]);

        Assert.Equal(2, run.Code);
        Assert.Equal(
            $"error: {path}: takes images of 1x28x28 and tells 10 classes apart, but cifar10 has 3x32x32 and 10; choose "
            + "another --dataset\n",
            run.Error);
        Assert.False(Directory.Exists(workspace.Folder("out")));
    }

    [Fact]
    public void Help_is_an_answer()
    {
        var run = Workspace.Run(["train", "--help"]);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("--batch-size N", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Five_epochs_on_mnist_pass_89_percent()
    {
        var data = SharedFiles.Require("data", "mnist");
        var run = Workspace.Run(
            ["train", "--network", "mlp", "--hidden", "128,64", "--dataset", "mnist", "--data-dir", data, "--epochs", "5",
                "--threads", "1", "--out", workspace.Folder("out")]);
        Done(run);
        Assert.Equal(6, workspace.Files("out").Count(file => file.EndsWith(".onnx", StringComparison.Ordinal)));
        Assert.InRange(workspace.Open("out", 5).Metadata.TestAccuracy!.Value, 0.89, 1);
        Assert.InRange(workspace.Open("out", 0).Metadata.TestAccuracy!.Value, 0, 0.25);
    }

    private static void Done(ProgramRun run) => Assert.True(run.Code == 0, run.Error);

    /// <summary>Cancels as soon as a line begins with some text.</summary>
    private sealed class CancelingWriter : StringWriter
    {
        private readonly string start;
        private readonly CancellationTokenSource source;

        public CancelingWriter(string start, CancellationTokenSource source)
        {
            (this.start, this.source) = (start, source);
            NewLine = "\n";
        }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            if (value!.StartsWith(start, StringComparison.Ordinal))
                source.Cancel();
        }
    }
}
