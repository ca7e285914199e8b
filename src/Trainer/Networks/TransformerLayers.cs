using System.Collections.Immutable;

namespace Emergence.Trainer.Networks;

/// <summary>Makes a token of each position: (N, C, H, W) becomes (N, H·W, C).</summary>
internal sealed record TokensLayer(string Name) : Layer(Name);

/// <summary>Adds a learned vector to each token; the weight has shape (tokens, width).</summary>
internal sealed record PositionLayer(string Name, int Tokens, int Width) : WeightedLayer(Name)
{
    public override ImmutableArray<long> WeightShape => [Tokens, Width];

    public override int Biases => 0;
}

/// <summary>Layer normalization over the last axis, with a scale (the weight) and a shift (the bias) for each element.</summary>
internal sealed record NormLayer(string Name, int Width) : WeightedLayer(Name)
{
    /// <summary>Added to the variance: PyTorch's default.</summary>
    public const float Epsilon = 1e-5f;

    public override ImmutableArray<long> WeightShape => [Width];

    public override int Biases => Width;
}

/// <summary>
/// Self-attention of several heads: softmax(q·kᵀ · scale)·v for each head, heads beside one another in the result. What joins
/// the heads again is a <see cref="DenseLayer"/> behind it.
/// </summary>
/// <param name="Name">Name of its last node.</param>
/// <param name="Query">Gives q.</param>
/// <param name="Key">Gives k, as wide as q.</param>
/// <param name="Value">Gives v.</param>
/// <param name="Heads">Number of heads; divides the widths.</param>
/// <param name="Scale">1/√(width of a head of q).</param>
internal sealed record AttentionLayer(string Name, DenseLayer Query, DenseLayer Key, DenseLayer Value, int Heads, float Scale)
    : Layer(Name)
{
    public override IEnumerable<Layer> Parts => [Query, Key, Value];
}

/// <summary>y = x + f(x), with f the operators of <paramref name="Inner"/> in order.</summary>
internal sealed record ResidualLayer(string Name, ImmutableArray<Layer> Inner) : Layer(Name)
{
    public override IEnumerable<Layer> Parts => Inner.SelectMany(layer => layer.Parts);
}

/// <summary>The mean over the tokens: (N, T, C) becomes (N, C).</summary>
internal sealed record MeanLayer(string Name) : Layer(Name);

/// <summary>Sizes of a transformer.</summary>
/// <param name="Patch">Side of the square of pixels that becomes a token.</param>
/// <param name="Width">Length of a token.</param>
/// <param name="Depth">Number of blocks.</param>
/// <param name="Heads">Heads of each attention.</param>
internal sealed record TransformerSizes(int Patch, int Width, int Depth, int Heads)
{
    /// <summary>Patches of 4 pixels fit images of 28 and of 32; a network of about 200,000 parameters.</summary>
    public static TransformerSizes Usual { get; } = new(4, 64, 4, 4);
}
