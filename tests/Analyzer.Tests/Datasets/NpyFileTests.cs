using System.IO.Compression;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class NpyFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("|b1", DataType.Bool, 1)]
    [InlineData("|i1", DataType.Int8, 1)]
    [InlineData("|u1", DataType.Uint8, 1)]
    [InlineData("<i2", DataType.Int16, 2)]
    [InlineData("<u2", DataType.Uint16, 2)]
    [InlineData("<i4", DataType.Int32, 4)]
    [InlineData("<u4", DataType.Uint32, 4)]
    [InlineData("<i8", DataType.Int64, 8)]
    [InlineData("<u8", DataType.Uint64, 8)]
    [InlineData("<f2", DataType.Float16, 2)]
    [InlineData("=f4", DataType.Float, 4)]
    [InlineData("<f8", DataType.Double, 8)]
    public void every_numeric_type_is_read(string descr, DataType type, int size)
    {
        byte[] elements = [.. Enumerable.Range(1, 2 * size).Select(i => (byte)i)];
        var array = NpyFile.Read(_folder.Write("x.npy", Bytes.Npy(descr, "(2,)", elements)));
        Assert.Equal((int)type, array.ElementType);
        Assert.Equal([2], array.Shape);
        Assert.Equal(elements, array.Data.ToArray());
    }

    [Theory]
    [InlineData(">i2", new byte[] { 1, 2, 3, 4 }, new byte[] { 2, 1, 4, 3 })]
    [InlineData(">f4", new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, new byte[] { 4, 3, 2, 1, 8, 7, 6, 5 })]
    public void big_endian_elements_are_turned(string descr, byte[] stored, byte[] expected) =>
        Assert.Equal(expected, NpyFile.Read(_folder.Write("x.npy", Bytes.Npy(descr, "(2,)", stored))).Data.ToArray());

    [Fact]
    public void fortran_order_is_turned_row_major()
    {
        // The array [[[0,1],[2,3],[4,5]],[[6,7],[8,9],[10,11]]], first axis fastest.
        var path = _folder.Write("x.npy", Bytes.Npy("|u1", "(2, 3, 2)", [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11], fortran: true));
        var array = NpyFile.Read(path);
        Assert.Equal([2, 3, 2], array.Shape);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], array.Data.ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 5], NpyFile.Read(path, samples: 1).Data.ToArray());
    }

    [Theory]
    [InlineData(7, 5)]
    // Columns that are longer than a block of the reader.
    [InlineData(1_200_000, 2)]
    public void the_first_entries_in_fortran_order_are_those_of_the_whole(int count, int columns)
    {
        byte[] stored = [.. Enumerable.Range(0, count * columns).Select(i => (byte)((i * 31 + i / 997) % 251))];
        var path = _folder.Write("x.npy", Bytes.Npy("|u1", $"({count}, {columns})", stored, fortran: true));
        var whole = NpyFile.Read(path).Data.ToArray();
        Assert.Equal(stored[count + 3], whole[(3 * columns) + 1]);
        Assert.Equal(whole[..(4 * columns)], NpyFile.Read(path, samples: 4).Data.ToArray());
    }

    [Theory]
    [InlineData("(0, 3)")]
    [InlineData("(20, 0)")]
    public void a_shape_without_elements_is_no_truncated_file(string shape) =>
        Assert.Empty(NpyFile.Read(_folder.Write("x.npy", Bytes.Npy("<f4", shape, []))).Data.ToArray());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void versions_one_to_three_are_read(byte version) =>
        Assert.Equal([2, 1], NpyFile.Read(_folder.Write("x.npy", Bytes.Npy("|u1", "(2, 1)", [1, 2], version: version))).Shape);

    [Fact]
    public void keys_may_come_in_any_order_and_python_2_marks_long_integers()
    {
        var path = _folder.Write("x.npy",
            Bytes.NpyOf("{\"shape\": (2L, 1L), \"fortran_order\": False, \"descr\": \"|u1\"}", [1, 2]));
        Assert.Equal([2, 1], NpyFile.Read(path).Shape);
    }

    [Fact]
    public void a_single_number_has_no_axes() =>
        Assert.Empty(NpyFile.Read(_folder.Write("x.npy", Bytes.Npy("<f4", "()", Bytes.Floats(1)))).Shape);

    [Fact]
    public void the_first_samples_are_read_alone() =>
        Assert.Equal([1, 2],
            NpyFile.Read(_folder.Write("x.npy", Bytes.Npy("|u1", "(2, 2)", [1, 2, 3, 4])), samples: 1).Data.ToArray());

    [Theory]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "holds elements of type '|O'")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "holds elements of type '<c8'")]
    [InlineData("{'descr': '<U5', 'fortran_order': False, 'shape': (1,), }", "holds elements of type '<U5'")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "holds a structured array")]
    [InlineData("{'descr': '|u1', 'fortran_order': 0, 'shape': (1,), }", "has a fortran_order that is neither True nor False")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }", "has a shape that cannot be read")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "has a shape that cannot be read")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, }", "has a header that cannot be read")]
    [InlineData("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,), }",
        "has an unexpected 'descr' in its header")]
    [InlineData("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} + __import__('os')", "has a header that cannot be read")]
    [InlineData("{'descr': '|u1", "has a header that cannot be read")]
    [InlineData("", "has a header that cannot be read")]
    public void other_headers_are_refused(string header, string finding)
    {
        var path = _folder.Write("x.npy", Bytes.NpyOf(header, [1, 2, 3, 4]));
        Assert.Equal(
            $"{path}: {finding}; save a plain array of numbers with numpy.save",
            Assert.Throws<UserException>(() => NpyFile.Read(path)).Message);
    }

    [Theory]
    [InlineData("(3,)", "announces [3] Uint8, more than it holds; it may be truncated: fetch it again")]
    [InlineData("(1,)", "holds more bytes than its header announces; it may be damaged: fetch it again")]
    [InlineData("(4294967296, 4294967296)",
        "announces [4294967296,4294967296] Uint8, more than it holds; it may be truncated: fetch it again")]
    public void sizes_that_do_not_fit_the_file_are_refused(string shape, string finding)
    {
        var path = _folder.Write("x.npy", Bytes.Npy("|u1", shape, [1, 2]));
        Assert.Equal($"{path}: {finding}", Assert.Throws<UserException>(() => NpyFile.Read(path)).Message);
    }

    [Fact]
    public void no_prefix_of_a_file_is_taken_for_the_whole()
    {
        var content = Bytes.Npy("<f4", "(2,)", Bytes.Floats(1, 2));
        for (var length = 0; length < content.Length; length++)
        {
            var path = _folder.Write("x.npy", content[..length]);
            Assert.Throws<UserException>(() => NpyFile.Read(path));
        }
    }

    [Fact]
    public void no_single_damaged_byte_of_a_header_crashes()
    {
        var content = Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(1, 2));
        for (var i = 0; i < content.Length - 8; i++)
        {
            var damaged = (byte[])content.Clone();
            damaged[i] ^= 0x15;
            var path = _folder.Write("x.npy", damaged);
            try
            {
                NpyFile.Read(path);
            }
            catch (UserException e)
            {
                Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void arrays_of_an_archive_are_read_by_name()
    {
        var path = _folder.Write("x.npz",
            Bytes.Npz(("b.npy", Bytes.Npy("|u1", "(2,)", [1, 2])), ("a.npy", Bytes.Npy("|u1", "(1,)", [3])), ("note.txt", [0])));
        using var npz = NpzFile.Open(path);
        Assert.Equal(["b", "a"], npz.Names);
        Assert.Equal([3], npz.Read("a").Whole().Data.ToArray());
        Assert.Equal([1], npz.Read("b", samples: 1).Kept().Data.ToArray());
        Assert.Equal([1, 2], npz.Read("b", samples: 1).Whole().Data.ToArray());
        Assert.Equal($"{path}: holds no array 'c'; it holds b, a", Assert.Throws<UserException>(() => npz.Read("c")).Message);
    }

    [Fact]
    public void an_entry_whose_checksum_is_another_is_refused()
    {
        byte[] elements = [.. Enumerable.Range(0, 400).Select(i => (byte)(i * i % 251))];
        var target = new MemoryStream();
        using (var zip = new ZipArchive(target, ZipArchiveMode.Create))
        {
            using var entry = zip.CreateEntry("a.npy", CompressionLevel.NoCompression).Open();
            entry.Write(Bytes.Npy("|u1", "(400,)", elements));
        }
        var content = target.ToArray();
        content[content.AsSpan().IndexOf(elements) + 200] ^= 0x40;
        var path = _folder.Write("x.npz", content);
        using var npz = NpzFile.Open(path);
        Assert.Equal($"{path}(a): is damaged (its checksum is another); fetch or save it again",
            Assert.Throws<UserException>(() => npz.Read("a")).Message);
    }

    [Fact]
    public void damaged_archives_are_named()
    {
        var content =
            Bytes.Npz(("a.npy", Bytes.Npy("|u1", "(400,)", [.. Enumerable.Range(0, 400).Select(i => (byte)(i * i % 251))])));
        for (var i = 0; i < content.Length; i += 3)
        {
            var damaged = (byte[])content.Clone();
            damaged[i] ^= 0x55;
            var path = _folder.Write("x.npz", damaged);
            try
            {
                using var npz = NpzFile.Open(path);
                npz.Read(npz.Names[0]);
            }
            catch (UserException e)
            {
                Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void an_archive_without_arrays_or_with_two_of_a_name_is_refused()
    {
        var empty = _folder.Write("x.npz", Bytes.Npz(("a.txt", [1])));
        Assert.Equal($"{empty}: holds no arrays; save it with numpy.savez",
            Assert.Throws<UserException>(() => NpzFile.Open(empty)).Message);
        var twice = _folder.Write("y.npz", Bytes.Npz(("a.npy", [1]), ("a.npy", [1])));
        Assert.Contains("two arrays 'a'", Assert.Throws<UserException>(() => NpzFile.Open(twice)).Message,
            StringComparison.Ordinal);
    }
}
