using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class StoredArrayTests : IDisposable
{
    private const int Count = 5_500, Side = 28, Pixels = Side * Side;

    // A little more than is held.
    private static readonly byte[] Elements = Made(Count * 4 * Pixels);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("x-idx3-ubyte", "u1")]
    [InlineData("x-idx3-ubyte.gz", "u1")]
    [InlineData("x.npy", "<f4")]
    [InlineData("x.npy", ">f4")]
    [InlineData("x.npy.gz", "<f4")]
    [InlineData("x.npz", "<f4")]
    [InlineData("batch.bin", "u1")]
    public void a_large_array_stays_in_its_file_and_is_read_in_any_order(string name, string type)
    {
        var (array, expected) = Read(name, type);
        Assert.Equal(0, array.HeldBytes);
        var entry = expected.Length / array.Shape[0];
        using var reader = array.Open();
        int[] starts = [0, 1, 2_000, array.Shape[0] - 1, 17, 1_337, 1_338];
        foreach (var start in starts)
        {
            var read = reader.Next(start, 3);
            Assert.InRange(read.Length / entry, 1, 3);
            Assert.True(expected.AsSpan(start * entry, read.Length).SequenceEqual(read.Span), $"{name}: entry {start} differs");
        }
        Assert.True(expected.AsSpan().SequenceEqual(array.Whole().Data.Span), $"{name}: differs");
    }

    [Theory]
    [InlineData("x-idx3-ubyte", "u1")]
    [InlineData("x.npy", ">f4")]
    [InlineData("batch.bin", "u1")]
    public void a_file_that_is_not_what_it_was_is_refused(string name, string type)
    {
        var (array, expected) = Read(name, type);
        var path = folder.Path(name);
        var time = File.GetLastWriteTimeUtc(path);
        // The same length and time: only the last byte is another.
        var content = File.ReadAllBytes(path);
        content[^1] ^= 1;
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, time);
        using var reader = array.Open();
        Assert.Equal(expected[0], reader.Next(0, 1).Span[0]);
        Assert.Equal(
            $"{path}: was written again while its samples were read; leave it as it is until the command ends",
            Assert.Throws<UserException>(() => reader.Next(array.Shape[0] - 1, 1)).Message);
        Assert.Throws<UserException>(array.Whole);
        File.WriteAllBytes(path, content[..(content.Length / 2)]);
        Assert.Throws<UserException>(array.Whole);
    }

    [Fact]
    public void what_is_unpacked_once_is_not_asked_for_again()
    {
        var (array, expected) = Read("x.npy.gz", "<f4");
        File.Delete(folder.Path("x.npy.gz"));
        Assert.True(expected.AsSpan().SequenceEqual(array.Whole().Data.Span));
        Assert.True(expected.AsSpan().SequenceEqual(array.Whole().Data.Span));
    }

    [Fact]
    public void where_there_is_no_room_for_a_copy_it_is_unpacked_each_time()
    {
        var source = IdxFile.Source(Write("x-idx3-ubyte.gz", "u1"));
        Assert.True(source.IsSlow);
        // A copy takes at most half of the room, as others need some too.
        var array = StoredArray.Read(source, null, free: (2L * Elements.Length) - 1);
        Assert.True(Elements.AsSpan().SequenceEqual(array.Whole().Data.Span));
        Assert.True(Elements.AsSpan().SequenceEqual(array.Whole().Data.Span));
        File.Delete(folder.Path("x-idx3-ubyte.gz"));
        Assert.EndsWith("is gone while its samples are read; leave it as it is until the command ends",
            Assert.Throws<UserException>(array.Whole).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void a_large_file_that_is_cut_short_or_goes_on_is_refused_at_once()
    {
        var whole = File.ReadAllBytes(Write("x.npy", "<f4"));
        Assert.Contains("more than it holds",
            Assert.Throws<UserException>(() => Open(folder.Write("x.npy", whole[..^1]))).Message, StringComparison.Ordinal);
        Assert.Contains("holds more bytes than its header announces",
            Assert.Throws<UserException>(() => Open(folder.Write("x.npy", [.. whole, 0]))).Message, StringComparison.Ordinal);
        // Of a part, what lies behind it is not read.
        var part = Open(folder.Path("x.npy"), 4_400);
        Assert.Equal(4_400, part.Count);
        Assert.Equal([Count, Side, Side], part.Shape);
    }

    private (StoredArray Array, byte[] Expected) Read(string name, string type)
    {
        var path = Write(name, type);
        var array = Open(path);
        return (array, type switch
        {
            "u1" => Elements[..array.Shape.Aggregate(1, (product, size) => product * size)],
            "<f4" => Elements,
            _ => [.. Elements.Chunk(4).SelectMany(element => element.Reverse())],
        });
    }

    private static StoredArray Open(string path, int? samples = null) =>
        StoredSamples.Read(path, "test", samples, ["x"], null).Arrays.Single().Array;

    private string Write(string name, string type)
    {
        var shape = $"({Count}, {Side}, {Side})";
        var content = name.StartsWith("batch", StringComparison.Ordinal)
            ? [.. Elements.Chunk(3072).SelectMany((pixels, i) => (byte[])[(byte)(i % 10), .. pixels])]
            : name.Contains("idx", StringComparison.Ordinal)
                ? Bytes.Idx(8, [4 * Count, Side, Side], Elements)
                : Bytes.Npy(type, shape, Elements);
        if (name.EndsWith(".npz", StringComparison.Ordinal))
            content = Bytes.Npz(("x.npy", content), ("other.npy", Bytes.Npy("|u1", "(1,)", [1])));
        if (name.StartsWith("batch", StringComparison.Ordinal))
            content = content[..(content.Length / 3073 * 3073)];
        return folder.Write(name, name.EndsWith(".gz", StringComparison.Ordinal) ? Bytes.Gzip(content) : content);
    }

    private static byte[] Made(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
