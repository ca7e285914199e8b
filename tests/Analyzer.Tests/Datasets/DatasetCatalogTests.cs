using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class DatasetCatalogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mnist", "train", 60_000, 5)]
    [InlineData("mnist", "test", 10_000, 7)]
    [InlineData("fashion-mnist", "train", 60_000, 9)]
    [InlineData("fashion-mnist", "test", 10_000, 9)]
    public void the_published_sets_are_recognized(string name, string split, int count, int firstLabel)
    {
        var set = DatasetCatalog.Load(name, split, SharedFiles.Require("data"));
        Assert.Equal(count, set.Count);
        Assert.Equal([1, 28, 28], set.SampleShape);
        Assert.Equal(firstLabel, set.Labels![0]);
        Assert.Equal((name, split), PublishedSets.Recognize(set.Sha256));
    }

    [Fact]
    public void cifar10_is_read_from_whatever_batches_are_there()
    {
        var train = DatasetCatalog.Load("cifar10", "train", SharedFiles.Require("data"), samples: 100);
        Assert.Equal([3, 32, 32], train.SampleShape);
        Assert.Equal(100, train.Count);
        var test = DatasetCatalog.Load("cifar10", "test", SharedFiles.Require("data", "cifar-10-batches-bin"));
        Assert.Equal(9_979, test.Count);
        Assert.Equal([3, 8, 8, 0, 6], test.Labels![..5]);
    }

    [Fact]
    public void the_data_folder_may_be_the_sets_own()
    {
        Write("mnist/", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
        Assert.Equal(2, DatasetCatalog.Load("mnist", "test", _folder.Root).Count);
        Assert.Equal(2, DatasetCatalog.Load("mnist", "test", Path.Combine(_folder.Root, "mnist")).Count);
        Write("other/MNIST/raw/", "train-images.idx3-ubyte", "train-labels.idx1-ubyte");
        Assert.Equal(2, DatasetCatalog.Load("mnist", "train", Path.Combine(_folder.Root, "other")).Count);
    }

    [Fact]
    public void a_part_keeps_the_hash_of_the_whole()
    {
        Write("", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
        var whole = DatasetCatalog.Load("mnist", "test", _folder.Root);
        var part = DatasetCatalog.Load("mnist", "test", _folder.Root, samples: 1);
        Assert.Equal(1, part.Count);
        Assert.Equal([7], part.Labels!);
        Assert.Equal(whole.Sha256, part.Sha256);
        Assert.Equal(whole[0].ToArray(), part.Data.ToArray());
    }

    [Fact]
    public void the_files_of_another_set_are_refused()
    {
        var fashion = SharedFiles.Require("data", "fashion-mnist");
        var error = Assert.Throws<UserException>(() => DatasetCatalog.Load("mnist", "test", fashion));
        Assert.Equal(
            $"{Path.Combine(fashion, "t10k-images-idx3-ubyte.gz")}: is the test split of fashion-mnist, not the test split of "
            + "mnist; give the folder of mnist",
            error.Message);
    }

    [Fact]
    public void images_without_their_labels_are_not_the_set()
    {
        Write("", "t10k-images-idx3-ubyte");
        Assert.Equal(
            $"{_folder.Root}: holds neither t10k-images-idx3-ubyte(.gz) and t10k-labels-idx1-ubyte(.gz) nor mnist/ with them; "
            + "point --data-dir at the folder that does",
            Assert.Throws<UsageException>(() => DatasetCatalog.Load("mnist", "test", _folder.Root)).Message);
    }

    [Fact]
    public void labels_of_another_number_are_refused()
    {
        Write("", "t10k-images-idx3-ubyte");
        _folder.Write("t10k-labels-idx1-ubyte", Bytes.Idx(0x08, [3], [1, 2, 3]));
        Assert.Equal(
            "mnist: has 2 samples but 3 labels; give a label for each sample",
            Assert.Throws<UserException>(() => DatasetCatalog.Load("mnist", "test", _folder.Root)).Message);
    }

    [Theory]
    [InlineData("mnits", "test", null,
        "mnits: is no known data set; choose from digits, mnist, fashion-mnist, cifar10; did you mean 'mnist'?")]
    [InlineData("digits", "val", null, "val: is no split; choose train or test")]
    [InlineData("digits", "test", 0, "0: is no number of samples; give 1 or more")]
    public void wrong_usage_is_named(string name, string split, int? samples, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => DatasetCatalog.Load(name, split, null, samples)).Message);

    private void Write(string folder, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _folder.Write(folder + name, name.Contains("images", StringComparison.Ordinal)
                ? Bytes.Idx(0x08, [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])
                : Bytes.Idx(0x08, [2], [7, 1]));
        }
    }
}
