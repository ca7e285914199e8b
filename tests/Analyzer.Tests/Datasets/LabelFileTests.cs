using System.Text;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class LabelFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("3\n1\n4\n")]
    [InlineData("3\r\n1\r\n4")]
    [InlineData("\uFEFFlabel\n3\n1\n\n4\n")]
    [InlineData("\"class\"\n\"3\"\n\"1\"\n\"4\"\n")]
    [InlineData("id,Label\na,3\nb,1\nc,4\n")]
    [InlineData("label;pixel\n3;0\n1;255\n4;0\n")]
    [InlineData("name,label\n\"a, b\",3\n\"c\",1\nd,4\n")]
    public void text_is_read(string text) =>
        Assert.Equal([3, 1, 4], LabelFile.Read(_folder.Write("y.csv", Encoding.UTF8.GetBytes(text))));

    [Theory]
    [InlineData("1\nx\n", "line 2 holds no class; labels are whole numbers from 0")]
    [InlineData("1\n-2\n", "line 2 holds no class; labels are whole numbers from 0")]
    [InlineData("1\n2.5\n", "line 2 holds no class; labels are whole numbers from 0")]
    [InlineData("1,2\n3,4\n", "has several columns and none is headed 'label'; give one label a line")]
    [InlineData("a,b\n3,4\n", "has several columns and none is headed 'label'; give one label a line")]
    [InlineData("name,label\na,3\nb,1,7\n", "line 3 has 3 columns where the first has 2; give as many in each")]
    [InlineData("name,label\n\"a,3\n", "line 2 has a quotation mark without its partner; close it, or give one label a line")]
    [InlineData("label\n", "holds no labels; give one label a line")]
    public void text_that_is_no_labels_is_refused(string text, string finding)
    {
        var path = _folder.Write("y.csv", Encoding.UTF8.GetBytes(text));
        Assert.Equal($"{path}: {finding}", Assert.Throws<UserException>(() => LabelFile.Read(path)).Message);
    }

    [Fact]
    public void idx_and_npy_are_read()
    {
        Assert.Equal([3, 1], LabelFile.Read(_folder.Write("y", Bytes.Idx(0x08, [2], [3, 1]))));
        Assert.Equal([3, 1], LabelFile.Read(_folder.Write("y.gz", Bytes.Gzip(Bytes.Idx(0x08, [2], [3, 1])))));
        Assert.Equal([3, 1], LabelFile.Read(_folder.Write("y.npy", Bytes.Npy("<f4", "(2, 1)", Bytes.Floats(3, 1)))));
        Assert.Equal([2, 0], LabelFile.Read(_folder.Write("y.npy", Bytes.Npy("<f4", "(2, 3)", Bytes.Floats(0, 0, 1, 1, 0, 0)))));
    }

    [Fact]
    public void numbers_that_are_no_classes_are_refused()
    {
        var half = _folder.Write("y.npy", Bytes.Npy("<f4", "(2,)", Bytes.Floats(1, 0.5f)));
        Assert.Equal($"{half}: entry 1 is no class; labels are whole numbers from 0, or one-hot rows",
            Assert.Throws<UserException>(() => LabelFile.Read(half)).Message);
        var warm = _folder.Write("y.npy", Bytes.Npy("<f4", "(1, 2)", Bytes.Floats(1, 1)));
        Assert.Throws<UserException>(() => LabelFile.Read(warm));
        var images = _folder.Write("x.npy", Bytes.Npy("|u1", "(1, 2, 2)", [1, 2, 3, 4]));
        Assert.Equal($"{images}: has shape [1,2,2]; labels are [N], [N,1] or one-hot [N,classes]",
            Assert.Throws<UserException>(() => LabelFile.Read(images)).Message);
    }

    [Fact]
    public void other_files_are_refused()
    {
        var path = _folder.Write("y.npz", Bytes.Npz(("y.npy", [1])));
        Assert.Equal(
            $"{path}: is no file of labels; give an idx or .npy file, or text with one label a line",
            Assert.Throws<UserException>(() => LabelFile.Read(path)).Message);
    }
}
