namespace Emergence.Datasets;

/// <summary>What images are made to be before they feed a model.</summary>
/// <param name="Channels">1 for gray, 3 for red, green and blue.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct ImageShape(int Channels, int Height, int Width)
{
    /// <summary>Bytes of one image.</summary>
    public long Size => (long)Channels * Height * Width;

    /// <summary>
    /// Reads the shape of a model's samples as one of images: [C,H,W], [H,W,C], gray [H,W], or features that count the
    /// pixels of the first image, gray or colored.
    /// </summary>
    /// <param name="sample">The shape; 0 for a size that the model leaves free, which is then the first image's.</param>
    /// <param name="height">Rows of the first image.</param>
    /// <param name="width">Columns of the first image.</param>
    /// <returns>Null where it is no shape of images.</returns>
    public static ImageShape? Of(ReadOnlySpan<int> sample, int height, int width) => sample switch
    {
        [1, _, _, _] => Of(sample[1..], height, width),
        [1 or 3, var h, var w] => new(sample[0], Or(h, height), Or(w, width)),
        [var h, var w, 1 or 3] => new(sample[2], Or(h, height), Or(w, width)),
        [var h, var w] => new(1, Or(h, height), Or(w, width)),
        [var n] when n == (long)height * width => new(1, height, width),
        [var n] when n == 3L * height * width => new(3, height, width),
        _ => null,
    };

    private static int Or(int size, int free) => size == 0 ? free : size;
}
