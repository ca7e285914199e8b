using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Testing;
using Google.Protobuf;

namespace Emergence.Analyzer.Tests.Series;

public sealed class WatchedFolderTests : IDisposable
{
    private static readonly string[] Models =
        [.. Directory.GetFiles(Path.Combine(SharedFiles.Repository, "models", "digits-mlp"), "*.onnx").Order()];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("emergence-");
    private readonly HashSet<string> hopeless = [];

    public void Dispose() => folder.Delete(recursive: true);

    private WatchedFolder Watch(string? name = null) => new(name ?? folder.FullName, Open, hopeless.Contains);

    private static (Checkpoint?, string?) Open(string file)
    {
        try
        {
            var checkpoint = Checkpoint.Open(file);
            checkpoint.RequireExternalData();
            return (checkpoint, null);
        }
        catch (UserException e)
        {
            return (null, e.Message);
        }
    }

    private string Write(string name, int model = 0, int? bytes = null)
    {
        var file = Path.Combine(folder.FullName, name);
        var content = File.ReadAllBytes(Models[model]);
        File.WriteAllBytes(file, content[..(bytes ?? content.Length)]);
        return file;
    }

    [Fact]
    public void A_checkpoint_is_found_once_when_two_looks_find_it_the_same()
    {
        var watch = Watch();
        Assert.Empty(watch.Look());
        var file = Write("a.onnx");
        Assert.Empty(watch.Look());
        Assert.Equal([file], watch.Look());
        Assert.Empty(watch.Look());
        Assert.Equal([file], watch.Finished);
    }

    [Fact]
    public void A_checkpoint_that_is_half_written_is_waited_for_however_long_it_pauses()
    {
        var watch = Watch();
        var file = Write("a.onnx", bytes: 3000);
        for (var look = 0; look < 4; look++)
            Assert.Empty(watch.Look());
        Assert.Contains("truncated", watch.Unfinished[file], StringComparison.Ordinal);
        Write("a.onnx");
        Assert.Empty(watch.Look());
        Assert.Equal([file], watch.Look());
        Assert.Empty(watch.Unfinished);
    }

    [Fact]
    public void External_data_belong_to_the_checkpoint()
    {
        var watch = Watch();
        var file = Path.Combine(folder.FullName, "a.onnx");
        File.WriteAllBytes(file, TinyModels.External("a.onnx.data").ToByteArray());
        var data = Path.Combine(folder.FullName, "a.onnx.data");
        var content = new byte[16];
        Assert.Empty(watch.Look());
        Assert.Empty(watch.Look());
        Assert.Contains("missing", watch.Unfinished[file], StringComparison.Ordinal);
        File.WriteAllBytes(data, content[..^1]);
        Assert.Empty(watch.Look());
        Assert.Empty(watch.Look());
        File.WriteAllBytes(data, content);
        Assert.Empty(watch.Look());
        Assert.Equal([file], watch.Look());
    }

    [Fact]
    public void Files_are_in_series_order_also_those_that_were_taken_away()
    {
        var watch = Watch();
        string[] files = [Write("z.onnx", 1), Write("a.onnx", 3), Write("m.onnx", 2)];
        watch.Look();
        Assert.Equal(3, watch.Look().Length);
        File.Delete(files[0]);
        Assert.Empty(watch.Look());
        Assert.Equal([files[0], files[2], files[1]], watch.Finished);
        watch.ForgetGone();
        Assert.Equal([files[2], files[1]], watch.Finished);
    }

    [Fact]
    public void A_checkpoint_that_is_written_again_is_found_again()
    {
        var watch = Watch();
        var file = Write("a.onnx");
        watch.Look();
        watch.Look();
        Write("a.onnx", 1);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        Assert.Empty(watch.Look());
        Assert.Equal([file], watch.Look());
    }

    [Fact]
    public void A_pattern_keeps_other_files_out_and_neither_need_be_there_yet()
    {
        var pattern = Path.Combine(folder.FullName, "later", "step_*.onnx");
        var (watch, directory) = (Watch(pattern), Watch(Path.Combine(folder.FullName, "later")));
        Assert.Empty(watch.Look());
        Assert.Empty(directory.Look());
        folder.CreateSubdirectory("later");
        var file = Write(Path.Combine("later", "step_1.onnx"));
        Write(Path.Combine("later", "best.onnx"));
        watch.Look();
        directory.Look();
        Assert.Equal([file], watch.Look());
        Assert.Equal(2, directory.Look().Length);
    }

    [Fact]
    public void A_file_that_ended_a_process_is_not_waited_for()
    {
        var watch = Watch();
        var file = Write("a.onnx", bytes: 100);
        hopeless.Add(file);
        watch.Look();
        Assert.Equal([file], watch.Look());
    }
}
