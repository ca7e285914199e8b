using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Networks;

/// <content>The transformer.</content>
internal sealed partial record Architecture
{
    // The hidden layer of a block is four times as wide as a token (Vaswani et al. 2017).
    private const int Expansion = 4;

    /// <summary>
    /// A vision transformer (Dosovitskiy et al. 2021): patches become tokens by a convolution, a learned position is added,
    /// then blocks of self-attention and two dense layers, each behind a layer normalization and with a residual connection
    /// around it; a normalization, the mean over the tokens in place of a class token (Beyer, Zhai, Kolesnikov 2022), the
    /// classes.
    /// </summary>
    /// <exception cref="UsageException">The sizes do not go together, or not with the images.</exception>
    public static Architecture Vit(ImmutableArray<int> inputShape, TransformerSizes sizes, Activation activation, int classes)
    {
        var (channels, height, breadth) = (inputShape[0], inputShape[1], inputShape[2]);
        if (sizes.Width % sizes.Heads != 0)
            throw new UsageException($"--heads: {Count(sizes.Heads)} heads do not divide a width of {Count(sizes.Width)}; "
                + $"choose one of {Divisors(sizes.Width, sizes.Width)}");
        if (height % sizes.Patch != 0 || breadth % sizes.Patch != 0)
            throw new UsageException($"--patch: squares of {Count(sizes.Patch)} pixels do not divide images of "
                + $"{Count(height)} x {Count(breadth)}; choose one of {Divisors(height, breadth)}");
        return new Architecture("vit", inputShape,
        [
            new ConvolutionLayer("patch", channels, sizes.Width, sizes.Patch, 0, sizes.Patch),
            new TokensLayer("tokens"),
            new PositionLayer("position", height / sizes.Patch * (breadth / sizes.Patch), sizes.Width),
            .. Enumerable.Range(1, sizes.Depth).SelectMany(block => Block($"block{Count(block)}", sizes, activation)),
            new NormLayer("norm", sizes.Width),
            new MeanLayer("mean"),
            new DenseLayer("head", sizes.Width, classes),
        ]);
    }

    private static ImmutableArray<Layer> Block(string name, TransformerSizes sizes, Activation activation)
    {
        var (width, hidden) = (sizes.Width, Expansion * sizes.Width);
        return
        [
            new ResidualLayer($"{name}.add1",
            [
                new NormLayer($"{name}.norm1", width),
                new AttentionLayer(
                    $"{name}.attention", new($"{name}.query", width, width), new($"{name}.key", width, width),
                    new($"{name}.value", width, width), sizes.Heads, 1 / MathF.Sqrt(width / sizes.Heads)),
                new DenseLayer($"{name}.out", width, width),
            ]),
            new ResidualLayer($"{name}.add2",
            [
                new NormLayer($"{name}.norm2", width),
                new DenseLayer($"{name}.fc1", width, hidden),
                new ActivationLayer($"{name}.{activation.ToString().ToLowerInvariant()}", activation),
                new DenseLayer($"{name}.fc2", hidden, width),
            ]),
        ];
    }

    private static string Divisors(int a, int b) =>
        string.Join(", ", Enumerable.Range(1, Math.Min(a, b)).Where(size => a % size == 0 && b % size == 0).Select(Count));

    private static string Count(int number) => number.ToString(CultureInfo.InvariantCulture);
}
