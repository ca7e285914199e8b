using System.Buffers.Binary;
using System.IO.Compression;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Pixels_of_the_right_size_are_fed_as_they_are_and_sub_folders_are_classes()
    {
        Gray("cat/10.png", 4, (y, x) => 10 * y + x);
        Gray("cat/2.png", 4, (y, x) => 100 + 10 * y + x);
        Gray("ant/1.png", 4, (_, _) => 7);
        var samples = Read([1, 4, 4]);
        Assert.Equal([0, 1, 1], samples.Labels!);
        var pixels = samples.Arrays.Single().Array.Whole().Data.ToArray();
        Assert.All(pixels.Take(16), pixel => Assert.Equal(7, pixel));
        // Ordinal order: "10.png" before "2.png".
        Assert.Equal(Enumerable.Range(0, 16).Select(i => (byte)(10 * (i / 4) + i % 4)), pixels.Skip(16).Take(16));
    }

    [Theory]
    [InlineData("a/up", "..")]
    [InlineData("a/self", ".")]
    [InlineData("a/above", "../..")]
    [InlineData("a/there", "../b")]
    public void Links_that_lead_back_are_passed_over(string link, string target)
    {
        Gray("a/1.png", 4, (_, _) => 1);
        Gray("b/1.png", 4, (_, _) => 2);
        Directory.CreateSymbolicLink(folder.Path(link), target);
        Directory.CreateSymbolicLink(folder.Path("b/back"), "../a");
        // Through a/there lies b/1.png, and behind b/back a/1.png.
        var elsewhere = target == "../b" ? 1 : 0;
        Assert.Equal(3 + elsewhere, Read([1, 4, 4]).Arrays.Single().Array.Count);
    }

    [Fact]
    public void Colors_become_planes_or_luma()
    {
        Write("a.png", 2, 2, color: 2, [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]);
        Assert.Equal(
            new byte[] { 255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255 },
            Read([3, 2, 2]).Arrays.Single().Array.Whole().Data.ToArray());
        // Rec. 601: 0.299, 0.587 and 0.114 of 255.
        Assert.Equal(new byte[] { 76, 150, 29, 255 }, Read([1, 2, 2]).Arrays.Single().Array.Whole().Data.ToArray());
        Assert.Null(Read([1, 2, 2]).Labels);
    }

    [Fact]
    public void Shrinking_averages_and_keeps_what_is_even()
    {
        Gray("flat.png", 8, (_, _) => 90);
        Assert.All(Read([1, 3, 5]).Arrays.Single().Array.Whole().Data.ToArray(), pixel => Assert.Equal(90, pixel));
        Gray("flat.png", 8, (y, x) => (y + x) % 2 == 0 ? 0 : 200);
        // A fine chequerboard, seen small, is gray: without antialiasing it would be black or white.
        Assert.All(Read([1, 2, 2]).Arrays.Single().Array.Whole().Data.ToArray(), pixel => Assert.InRange(pixel, 85, 115));
    }

    [Fact]
    public void Resizing_weighs_by_a_triangle_that_widens_with_the_step()
    {
        Write("a.png", 2, 1, color: 0, [0, 100]);
        Assert.Equal(new byte[] { 0, 25, 75, 100 }, Read([1, 1, 4]).Arrays.Single().Array.Whole().Data.ToArray());
        // 4 to 2: weights 3, 3, 1 of 7 for what lies 1/4, 1/4 and 3/4 of the radius away.
        Write("a.png", 1, 4, color: 0, [0, 0, 70, 140]);
        Assert.Equal(new byte[] { 10, 90 }, Read([1, 2, 1]).Arrays.Single().Array.Whole().Data.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_jpeg_is_decoded(int channels)
    {
        folder.Write("even.jpg", Jpeg);
        var pixels = Read([channels, 8, 8]).Arrays.Single().Array.Whole().Data.ToArray();
        Assert.Equal(64 * channels, pixels.Length);
        Assert.All(pixels, pixel => Assert.Equal(200, pixel));
    }

    [Fact]
    public void A_jpeg_that_ends_within_its_scan_is_refused()
    {
        var path = folder.Write("even.jpg", Jpeg[..^2]);
        var error = Assert.Throws<UserException>(() => Read([1, 8, 8]));
        Assert.Equal($"{path}: ends within the picture; it may be truncated: fetch it again", error.Message);
    }

    [Fact]
    public void Decoding_ends_when_it_is_cancelled()
    {
        Gray("a.png", 4, (_, _) => 7);
        Assert.Throws<OperationCanceledException>(() =>
            StoredSamples.Read(folder.Root, "test", null, ["x"], [1, 4, 4], new CancellationToken(canceled: true)));
    }

    [Fact]
    public void A_class_may_be_a_link_to_a_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "needs leave to make links");
        Gray("images/ant/1.png", 4, (_, _) => 7);
        Gray("elsewhere/2.png", 4, (_, _) => 8);
        Directory.CreateSymbolicLink(folder.Path("images", "bee"), folder.Path("elsewhere"));
        var samples = StoredSamples.Read(folder.Path("images"), "test", null, ["x"], [1, 4, 4]);
        Assert.Equal([0, 1], samples.Labels!);
    }

    [Fact]
    public void A_damaged_image_is_named()
    {
        Gray("good.png", 4, (_, _) => 1);
        var bad = folder.Write("worse.png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]);
        var error = Assert.Throws<UserException>(() => Read([1, 4, 4]));
        Assert.StartsWith(bad, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_analysed_on_a_folder_of_images()
    {
        for (var i = 0; i < 6; i++)
            Gray($"images/{i % 2}/{i}.png", 8, (y, x) => i % 2 == 0 ? 255 : 0);
        var graph = new GraphBuilder("tiny");
        var flat = graph.Node("Flatten", [graph.Input("x", DataType.Float, "N", 1, 4, 4)]);
        // One logit is the brightness, the other its opposite: class 0 is bright.
        float[] weights = [.. Enumerable.Range(0, 32).Select(i => i < 16 ? 1f : -1f)];
        var logits = graph.Node("Gemm",
            [flat, graph.Initializer("w", [2, 16], weights), graph.Initializer("b", [2], new float[] { -4, 4 })],
            Onnx.AttributeProto.Of("transB", 1));
        graph.Output(logits, DataType.Float, "N", 2);
        var model = folder.Path("model.onnx");
        ModelFile.Save(graph.Build(opset: 17, ir: 8, producer: "tests"), model);
        var outcome = await Analysis.RunAsync(
            new AnalysisRequest([model], new AnalysisSettings { Device = Device.Cpu },
                new ProbeOptions { Data = [folder.Path("images")], Scale = 1 / 255f }),
            null, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        Assert.Equal(6, outcome.Series.Checkpoints[0].Probe.Samples);
        Assert.Equal(1.0, outcome.Series.Checkpoints[0].Accuracy);
    }

    private StoredSamples Read(int[] sample) => StoredSamples.Read(folder.Root, "test", null, ["x"], [.. sample]);

    private void Gray(string name, int side, Func<int, int, int> pixel) =>
        Write(name, side, side, color: 0, [.. Enumerable.Range(0, side * side).Select(i => (byte)pixel(i / side, i % side))]);

    /// <summary>
    /// Eight by eight gray pixels of 200, by hand. Their only coefficient is the mean, 8 · (200 − 128) = 576, which the
    /// quantization by 8 makes 72, a number of seven bits. Scan: 0 (code of "seven bits"), 1001000 (72), 0 (end of block), ones.
    /// </summary>
    private static byte[] Jpeg =>
    [
        0xFF, 0xD8,
        0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)8, 64),
        0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0,
        // One code, of one bit, in each Huffman table: DC "seven bits", AC "end of block".
        0xFF, 0xC4, 0, 20, 0x00, 1, .. new byte[15], 7,
        0xFF, 0xC4, 0, 20, 0x10, 1, .. new byte[15], 0,
        0xFF, 0xDA, 0, 8, 1, 1, 0x00, 0, 63, 0, 0x48, 0x7F,
        0xFF, 0xD9,
    ];

    /// <summary>An 8-bit PNG without filters: signature, header, pixels, end.</summary>
    private void Write(string name, int width, int height, byte color, byte[] pixels)
    {
        var stride = pixels.Length / height;
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(pixels, y * stride, stride);
            }
        }
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, color);
        folder.Write(name,
            [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, packed.ToArray()),
            .. Chunk("IEND"u8, [])]);
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] chunk = [0, 0, 0, 0, .. type, .. data, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), Crc(chunk.AsSpan(4, 4 + data.Length)));
        return chunk;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0xEDB88320);
        }
        return ~crc;
    }
}
