using System.Collections.Immutable;
using Emergence.Checkpoints;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>PNG and JPEG images in a folder, which may be sorted into sub-folders, one for each class.</summary>
internal static class ImageFolder
{
    private static readonly string[] Splits = ["train", "test", "val", "valid", "validation"];

    /// <summary>
    /// Finds the images of a folder, or of its sub-folder with the name of the split: by sub-folder, then by path, in
    /// ordinal order. Names that begin with a dot are passed over.
    /// </summary>
    /// <returns>The images, none where there are none, and, where each lies in a sub-folder, the rank of that sub-folder's
    /// name among all sub-folders.</returns>
    /// <exception cref="UserException">The folder cannot be read, or its sub-folders are splits, none of
    /// them the one wanted.</exception>
    public static (ImmutableArray<string> Files, int[]? Labels) Find(string folder, string split)
    {
        var root = Directory.Exists(Path.Combine(folder, split)) ? Path.Combine(folder, split) : folder;
        try
        {
            var images = FilesIn(root, [Real(Path.GetFullPath(root))])
                .Where(ImageFile.IsNamed)
                .Select(file => Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar))
                .Where(parts => !parts.Any(part => part.StartsWith('.')))
                .Select(parts => (Class: parts.Length > 1 ? parts[0] : "", Path: string.Join('/', parts)))
                .OrderBy(image => image.Class, StringComparer.Ordinal)
                .ThenBy(image => image.Path, StringComparer.Ordinal)
                .ToArray();
            ImmutableArray<string> files = [.. images.Select(image => Path.Combine(root, image.Path))];
            if (images.Any(image => image.Class.Length == 0))
                return (files, null);
            if (images.Select(image => image.Class).FirstOrDefault(Splits.Contains) is { } other)
                throw new UserException(
                    $"{folder}: sub-folder '{other}' is a split, but the {split} split is wanted and there is no '{split}'; "
                    + "name the sub-folder, or choose with --split");
            string[] classes =
            [
                .. Directory.EnumerateDirectories(root).Select(path => Path.GetFileName(path))
                    .Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal),
            ];
            return (files, [.. images.Select(image => Array.IndexOf(classes, image.Class))]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{folder}: cannot be read ({e.Message}); give a folder that can be", e);
        }
    }

    /// <summary>Files at any depth; a link to a folder that is being walked, or to one above it, is passed over.</summary>
    private static IEnumerable<string> FilesIn(string folder, ImmutableList<string> walked)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            yield return file;
        foreach (var inner in new DirectoryInfo(folder).EnumerateDirectories())
        {
            var real = Real(Path.Combine(walked[^1], inner.Name));
            if (walked.Exists(one => one == real || one.StartsWith(Below(real), StringComparison.Ordinal)))
                continue;
            foreach (var file in FilesIn(Path.Combine(folder, inner.Name), walked.Add(real)))
                yield return file;
        }
    }

    /// <summary>A full path without links.</summary>
    private static string Real(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            var target = new DirectoryInfo(Path.Combine(real, part)).LinkTarget;
            real = target is null ? Path.Combine(real, part) : Real(Path.GetFullPath(target, real));
        }
        return real;
    }

    private static string Below(string folder) =>
        Path.EndsInDirectorySeparator(folder) ? folder : folder + Path.DirectorySeparatorChar;

    /// <summary>Decodes images and makes them what the model takes.</summary>
    /// <param name="subject">What errors about all of them call them.</param>
    /// <param name="files">The images, at least one.</param>
    /// <param name="sample">Shape of one sample of the input they feed, 0 for a free size; null where it is
    /// not known which.</param>
    /// <param name="samples">Only this many, from the first on; null for all.</param>
    /// <param name="token">Ends the decoding.</param>
    /// <returns>UINT8 [N,C,H,W], 0 to 255.</returns>
    /// <exception cref="UserException">An image is damaged, the input takes no images, or they do not fit in memory.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public static NumericArray Read(
        string subject, ImmutableArray<string> files, ImmutableArray<int>? sample, int? samples, CancellationToken token)
    {
        if (sample is not { } wanted)
            throw new UserException(
                $"{subject}: the model has several inputs; give --input NAME or --data NAME=PATH to say which one the images "
                + "feed");
        var (height, width) = ImageFile.SizeOf(files[0]);
        var shape = ImageShape.Of(wanted.AsSpan(), height, width)
            ?? throw new UserException(
                $"{subject}: images do not fit samples of shape {NumericArray.Describe(wanted.AsSpan())}; "
                + "they feed [C,H,W], [H,W,C] or [H,W] with 1 or 3 channels, or as many features as the first has pixels");
        var count = Math.Min(files.Length, samples ?? int.MaxValue);
        if (shape.Size * count > Array.MaxLength)
            throw new UserException(
                $"{subject}: {count:N0} images take more than fits in memory at once; take fewer samples (--samples)");
        var size = (int)shape.Size;
        var data = new byte[size * count];
        var failures = new UserException?[count];
        Parallel.For(0, count, new ParallelOptions { CancellationToken = token }, (i, loop) =>
        {
            try
            {
                ImageFile.Read(files[i], shape, data.AsSpan(i * size, size));
            }
            catch (UserException e)
            {
                failures[i] = e;
                // Ends the loop after those before it, so that always the first bad image is named.
                loop.Break();
            }
        });
        return failures.FirstOrDefault(failure => failure is not null) is { } first
            ? throw new UserException(first.Message, first)
            : new NumericArray((int)DataType.Uint8, [count, shape.Channels, shape.Height, shape.Width], data);
    }
}
