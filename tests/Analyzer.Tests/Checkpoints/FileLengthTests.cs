using System.Diagnostics;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Checkpoints;

public sealed class FileLengthTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_link_has_the_length_of_what_it_leads_to()
    {
        var file = folder.Write("file", 1, 2, 3);
        File.CreateSymbolicLink(folder.Path("link"), "file");
        File.CreateSymbolicLink(folder.Path("second"), folder.Path("link"));
        foreach (var path in (string[])[file, folder.Path("link"), folder.Path("second")])
        {
            Assert.Equal(3, FileLength.Of(path));
            Assert.Equal(3, FileLength.Of(Path.GetRelativePath(Directory.GetCurrentDirectory(), path)));
        }
    }

    [Fact]
    public void a_pipe_has_none_by_whatever_link()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs mkfifo");
        var pipe = folder.Path("pipe");
        using (var made = Process.Start("mkfifo", pipe))
            made.WaitForExit();
        File.CreateSymbolicLink(folder.Path("link"), "pipe");
        Assert.Equal(0, FileLength.Of(pipe));
        Assert.Equal(0, FileLength.Of(Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.Path("link"))));
    }

    [Fact]
    public void a_missing_file_is_said() => Assert.Throws<FileNotFoundException>(() => FileLength.Of(folder.Path("missing")));
}
