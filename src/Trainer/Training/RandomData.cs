using System.Globalization;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Training;

/// <summary>
/// Controls of Zhang et al. 2017 (arXiv 1611.03530): training samples whose images say nothing of their classes. What a network
/// does on them it does by remembering. Test samples stay as they are.
/// </summary>
/// <param name="Labels">Seed of labels drawn at random, one for each sample and the same in every epoch; null: the true
/// ones.</param>
/// <param name="Inputs">Seed of images of noise with the mean and the variance of the true ones; null: those.</param>
internal sealed record RandomData(long? Labels = null, long? Inputs = null)
{
    /// <summary>How the true ones are called.</summary>
    public const string True = "true";

    private const string Random = "random";

    // Other streams of a seed draw weights (0) and shuffle epochs (from 1).
    private const int LabelStream = -1, InputStream = -2;

    /// <summary>Everything as it is.</summary>
    public static RandomData None { get; } = new();

    /// <summary>What is random, as <c>; labels random:0</c>; empty where nothing is.</summary>
    public string Describe() =>
        $"{(Labels is null ? "" : $"; labels {Word(Labels)}")}{(Inputs is null ? "" : $"; inputs {Word(Inputs)}")}";

    /// <summary>A seed as <c>random:7</c>; null where there is none.</summary>
    public static string? Word(long? seed) =>
        seed is null ? null : string.Create(CultureInfo.InvariantCulture, $"{Random}:{seed}");

    /// <summary>Reads <c>true</c>, <c>random</c> (seed 0) or <c>random:7</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static long? Parse(string text) => text switch
    {
        True => null,
        Random => 0,
        _ when text.StartsWith($"{Random}:", StringComparison.Ordinal)
            && long.TryParse(text[(Random.Length + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
                out var seed) => seed,
        _ => throw new FormatException(
            $"'{text}': expected {True}, {Random} or {Random}:SEED, as in {Random}:7"
            + NearestName.Question(text, [True, Random])),
    };

    /// <summary>The training samples that a network is shown; the first of them do not depend on how many there are, but for the
    /// mean and variance of noise.</summary>
    /// <param name="train">The true ones.</param>
    /// <param name="classes">How many classes there are.</param>
    public SampleSet Of(SampleSet train, int classes)
    {
        var shown = train;
        if (Labels is { } labels && train.Labels is not null)
        {
            var random = SplitMix64.ForStream(labels, LabelStream);
            shown = shown with
            {
                Labels = [.. train.Labels.Select(_ => (int)Math.BigMul(random.Next(), (ulong)classes, out var _))],
            };
        }
        return Inputs is { } inputs
            ? shown with { Data = Noise(train.Data.Span, SplitMix64.ForStream(inputs, InputStream)) }
            : shown;
    }

    private static byte[] Noise(ReadOnlySpan<byte> images, SplitMix64 random)
    {
        var (sum, squares) = (0L, 0L);
        foreach (var value in images)
        {
            sum += value;
            squares += value * value;
        }
        var mean = (double)sum / images.Length;
        var deviation = Math.Sqrt((double)squares / images.Length - mean * mean);
        var noise = new byte[images.Length];
        for (var i = 0; i < noise.Length; i += 2)
        {
            // Box and Muller 1958: two normal numbers of two uniform ones, the first of them above 0.
            var radius = deviation * Math.Sqrt(-2 * Math.Log(((random.Next() >> 11) + 1) * (1.0 / (1L << 53))));
            var (sine, cosine) = Math.SinCos((random.Next() >> 11) * (2 * Math.PI / (1L << 53)));
            noise[i] = Pixel(mean + radius * cosine);
            if (i + 1 < noise.Length)
                noise[i + 1] = Pixel(mean + radius * sine);
        }
        return noise;

        static byte Pixel(double value) => (byte)Math.Clamp(Math.Round(value), byte.MinValue, byte.MaxValue);
    }
}
