using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>An array and what its file calls it.</summary>
/// <param name="Name">Its name, or empty.</param>
/// <param name="Array">Its first axis counts samples, unless it is in a model's own layout.</param>
public sealed record NamedArray(string Name, StoredArray Array);

/// <summary>Samples as a file or folder of the user's holds them.</summary>
/// <param name="Arrays">One array, or one for each input of a model.</param>
/// <param name="Labels">Class of each sample of the file, kept or not; or null.</param>
/// <param name="InModelLayout">True where the arrays have the layout of a model's inputs, batch axis included.</param>
public sealed record StoredSamples(ImmutableArray<NamedArray> Arrays, int[]? Labels, bool InModelLayout = false)
{
    private const string Known = ".npy, .npz, idx, CIFAR-10 .bin, ONNX TensorProto .pb, PNG or JPEG";
    private static readonly string[] SampleNames = ["x", "X", "images", "data", "arr_0"];
    private static readonly string[] LabelNames = ["y", "Y", "labels", "label", "targets", "target"];

    /// <summary>
    /// Reads a file of any known format, or a folder: with the idx files of a split, with CIFAR-10 batches, with
    /// <c>input_0.pb</c> and so on, or with PNG and JPEG images, whose sub-folders are classes. An idx file of images brings the
    /// labels that lie beside it.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="split">Which split, where the folder or archive holds several.</param>
    /// <param name="samples">Only this many samples are kept, from the first on; null for all.</param>
    /// <param name="inputs">The model's inputs: arrays of these names in an archive are samples, whatever
    /// they are called.</param>
    /// <param name="sample">
    /// Shape of one sample of the input that images feed, 0 for a size left free; null where it is not known which input.
    /// </param>
    /// <param name="token">Ends the decoding of images.</param>
    /// <exception cref="UserException">It is missing, of no known format, or damaged.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static StoredSamples Read(
        string path, string split, int? samples, IReadOnlyCollection<string> inputs, ImmutableArray<int>? sample,
        CancellationToken token = default)
    {
        if (Directory.Exists(path))
            return ReadFolder(path, split, samples, sample, token);
        return DataFormats.Of(path) switch
        {
            DataFormat.Idx => ReadIdx(path, samples),
            DataFormat.Npy => new StoredSamples(
                [new NamedArray("", NpyFile.Read(path, () => (DataStream.Open(path), null), samples))], null),
            DataFormat.Npz => ReadNpz(path, split, samples, inputs),
            DataFormat.Cifar => Labeled(CifarFile.Source([path]), CifarFile.Labels([path]), samples),
            DataFormat.Tensor => new StoredSamples([ReadTensor(path)], null, InModelLayout: true),
            DataFormat.Image =>
                new StoredSamples([Images(path, [path], sample, samples, token)], null),
            _ => throw new UserException($"{path}: is of no known format; give {Known}"),
        };
    }

    private static StoredSamples ReadFolder(string path, string split, int? samples, ImmutableArray<int>? sample,
        CancellationToken token)
    {
        foreach (var files in PublishedSets.Layouts)
        {
            if (files.In(path, split) is { IsEmpty: false } found)
            {
                var (published, classes) = files.Open(found);
                return Labeled(published, classes, samples);
            }
        }
        ImmutableArray<NamedArray> tensors = [.. InputFiles(path).Select(ReadTensor)];
        if (!tensors.IsEmpty)
            return new StoredSamples(tensors, null, InModelLayout: true);
        var (images, labels) = ImageFolder.Find(path, split);
        return images.IsEmpty
            ? throw new UsageException(
                $"{path}: holds no {split} split of idx or CIFAR-10 files, no input_0.pb and no PNG or JPEG images; "
                + "name a file, or a folder that holds one of these")
            : new StoredSamples([Images(path, images, sample, samples, token)], labels);
    }

    private static NamedArray Images(
        string path, ImmutableArray<string> files, ImmutableArray<int>? sample, int? samples, CancellationToken token)
    {
        var first = ImageFolder.Read(path, files, sample, samples, token);
        return new NamedArray("", StoredArray.Of(first, first.Shape.SetItem(0, files.Length),
            () => ImageFolder.Read(path, files, sample, samples: null, token)));
    }

    private static IEnumerable<string> InputFiles(string folder) =>
        Enumerable.Range(0, int.MaxValue)
            .Select(number => Path.Combine(folder, $"input_{number.ToString(CultureInfo.InvariantCulture)}.pb"))
            .TakeWhile(File.Exists);

    private static NamedArray ReadTensor(string path)
    {
        var (name, array) = TensorFile.Read(path);
        return InMemory(name, array);
    }

    private static StoredSamples ReadIdx(string path, int? samples)
    {
        var source = IdxFile.Source(path);
        if (source.Shape.Length == 1)
            throw new UserException($"{path}: holds labels, not samples; give the file of images");
        // Gray images: the axis of channels is not stored.
        if (source.Shape.Length == 3 && source.Type == DataType.Uint8)
            source = source with { Shape = source.Shape.Insert(1, 1) };
        return Labeled(source, LabelsBeside(path) is { } labels ? LabelFile.Read(labels) : null, samples);
    }

    private static string? LabelsBeside(string path)
    {
        var name = Path.GetFileName(path);
        var sibling =
            name.Replace("images", "labels", StringComparison.Ordinal).Replace("idx3", "idx1", StringComparison.Ordinal);
        if (sibling == name)
            return null;
        var bare = sibling.EndsWith(".gz", StringComparison.Ordinal) ? sibling[..^3] : sibling;
        return new[] { sibling, bare, bare + ".gz" }
            .Select(file => Path.Combine(Path.GetDirectoryName(path) ?? "", file))
            .FirstOrDefault(File.Exists);
    }

    private static StoredSamples ReadNpz(string path, string split, int? samples, IReadOnlyCollection<string> inputs)
    {
        using var npz = NpzFile.Open(path);
        string[] named = [.. npz.Names.Where(inputs.Contains)];
        var labels = new[] { $"y_{split}", $"{split}_labels" }.Concat(LabelNames).Except(named)
            .FirstOrDefault(name => npz.Names.Contains(name));
        if (named.Length == 0)
        {
            var others = npz.Names.Where(name => name != labels).ToArray();
            var chosen =
                new[] { $"x_{split}", $"{split}_images" }.Concat(SampleNames).FirstOrDefault(name => others.Contains(name))
                ?? (others.Length == 1 ? others[0] : null)
                ?? throw new UserException(
                    $"{path}: holds arrays {string.Join(", ", npz.Names)}, none called x or as an input of the model "
                    + $"({string.Join(", ", inputs)}); rename one");
            return new StoredSamples([new NamedArray("", npz.Read(chosen, samples))], ReadLabels());
        }
        return new StoredSamples([.. named.Select(name => new NamedArray(name, npz.Read(name, samples)))], ReadLabels());

        int[]? ReadLabels() => labels is null ? null : LabelFile.FromArray($"{path}({labels})", npz.Read(labels).Whole());
    }

    private static StoredSamples Labeled(ArraySource images, int[]? labels, int? samples) =>
        new([new NamedArray("", StoredArray.Read(images, samples))], labels);

    private static NamedArray InMemory(string name, NumericArray array) => new(name, StoredArray.Of(array));
}
