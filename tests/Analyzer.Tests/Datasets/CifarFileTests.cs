using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class CifarFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void records_of_several_files_follow_each_other()
    {
        var one = _folder.Write("one.bin",
            [.. Bytes.CifarRecord(3, i => (byte)(i % 256)), .. Bytes.CifarRecord(9, i => (byte)(i / 1024))]);
        var two = _folder.Write("two", Bytes.CifarRecord(0, _ => 7));
        var (images, labels) = CifarFile.Read([one, two]);
        Assert.Equal([3, 3, 32, 32], images.Shape);
        Assert.Equal([3, 9, 0], labels);
        Assert.Equal(5, images.Data.Span[5]);
        Assert.Equal([0, 1, 2], new[] { 0, 1024, 2048 }.Select(plane => images.Data.Span[3072 + plane]));
        Assert.Equal(7, images.Data.Span[^1]);

        var (part, partLabels) = CifarFile.Read([one, two], samples: 2);
        Assert.Equal([2, 3, 32, 32], part.Shape);
        Assert.Equal([3, 9], partLabels);
    }

    [Fact]
    public void half_a_record_is_named()
    {
        var path = _folder.Write("x.bin", Bytes.CifarRecord(1, _ => 0)[..3000]);
        Assert.Equal(
            $"{path}: has 3,000 bytes, not a whole number of 3073-byte records; give the binary version of CIFAR-10, untruncated",
            Assert.Throws<UserException>(() => CifarFile.Read([path])).Message);
    }

    [Fact]
    public void a_label_beyond_nine_is_named()
    {
        var path = _folder.Write("x.bin", [.. Bytes.CifarRecord(1, _ => 0), .. Bytes.CifarRecord(10, _ => 0)]);
        Assert.Equal(
            $"{path}: has label 10 in record 1; CIFAR-10 has labels 0 to 9: give its binary version",
            Assert.Throws<UserException>(() => CifarFile.Read([path])).Message);
    }
}
