using System.IO.Pipes;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class IdxFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void bytes_are_read_plain_and_gzipped(bool gzip)
    {
        var content = Bytes.Idx(0x08, [2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        var array = IdxFile.Read(_folder.Write("x", gzip ? Bytes.Gzip(content) : content));
        Assert.Equal((int)DataType.Uint8, array.ElementType);
        Assert.Equal([2, 2, 3], array.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], array.Data.ToArray());
    }

    /// <summary>With its header, a file of 3,065 labels has the size of one record of CIFAR-10.</summary>
    [Fact]
    public void labels_with_the_size_of_a_cifar_record_are_labels()
    {
        byte[] labels = [.. Enumerable.Range(0, 3073 - 8).Select(i => (byte)(i % 10))];
        Assert.Equal(labels.Select(label => (int)label),
            LabelFile.Read(_folder.Write("labels-idx1-ubyte", Bytes.Idx(0x08, [labels.Length], labels))));
    }

    [Fact]
    public void wider_elements_are_turned_little_endian()
    {
        var shorts = IdxFile.Read(_folder.Write("shorts", Bytes.Idx(0x0b, [2], [0x01, 0x02, 0xff, 0xfe])));
        Assert.Equal((int)DataType.Int16, shorts.ElementType);
        Assert.Equal([0x02, 0x01, 0xfe, 0xff], shorts.Data.ToArray());

        var floats = IdxFile.Read(_folder.Write("floats", Bytes.Idx(0x0d, [1], [0x3f, 0xc0, 0, 0])));
        Assert.Equal(1.5f, BitConverter.ToSingle(floats.Data.Span));

        var doubles = IdxFile.Read(_folder.Write("doubles", Bytes.Idx(0x0e, [1], [0x3f, 0xf8, 0, 0, 0, 0, 0, 0])));
        Assert.Equal(1.5, BitConverter.ToDouble(doubles.Data.Span));
    }

    [Fact]
    public void the_first_samples_are_read_alone()
    {
        var array = IdxFile.Read(_folder.Write("x", Bytes.Idx(0x08, [3, 2], [1, 2, 3, 4, 5, 6])), samples: 2);
        Assert.Equal([2, 2], array.Shape);
        Assert.Equal([1, 2, 3, 4], array.Data.ToArray());
        Assert.Equal([3, 2], IdxFile.Read(Path.Combine(_folder.Root, "x"), samples: 7).Shape);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 3, 1, 2 },
        "announces [3] Uint8, more than it holds; it may be truncated: fetch it again")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 1, 2 },
        "holds more bytes than its header announces; it may be damaged: fetch it again")]
    [InlineData(new byte[] { 0, 0, 8, 2, 0x7f, 255, 255, 255, 0x7f, 255, 255, 255, 1 },
        "announces [2147483647,2147483647] Uint8, more than it holds; it may be truncated: fetch it again")]
    [InlineData(new byte[] { 0, 0, 8, 1, 255, 255, 255, 255, 1 },
        "announces [4294967295] Uint8, more than it holds; it may be truncated: fetch it again")]
    [InlineData(new byte[] { 0, 0, 8, 4, 0, 0, 0, 1 }, "ends 12 bytes early; it may be truncated: fetch it again")]
    [InlineData(new byte[] { 0, 0, 7, 1, 0, 0, 0, 1, 1 }, "is not an idx file; give one such as train-images-idx3-ubyte(.gz)")]
    [InlineData(new byte[] { 0, 0, 8, 9, 0, 0, 0, 1, 1 }, "is not an idx file; give one such as train-images-idx3-ubyte(.gz)")]
    [InlineData(new byte[] { 0, 0 }, "is not an idx file; give one such as train-images-idx3-ubyte(.gz)")]
    [InlineData(new byte[0], "is empty, or a pipe or device; fetch it again, or save the data as a file")]
    public void damage_is_named(byte[] content, string finding)
    {
        var path = _folder.Write("x", content);
        Assert.Equal($"{path}: {finding}", Assert.Throws<UserException>(() => IdxFile.Read(path)).Message);
    }

    [Fact]
    public void damaged_gzip_is_named()
    {
        var content = Bytes.Gzip(Bytes.Idx(0x08, [4000], new byte[4000]));
        content[^12] ^= 0xff;
        var path = _folder.Write("x.gz", content);
        Assert.StartsWith($"{path}: ", Assert.Throws<UserException>(() => IdxFile.Read(path)).Message, StringComparison.Ordinal);
        path = _folder.Write("y.gz", Bytes.Gzip(Bytes.Idx(0x08, [4000], new byte[3000])));
        Assert.Contains("early", Assert.Throws<UserException>(() => IdxFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void what_a_shell_substitutes_is_no_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.WriteByte(8);
        var path = $"/proc/self/fd/{pipe.GetClientHandleAsString()}";
        Assert.Equal($"{path}: is a pipe or device; save the data as a file first",
            Assert.Throws<UserException>(() => IdxFile.Read(path)).Message);
    }

    [Fact]
    public void a_missing_file_is_wrong_usage() =>
        Assert.Equal("/no/such: no such file; check the path",
            Assert.Throws<UsageException>(() => IdxFile.Read("/no/such")).Message);

    [Fact]
    public void a_folder_is_wrong_usage() => Assert.Throws<UsageException>(() => IdxFile.Read(_folder.Root));

    [Fact]
    public void no_prefix_of_a_file_is_taken_for_the_whole()
    {
        var content = Bytes.Idx(0x0c, [2, 1], [0, 0, 0, 1, 0, 0, 0, 2]);
        for (var length = 0; length < content.Length; length++)
        {
            var path = _folder.Write("x", content[..length]);
            Assert.Throws<UserException>(() => IdxFile.Read(path));
        }
    }
}
