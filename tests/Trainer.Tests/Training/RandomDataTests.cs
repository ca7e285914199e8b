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

    [Fact]
    public static void Noise_has_mean_and_variance_of_the_images_and_keeps_their_labels()
    {
        var train = Samples(2_000);
        var shown = new RandomData(Inputs: 5).Of(train, Classes);
        Assert.Equal(train.Labels, shown.Labels);
        var (mean, deviation) = Moments(train);
        var (noiseMean, noiseDeviation) = Moments(shown);
        // 32,000 pixels of a deviation near 30.
        Assert.Equal(mean, noiseMean, 0.7);
        Assert.Equal(deviation, noiseDeviation, 0.5);
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
    [InlineData("random:x", "'random:x': expected true, random or random:SEED, as in random:7")]
    public static void Other_words_are_refused(string text, string message) =>
        Assert.StartsWith(message[..40], Assert.Throws<FormatException>(() => RandomData.Parse(text)).Message,
            StringComparison.Ordinal);

    private static readonly SampleSet Labeled = Samples(4);

    private static SampleSet Samples(int count)
    {
        var random = new Random(1);
        // Around 120, far from the ends of a byte.
        byte[] pixels = [.. Enumerable.Range(0, count * 16).Select(_ => (byte)(70 + random.Next(100)))];
        return new SampleSet("made up", "train", [1, 4, 4], (int)DataType.Uint8, pixels,
            [.. Enumerable.Range(0, count).Select(i => i * 7 % Classes)], new string('0', 64));
    }

    private static (double Mean, double Deviation) Moments(SampleSet set)
    {
        var pixels = set.Data.ToArray();
        var mean = pixels.Average(pixel => (double)pixel);
        return (mean, Math.Sqrt(pixels.Average(pixel => (pixel - mean) * (pixel - mean))));
    }
}
