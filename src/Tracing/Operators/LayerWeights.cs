using System.Collections.Immutable;

namespace Emergence.Tracing.Operators;

/// <summary>
/// What the inputs of a weighted operator are. A weight multiplies elements of the data along <see cref="DataAxis"/> and makes
/// elements of the output along <see cref="OutputAxis"/>.
/// </summary>
/// <param name="Data">The input that holds the data.</param>
/// <param name="Weight">The input that holds the weights.</param>
internal sealed record LayerWeights(int Data, int Weight)
{
    /// <summary>The axis of the weight along which the data are summed; -1 where there is no such single axis.</summary>
    public int InputAxis { get; init; } = -1;

    /// <summary>The axis of the weight that counts output features; -1 where there is no such single axis.</summary>
    public int OutputAxis { get; init; } = -1;

    /// <summary>The axis of the data along which they are summed, counted from the front; -1 where there is
    /// no such single axis.</summary>
    public int DataAxis { get; init; } = -1;

    /// <summary>Inputs that are added to the result: biases, and what a residual connection brings.</summary>
    public ImmutableArray<int> Summands { get; init; } = [];

    /// <summary>True where a summand of one axis stands for the channels of a convolution, not for its last axis.</summary>
    public bool SummandsByChannel { get; init; }

    /// <summary>The input that holds the weight's zero point; -1 for none.</summary>
    public int ZeroPoint { get; init; } = -1;

    /// <summary>The axis of the weight that a zero point of several numbers stands along.</summary>
    public int ZeroPointAxis { get; init; }

    /// <summary>The input that holds the weights of a recurrence; -1 for none.</summary>
    public int Recurrence { get; init; } = -1;

    /// <summary>Groups of a convolution; its weight holds the channels of one.</summary>
    public int Groups { get; init; } = 1;

    /// <summary>The window of a convolution; null for a product.</summary>
    public Window? Window { get; init; }

    /// <summary>True for a transposed convolution.</summary>
    public bool IsTransposed { get; init; }
}
