using System.Collections.Immutable;

namespace Emergence.TorchExport;

/// <summary>How a convolution moves over its input; one entry per spatial axis.</summary>
public sealed record ConvolutionForm
{
    /// <summary>Elements of padding: at the start of each axis, then at the end of each.</summary>
    public required ImmutableArray<long> Pads { get; init; }

    /// <summary>Steps of the kernel; empty for 1.</summary>
    public ImmutableArray<long> Strides { get; init; } = [];

    /// <summary>Distances of the kernel's elements; empty for 1.</summary>
    public ImmutableArray<long> Dilations { get; init; } = [];

    /// <summary>Number of groups of channels that do not see each other.</summary>
    public long Groups { get; init; } = 1;

    /// <summary>Whether it is transposed, its weight of shape (C, outputs / groups, kernel…).</summary>
    public bool IsTransposed { get; init; }

    /// <summary>What a transposed one adds at the end of each axis; empty for 0.</summary>
    public ImmutableArray<long> OutputPadding { get; init; } = [];
}
