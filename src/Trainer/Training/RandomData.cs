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
/// <param name="Inputs">Seed of images of noise, each pixel drawn from all pixels of the true ones; null: those.</param>
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

    /// <summary>The training samples that a network is shown; the first of them do not depend on how many there are, but for
    /// the pixels that noise is drawn from.</summary>
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

    // Drawn with replacement: every value is as frequent as in the images, in which most pixels may be 0 or 255; a normal law
    // of the same moments would be clamped to a byte, and so have other moments.
    private static byte[] Noise(ReadOnlySpan<byte> images, SplitMix64 random)
    {
        var noise = new byte[images.Length];
        for (var i = 0; i < noise.Length; i++)
            noise[i] = images[(int)Math.BigMul(random.Next(), (ulong)images.Length, out var _)];
        return noise;
    }
}
