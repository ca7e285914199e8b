namespace Emergence.Datasets;

/// <summary>
/// Resizes a picture with a triangle filter, first along rows, then along columns: bilinear interpolation where it grows,
/// and where it shrinks the filter widens with it, so that every pixel counts and nothing aliases.
/// </summary>
internal static class ImageResampling
{
    /// <summary>Resizes one channel; rounds once, at the end. A picture of the right size stays as it is.</summary>
    /// <param name="source">Values in 0..255, [height, width].</param>
    /// <param name="height">Rows there are.</param>
    /// <param name="width">Columns there are.</param>
    /// <param name="newHeight">Rows wanted.</param>
    /// <param name="newWidth">Columns wanted.</param>
    /// <param name="target">The result, [newHeight, newWidth].</param>
    public static void Resize(ReadOnlySpan<float> source, int height, int width, int newHeight, int newWidth, Span<byte> target)
    {
        var columns = Taps(width, newWidth);
        var narrowed = new float[height * newWidth];
        for (var y = 0; y < height; y++)
        {
            var row = source.Slice(y * width, width);
            for (var x = 0; x < newWidth; x++)
            {
                var (first, weights) = columns[x];
                var sum = 0f;
                for (var i = 0; i < weights.Length; i++)
                    sum += weights[i] * row[first + i];
                narrowed[y * newWidth + x] = sum;
            }
        }
        var rows = Taps(height, newHeight);
        Span<float> sums = new float[newWidth];
        for (var y = 0; y < newHeight; y++)
        {
            var (first, weights) = rows[y];
            sums.Clear();
            for (var i = 0; i < weights.Length; i++)
            {
                var row = narrowed.AsSpan((first + i) * newWidth, newWidth);
                for (var x = 0; x < newWidth; x++)
                    sums[x] += weights[i] * row[x];
            }
            for (var x = 0; x < newWidth; x++)
                target[y * newWidth + x] = (byte)Math.Clamp(MathF.Round(sums[x], MidpointRounding.AwayFromZero), 0, 255);
        }
    }

    /// <summary>For each new pixel the old ones it is made of, with weights that sum to 1; pixels are
    /// centered at i + ½.</summary>
    private static (int First, float[] Weights)[] Taps(int size, int newSize)
    {
        var scale = (double)size / newSize;
        var radius = Math.Max(scale, 1);
        var taps = new (int, float[])[newSize];
        for (var i = 0; i < newSize; i++)
        {
            var center = (i + 0.5) * scale;
            var first = Math.Max(0, (int)Math.Floor(center - radius + 0.5));
            var end = Math.Min(size, (int)Math.Floor(center + radius + 0.5));
            var weights = new double[end - first];
            for (var j = 0; j < weights.Length; j++)
                weights[j] = Math.Max(0, 1 - Math.Abs(first + j + 0.5 - center) / radius);
            var sum = weights.Sum();
            taps[i] = (first, [.. weights.Select(weight => (float)(weight / sum))]);
        }
        return taps;
    }
}
