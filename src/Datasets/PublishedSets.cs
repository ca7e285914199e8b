using System.Collections.Immutable;

namespace Emergence.Datasets;

/// <summary>Where the published sets come from, and the hashes by which their files are known.</summary>
internal static class PublishedSets
{
    public static IdxPair Mnist { get; } = new()
    {
        Folders = ["mnist", "MNIST/raw"],
        Published = IdxFiles(
            ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
            (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")),
    };

    public static IdxPair FashionMnist { get; } = new()
    {
        Folders = ["fashion-mnist", "FashionMNIST/raw"],
        Published = IdxFiles(
            [
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ],
            (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
            (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
            (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
    };

    public static CifarBatches Cifar10 { get; } = new()
    {
        Folders = ["cifar-10-batches-bin"],
        Archive = new(
            "cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ["https://www.cs.toronto.edu/~kriz/", "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/"]),
    };

    /// <summary>The ways in which sets lay out their files.</summary>
    public static ImmutableArray<DatasetFiles> Layouts => [Mnist, Cifar10];

    // SampleSet.Sha256 of the complete splits.
    private static readonly (string Name, string Split, string Sha256)[] Splits =
    [
        ("mnist", "train", "7b5d4091fb0d217f8fff600432f1ace519e6b10374f9e8f9569ab1fdf52738f1"),
        ("mnist", "test", "b42bc6f9608d94eb6297a9c73288d7f6b25d4abb471458e4821c782bd4eec331"),
        ("fashion-mnist", "train", "daee4be41c2047d58c999aaeab2f2ac051d47f3a5efb6258cc173acdd2e4bbc1"),
        ("fashion-mnist", "test", "19def3eab1a5a735891603fd8368d7570de2e823465d8a37bd6b1d9b9d1f80ce"),
    ];

    /// <summary>The published split with this <see cref="SampleSet.Sha256"/>, or null.</summary>
    public static (string Name, string Split)? Recognize(string sha256)
    {
        foreach (var (name, split, known) in Splits)
        {
            if (known == sha256)
                return (name, split);
        }
        return null;
    }

    private static ImmutableArray<PublishedFile> IdxFiles(
        ImmutableArray<string> mirrors, (long Bytes, string Sha256) trainImages, (long Bytes, string Sha256) trainLabels,
        (long Bytes, string Sha256) testImages, (long Bytes, string Sha256) testLabels) =>
    [
        new("train-images-idx3-ubyte.gz", trainImages.Bytes, trainImages.Sha256, mirrors),
        new("train-labels-idx1-ubyte.gz", trainLabels.Bytes, trainLabels.Sha256, mirrors),
        new("t10k-images-idx3-ubyte.gz", testImages.Bytes, testImages.Sha256, mirrors),
        new("t10k-labels-idx1-ubyte.gz", testLabels.Bytes, testLabels.Sha256, mirrors),
    ];
}
