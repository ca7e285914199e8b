using System.Diagnostics;
using System.IO.Compression;
using System.IO.Pipes;
using System.Text;
using Emergence.Checkpoints;
using Emergence.Testing;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>What is not a model is named, with a remedy, in one line.</summary>
public sealed class ModelFileErrorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void missing_file() =>
        NotFound(folder.Path("none.onnx"), "does not exist; check the path");

    [Fact]
    public void file_in_a_missing_folder() =>
        NotFound(folder.Path("no", "none.onnx"), "does not exist; check the path");

    [Fact]
    public void folder_where_a_file_should_be() =>
        NotFound(folder.Root, "is a folder; name the .onnx files in it");

    [Fact]
    public void empty_file() =>
        Refused(folder.Write("m.onnx"), "is empty, or a pipe or device; export or copy it again");

    [Fact]
    public void git_lfs_pointer()
    {
        Refused(
            folder.Write("m.onnx", [.. "version https://git-lfs.github.com/spec/v1\noid sha256:5c68\nsize 26143\n"u8]),
            "is a Git LFS pointer, not the model; run 'git lfs pull'");
        Refused(
            SharedFiles.Require("models", "odd", "git_lfs_pointer_not_a_model.onnx"),
            "is a Git LFS pointer, not the model; run 'git lfs pull'");
    }

    [Fact]
    public void gzip()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(ModelFile.Serialize(TinyModels.Dense()));
        Refused(folder.Write("m.onnx.gz", packed.ToArray()), "is compressed with gzip; gunzip it first");
    }

    [Fact]
    public void zip()
    {
        var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
            zip.CreateEntry("m.onnx");
        // An archive without content begins otherwise; an entry makes it an ordinary one.
        Refused(
            folder.Write("m.zip", packed.ToArray()),
            "is a zip archive (as PyTorch's .pt files are); unzip it, or export the model to ONNX");
    }

    [Theory]
    [InlineData("hello, world\n")]
    [InlineData("<!DOCTYPE html>\n<html>Größe</html>\n")]
    [InlineData("{\"epoch\": 1}")]
    [InlineData("epoch,loss\r\n1,0.5\r\n")]
    public void text(string content) =>
        Refused(folder.Write("m.onnx", Encoding.UTF8.GetBytes(content)), "is text, not an ONNX model; name the .onnx file");

    [Fact]
    public void another_protobuf_message()
    {
        var tensor = TensorValues.FromFloats("t", [2], [1, 2]);
        Refused(
            folder.Write("input_0.pb", tensor.ToByteArray()),
            "is truncated, damaged, or not an ONNX model; copy or download it again");
        tensor.ClearName();
        Refused(folder.Write("input_0.pb", tensor.ToByteArray()),
            "is not an ONNX model (it holds no graph); name the .onnx file");
    }

    [Fact]
    public void model_without_opset()
    {
        var model = TinyModels.Dense();
        model.OpsetImport.Clear();
        Refused(folder.Write("m.onnx", model.ToByteArray()),
            "is no complete ONNX model (it imports no operator set); export it again");
    }

    [Fact]
    public void file_beyond_the_limit_of_protobuf()
    {
        var path = folder.Path("large.onnx");
        using (var file = File.Create(path))
            file.SetLength(1L << 31);
        Refused(path, "is larger than 2 GB, protobuf's limit; save the weights as external data");
    }

    [Fact]
    public void truncated_at_any_byte()
    {
        var bytes = ModelFile.Serialize(TinyModels.Dense());
        Refused(folder.Write("m.onnx", bytes[..^100]), "is truncated, damaged, or not an ONNX model; copy or download it again");
        for (var length = 0; length < bytes.Length; length++)
        {
            var error = Assert.Throws<UserException>(() => ModelFile.Parse(bytes.AsSpan(0, length), "m.onnx"));
            Assert.StartsWith("m.onnx: ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void random_damage_is_reported_or_harmless()
    {
        var bytes = ModelFile.Serialize(TinyModels.Dense());
        var random = new Random(1);
        var refused = 0;
        for (var round = 0; round < 3000; round++)
        {
            var damaged = bytes.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                var stored = new StoredTensors(ModelFile.Parse(damaged, "m.onnx"), folder.Root);
                foreach (var name in stored.Names)
                    stored.Doubles(name);
            }
            catch (UserException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
            }
        }
        Assert.InRange(refused, 300, 2900);
    }

    [Fact]
    public void text_inside_the_model_that_is_not_utf8()
    {
        var model = TinyModels.Dense();
        model.DocString = "Gr?sse";
        var bytes = model.ToByteArray();
        bytes[bytes.AsSpan().IndexOf("Gr?sse"u8) + 2] = 0xF6;
        Refused(folder.Write("m.onnx", bytes), "holds a name or text that is not UTF-8; export it again");
    }

    [Fact]
    public void a_pipe_does_not_block()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs mkfifo");
        using (var make = Process.Start("mkfifo", [folder.Path("m.onnx")]))
            make.WaitForExit();
        Refused(folder.Path("m.onnx"), "is empty, or a pipe or device; export or copy it again");
    }

    [Fact]
    public void what_a_shell_substitutes_is_no_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.WriteByte(8);
        Refused($"/proc/self/fd/{pipe.GetClientHandleAsString()}", "is a pipe or device; save the model as a file first");
    }

    [Fact]
    public void names_from_the_file_cannot_break_the_line_or_steer_the_terminal()
    {
        var tensor = new TensorProto { Name = "a\n\u001b[31mb", DataType = 1, Dims = { -1 } };
        Assert.Equal(
            "tensor 'a  [31mb': has a negative dimension, [-1]; the file is damaged",
            Assert.Throws<UserException>(() => TensorValues.Count(tensor)).Message);
    }

    [Fact]
    public void unreadable_file()
    {
        var path = folder.Write("m.onnx", ModelFile.Serialize(TinyModels.Dense()));
        using var locked = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var error = Assert.Throws<UserException>(() => ModelFile.Read(path));
        Assert.StartsWith($"{path}: cannot be read (", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void malformed_metadata()
    {
        var model = TinyModels.Dense();
        model.MetadataProps.Add(new StringStringEntryProto { Key = "emergence.epoch", Value = "seven" });
        var path = folder.Write("m.onnx", model.ToByteArray());
        var error = Assert.Throws<UserException>(() => Checkpoint.Open(path));
        Assert.Equal(
            $"{path}: metadata 'emergence.epoch': 'seven' is not a number; correct the model's metadata_props", error.Message);
    }

    private static void Refused(string path, string finding)
    {
        Assert.Equal($"{path}: {finding}", Assert.Throws<UserException>(() => ModelFile.Read(path)).Message);
        Assert.Equal($"{path}: {finding}", Assert.Throws<UserException>(() => Checkpoint.Open(path)).Message);
    }

    private static void NotFound(string path, string finding)
    {
        Assert.Equal($"{path}: {finding}", Assert.Throws<UsageException>(() => ModelFile.Read(path)).Message);
        Assert.Equal($"{path}: {finding}", Assert.Throws<UsageException>(() => Checkpoint.Open(path)).Message);
    }
}
