using Emergence.Datasets;
using Emergence.Trainer.Training;
using static Onnx.TensorProto.Types;

namespace Emergence.Trainer.Tests.Training;

/// <summary>Random labels and images.</summary>
public static class RandomDataTests
{
    private const int Classes = 10;

    [Fact]
    public static void Labels_are_uniform_and_say_nothing_of_the_true_ones()
    {
        var train = Samples(20_000);
        var shown = new RandomData(Labels: 3).Of(train, Classes);
        Assert.Equal(train.Data, shown.Data);
        var counts = shown.Labels!.CountBy(label => label).ToDictionary();
        Assert.Equal(Classes, counts.Count);
        // 2,000 of each are expected, with a standard deviation of 42.
        Assert.All(counts.Values, count => Assert.InRange(count, 1_790, 2_210));
        Assert.InRange(shown.Labels!.Zip(train.Labels!, (random, real) => random == real ? 1 : 0).Sum(), 1_790, 2_210);
    }

    [Fact]
    public static void The_first_labels_do_not_depend_on_how_many_samples_there_are()
    {
        var all = new RandomData(Labels: 3).Of(Samples(100), Classes).Labels!;
        Assert.Equal(all[..40], new RandomData(Labels: 3).Of(Samples(40), Classes).Labels);
        Assert.NotEqual(all, new RandomData(Labels: 4).Of(Samples(100), Classes).Labels);
    }

    [Theory]
    [InlineData(70, 170, 0)]
    // Handwritten digits are like that: four pixels of five are black, many of the others white.
    [InlineData(200, 256, 80)]
    public static void Noise_has_the_values_of_the_images_as_often_and_keeps_their_labels(int least, int end, int black)
    {
        var train = Samples(2_000, least, end, black);
        var shown = new RandomData(Inputs: 5).Of(train, Classes);
        Assert.Equal(train.Labels, shown.Labels);
        var (mean, deviation) = Moments(train);
        var (noiseMean, noiseDeviation) = Moments(shown);
        // 32,000 pixels: four standard errors.
        Assert.Equal(mean, noiseMean, 4 * deviation / Math.Sqrt(32_000));
        Assert.InRange(noiseDeviation / deviation, 0.96, 1.04);
        Assert.InRange(Share(shown, 0) - Share(train, 0), -0.01, 0.01);
        Assert.Subset(train.Data.ToArray().ToHashSet(), shown.Data.ToArray().ToHashSet());
        Assert.Equal(shown.Data.ToArray(), new RandomData(Inputs: 5).Of(train, Classes).Data.ToArray());
        Assert.NotEqual(shown.Data.ToArray(), new RandomData(Inputs: 6).Of(train, Classes).Data.ToArray());
        // Neighbors are not alike.
        var pixels = shown.Data.ToArray();
        var together = Enumerable.Range(1, pixels.Length - 1).Average(i => (pixels[i] - mean) * (pixels[i - 1] - mean));
        Assert.InRange(together / (deviation * deviation), -0.03, 0.03);
    }

    [Fact]
    public static void Nothing_is_changed_where_nothing_is_random() =>
        Assert.Same(Labeled, RandomData.None.Of(Labeled, Classes));

    [Theory]
    [InlineData("true", null)]
    [InlineData("random", 0L)]
    [InlineData("random:-7", -7L)]
    public static void Words(string text, long? seed) => Assert.Equal(seed, RandomData.Parse(text));

    [Theory]
    [InlineData("radom", "'radom': expected true, random or random:SEED, as in random:7; did you mean 'random'?")]
    [InlineData("random:x", "'random:x': expected true, random or random:SEED, as in random:7; did you mean 'random'?")]
    public static void Other_words_are_refused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => RandomData.Parse(text)).Message);

    private static readonly SampleSet Labeled = Samples(4);

    private static SampleSet Samples(int count, int least = 70, int end = 170, int black = 0)
    {
        var random = new Random(1);
        byte[] pixels =
            [.. Enumerable.Range(0, count * 16).Select(_ => random.Next(100) < black ? (byte)0 : (byte)random.Next(least, end))];
        return new SampleSet("made up", "train", [1, 4, 4], (int)DataType.Uint8, pixels,
            [.. Enumerable.Range(0, count).Select(i => i * 7 % Classes)], new string('0', 64));
    }

    private static double Share(SampleSet set, byte value) =>
        set.Data.ToArray().Average(pixel => pixel == value ? 1.0 : 0.0);

    private static (double Mean, double Deviation) Moments(SampleSet set)
    {
        var pixels = set.Data.ToArray();
        var mean = pixels.Average(pixel => (double)pixel);
        return (mean, Math.Sqrt(pixels.Average(pixel => (pixel - mean) * (pixel - mean))));
    }
}
