namespace Emergence.Measuring.Settings;

/// <summary>What emergence is compared with: what it would be by chance.</summary>
public enum NullKind
{
    /// <summary>The weights of each layer in random order, biases kept, the network run again.</summary>
    Shuffle,

    /// <summary>As many alive nodes in each layer, at random places of it.</summary>
    Place,

    /// <summary>As many alive nodes in all, spread over the layers at random.</summary>
    Spread,
}

/// <summary>A comparison with chance.</summary>
/// <param name="Kind">What is random.</param>
/// <param name="Draws">How often it is drawn, at least 1.</param>
/// <param name="Seed">Seed of the draws.</param>
public sealed record NullModel(NullKind Kind, int Draws, int Seed = 0)
{
    /// <summary>How often it is drawn.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 1.</exception>
    public int Draws { get; init => field = AtLeastOne(value, nameof(Draws)); } = AtLeastOne(Draws, nameof(Draws));

    private static int AtLeastOne(int draws, string name) =>
        draws >= 1 ? draws : throw new ArgumentOutOfRangeException(name, draws, "expected 1 or more");
}
