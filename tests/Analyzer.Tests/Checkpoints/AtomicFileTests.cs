using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Checkpoints;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void a_write_that_fails_leaves_the_old_file_and_no_other()
    {
        var path = folder.Write("a.txt", 1, 2, 3);
        Assert.Throws<InvalidDataException>(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(9);
            throw new InvalidDataException();
        }));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(folder.Root));
        AtomicFile.Write(path, stream => stream.WriteByte(9));
        Assert.Equal([9], File.ReadAllBytes(path));
    }

    [Fact]
    public void devices_are_told_from_files()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs /dev");
        // Only asked, not tried: were it wrong, the device would be gone.
        Assert.True(AtomicFile.IsDevice("/dev/null"));
        Assert.True(AtomicFile.IsDevice("/dev/stdout"));
        Assert.False(AtomicFile.IsDevice("/dev/no-such-device"));
        Assert.False(AtomicFile.IsDevice(folder.Write("empty")));
        Assert.False(AtomicFile.IsDevice(folder.Path("new")));
    }
}
