using Emergence.Checkpoints;
using StbImageSharp;

namespace Emergence.Datasets;

/// <summary>
/// PNG and JPEG images. Transparency is dropped and 16 bits become 8, as the usual loaders do; an orientation recorded
/// by a camera is not applied.
/// </summary>
internal static class ImageFile
{
    // 8,192 × 8,192: a header of some bytes may announce four thousand million.
    private const long MostPixels = 1 << 26;

    private const long MostBytes = 1 << 28;

    private const string Remedy = "it may be truncated or damaged: save it again, or take it away";

    /// <summary>True for the name of an image.</summary>
    public static bool IsNamed(string path) => Path.GetExtension(path).ToUpperInvariant() is ".PNG" or ".JPG" or ".JPEG";

    /// <summary>True where a file's first bytes are those of an image.</summary>
    public static bool Fits(ReadOnlySpan<byte> head) => IsPng(head) || IsJpeg(head);

    /// <summary>Height and width, without decoding.</summary>
    /// <exception cref="UserException">The file is missing, no image, or damaged.</exception>
    public static (int Height, int Width) SizeOf(string path)
    {
        var bytes = Load(path);
        try
        {
            return Announced(path, bytes);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or UserException))
        {
            throw new UserException($"{path}: cannot be decoded; {Remedy}", e);
        }
    }

    /// <summary>Decodes, resizes and writes one image: bytes [C,H,W], gray by Rec. 601 luma.</summary>
    /// <exception cref="UserException">The file is missing, no image, or damaged.</exception>
    public static void Read(string path, ImageShape shape, Span<byte> target)
    {
        var image = Decode(path);
        var plane = shape.Height * shape.Width;
        var channel = new float[image.Height * image.Width];
        for (var c = 0; c < shape.Channels; c++)
        {
            for (var i = 0; i < channel.Length; i++)
                channel[i] = shape.Channels == 1 ? Luma(image.Data.AsSpan(3 * i, 3)) : image.Data[3 * i + c];
            ImageResampling.Resize(channel, image.Height, image.Width, shape.Height, shape.Width, target.Slice(c * plane, plane));
        }
    }

    private static float Luma(ReadOnlySpan<byte> rgb) => 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];

    /// <summary>What the header says, held against what the decoder would make of it.</summary>
    private static (int Height, int Width) Announced(string path, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        if (ImageInfo.FromStream(stream) is not { Height: > 0, Width: > 0 } info)
            throw new UserException($"{path}: cannot be decoded; {Remedy}");
        if ((long)info.Height * info.Width > MostPixels)
            throw new UserException(
                $"{path}: has {info.Width} × {info.Height} pixels, more than the {MostPixels:N0} that are taken; scale it down");
        if (IsPng(bytes) && PngData.Exceeds(bytes, info.Height, info.Width))
            throw new UserException(
                $"{path}: unpacks to more than its {info.Width} × {info.Height} pixels; save it again, or take it away");
        return (info.Height, info.Width);
    }

    private static ImageResult Decode(string path)
    {
        var bytes = Load(path);
        try
        {
            Announced(path, bytes);
            return ImageResult.FromMemory(bytes, ColorComponents.RedGreenBlue);
        }
        // The decoder has no exception of its own: damage shows as whatever it trips over.
        catch (Exception e) when (e is not (OutOfMemoryException or UserException))
        {
            throw new UserException($"{path}: cannot be decoded; {Remedy}", e);
        }
    }

    private static byte[] Load(string path)
    {
        using var stream = DataStream.Open(path);
        var bytes = stream.ReadAll(most: MostBytes);
        if (!Fits(bytes))
            throw stream.Error("is no PNG or JPEG image", "save it as one, or take it away");
        // The decoder would make up what is missing. A thumbnail may have an end of its own, but before the picture's scan.
        if (IsJpeg(bytes) && bytes.AsSpan().LastIndexOf(EndOfImage) < bytes.AsSpan().LastIndexOf(StartOfScan))
            throw stream.Error("ends within the picture", "it may be truncated: fetch it again");
        return bytes;
    }

    private static ReadOnlySpan<byte> StartOfScan => [0xFF, 0xDA];

    private static ReadOnlySpan<byte> EndOfImage => [0xFF, 0xD9];

    private static bool IsPng(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);

    private static bool IsJpeg(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]);
}
