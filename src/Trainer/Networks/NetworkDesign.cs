using System.Collections.Immutable;

namespace Emergence.Trainer.Networks;

/// <summary>The kinds of network that can be made afresh.</summary>
internal enum NetworkKind
{
    Mlp,
    LeNet,
    Cnn,
    Vit,
}

/// <summary>A network that is yet to be made, for whatever images and classes.</summary>
/// <param name="Kind">Which layers.</param>
/// <param name="Hidden">Sizes of the hidden layers of an MLP; empty for a linear model and for other kinds.</param>
/// <param name="Activation">Activation function of the hidden layers.</param>
/// <param name="Initialization">How its weights come about.</param>
internal sealed record NetworkDesign(NetworkKind Kind, ImmutableArray<int> Hidden, Activation Activation,
    InitialWeights Initialization)
{
    /// <summary>Sizes of a transformer; of no meaning for other kinds.</summary>
    public TransformerSizes Sizes { get; init; } = TransformerSizes.Usual;

    /// <summary>The layers for images of <paramref name="inputShape"/> (C, H, W).</summary>
    /// <exception cref="Checkpoints.UsageException">The sizes do not go together, or not with the images.</exception>
    public Architecture For(ImmutableArray<int> inputShape, int classes) => Kind switch
    {
        NetworkKind.Mlp => Architecture.Mlp(inputShape, Hidden, Activation, classes),
        NetworkKind.LeNet => Architecture.LeNet(inputShape, Activation, classes),
        NetworkKind.Cnn => Architecture.Cnn(inputShape, Activation, classes),
        NetworkKind.Vit => Architecture.Vit(inputShape, Sizes, Activation, classes),
        _ => throw new NotSupportedException($"network {Kind}"),
    };
}
