using System.Diagnostics;
using System.IO.Pipes;
using Emergence.Analyzer.Series;
using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Tests.Series;

public sealed class CheckpointFinderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("emergence-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Directories_files_and_patterns_are_expanded_and_each_file_is_found_once()
    {
        Touch("ckpt_1.onnx", "ckpt_2.onnx", "ckpt_10.onnx", "train.csv", "._ckpt_1.onnx");
        Assert.Equal(["ckpt_1.onnx", "ckpt_2.onnx", "ckpt_10.onnx"], Find(""));
        Assert.Equal(["ckpt_1.onnx", "ckpt_2.onnx", "ckpt_10.onnx"], Find("ckpt_*.onnx", "", "ckpt_2.onnx"));
        Assert.Equal(["ckpt_1.onnx", "ckpt_2.onnx"], Find("ckpt_[0-9].onnx"));
        Assert.Equal(["ckpt_10.onnx"], Find("ckpt_1?.onnx"));
    }

    [Fact]
    public void Two_stars_reach_any_depth_but_not_into_hidden_directories()
    {
        Touch("a.onnx", "x/b.onnx", "x/y/c.onnx", "x/y/c.txt", ".git/d.onnx");
        Assert.Equal(["a.onnx", "x/b.onnx", "x/y/c.onnx"], Find("**/*.onnx"));
        Assert.Equal(["x/b.onnx", "x/y/c.onnx"], Find("x/**/*.onnx"));
        Assert.Equal(["x/y/c.onnx"], Find("**/y/*.onnx"));
        Assert.Equal([".git/d.onnx"], Find(".g*/*.onnx"));
    }

    [Fact]
    public void Pipes_are_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs mkfifo and /proc");
        using (var make = Process.Start("mkfifo", [Path.Combine(folder, "a.onnx")]))
        {
            make.WaitForExit();
            Assert.Equal(0, make.ExitCode);
        }
        Assert.Null(RecordedEpoch.Read(Path.Combine(folder, "a.onnx")));
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        Assert.Null(RecordedEpoch.Read($"/proc/self/fd/{pipe.GetClientHandleAsString()}"));
    }

    [Fact]
    public void A_directory_that_a_pattern_matches_stands_for_its_models()
    {
        Touch("seed-1/a.onnx", "seed-2/b.onnx", "seed-3/notes.txt");
        Assert.Equal(["seed-1/a.onnx", "seed-2/b.onnx"], Find("seed-*"));
    }

    [Fact]
    public void A_file_whose_name_is_a_pattern_is_found_by_its_name()
    {
        Touch("net[1].onnx", "net1.onnx");
        Assert.Equal(["net[1].onnx"], Find("net[1].onnx"));
    }

    [Fact]
    public void Links_that_lead_back_up_do_no_harm()
    {
        Touch("x/a.onnx");
        Directory.CreateSymbolicLink(Path.Combine(folder, "x", "loop"), folder);
        Assert.Equal(["x/a.onnx"], Find("**/*.onnx"));
    }

    [Fact]
    public void The_epoch_on_record_decides_then_the_natural_order_of_paths()
    {
        Touch("last.onnx", "first.onnx", "none_10.onnx", "none_9.onnx");
        var files = CheckpointFinder.Find([folder],
            file => Path.GetFileName(file) switch { "last.onnx" => 12, "first.onnx" => 0, _ => null });
        Assert.Equal(["first.onnx", "last.onnx", "none_9.onnx", "none_10.onnx"], files.Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public void Names_stay_as_the_user_gave_them()
    {
        Touch("sub/a.onnx");
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, folder);
        Assert.Equal([Path.Combine(relative, "sub", "a.onnx")], CheckpointFinder.Find([Path.Combine(relative, "s*", "*.onnx")]));
    }

    [Theory]
    [InlineData("ckpt.onnx", "no such file or directory; check the path")]
    [InlineData("ckpt_*.onnx", "the pattern matches nothing; check it against the files that are there")]
    [InlineData("nowhere/*/x", "the pattern matches nothing; check it against the files that are there")]
    [InlineData("empty", "no .onnx file in this directory; name the files or another directory")]
    public void What_matches_nothing_is_wrong_usage(string name, string finding)
    {
        Directory.CreateDirectory(Path.Combine(folder, "empty"));
        var path = Path.Combine(folder, name);
        var error = Assert.Throws<UsageException>(() => CheckpointFinder.Find([path]));
        Assert.Equal($"{path}: {finding}", error.Message);
    }

    [Fact]
    public void The_epoch_is_read_without_the_weights()
    {
        var model = new ModelProto { IrVersion = 8, Graph = new GraphProto() };
        model.Graph.Initializer.Add(new TensorProto { RawData = ByteString.CopyFrom(new byte[100_000]) });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "licence", Value = new string('x', 10_000) });
        new CheckpointMetadata { Epoch = 7 }.WriteTo(model);
        var bytes = model.ToByteArray();

        Assert.Equal(7, EpochOf(bytes));
        Assert.Null(EpochOf(new ModelProto { IrVersion = 8 }.ToByteArray()));
    }

    [Fact]
    public void A_damaged_file_has_no_epoch_and_does_no_harm()
    {
        var model = new ModelProto { IrVersion = 8, ProducerName = "test" };
        new CheckpointMetadata { Epoch = 7 }.WriteTo(model);
        var bytes = model.ToByteArray();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Null(EpochOf(bytes[..length]));
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var noise = new byte[random.Next(64)];
            random.NextBytes(noise);
            Assert.Null(EpochOf(noise));
        }
        Assert.Null(RecordedEpoch.Read(Path.Combine(folder, "absent.onnx")));
    }

    private int? EpochOf(byte[] bytes)
    {
        var path = Path.Combine(folder, "model.bin");
        File.WriteAllBytes(path, bytes);
        return RecordedEpoch.Read(path);
    }

    private void Touch(params string[] names)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, []);
        }
    }

    private IEnumerable<string> Find(params string[] names) =>
        CheckpointFinder.Find(names.Select(name => Path.Combine(folder, name)), _ => null)
            .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/'));
}
