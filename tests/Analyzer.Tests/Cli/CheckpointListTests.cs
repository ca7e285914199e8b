namespace Emergence.Analyzer.Tests.Cli;

/// <summary>Checkpoints named by stdin (<c>-</c>) and by a file (<c>@list</c>).</summary>
public sealed class CheckpointListTests : IDisposable
{
    private readonly Shell shell = new();

    public void Dispose() => shell.Dispose();

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\0")]
    public async Task Names_are_read_from_stdin(string separator)
    {
        var (a, b) = (shell.File("a.onnx"), shell.File("b c.onnx"));
        shell.Input = $"{a}{separator}{b}{separator}";
        Assert.Equal(0, await shell.RunAsync("-"));
        Assert.Equal([a, b], shell.Request!.Checkpoints);
    }

    [Fact]
    public async Task Names_are_read_from_a_file_beside_others()
    {
        var (a, b, c) = (shell.File("a.onnx"), shell.File("b.onnx"), shell.File("c.onnx"));
        var list = Path.Combine(shell.Folder, "list.txt");
        await File.WriteAllTextAsync(list, $"{b}\n{c}", TestContext.Current.CancellationToken);
        Assert.Equal(0, await shell.RunAsync(a, $"@{list}"));
        Assert.Equal([a, b, c], shell.Request!.Checkpoints);
    }

    [Fact]
    public async Task A_folder_or_a_pattern_in_a_list_is_expanded()
    {
        var a = shell.File("a.onnx");
        shell.Input = $"{Path.Combine(shell.Folder, "*.onnx")}\n{shell.Folder}\n";
        Assert.Equal(0, await shell.RunAsync("-"));
        Assert.Equal([a], shell.Request!.Checkpoints);
    }
}
