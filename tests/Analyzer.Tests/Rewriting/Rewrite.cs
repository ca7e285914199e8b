using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Rewriting.Kinds;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>One way to spell a network otherwise without changing its function.</summary>
/// <param name="Kind">Its name, unique.</param>
/// <param name="Apply">Does it at one place drawn at random; false, with nothing changed, where there is no such place.</param>
internal sealed record Rewrite(string Kind, Func<Draft, bool> Apply)
{
    /// <summary>Every kind.</summary>
    public static ImmutableArray<Rewrite> All { get; } =
    [
        .. Functions.All, .. Normalizations.All, .. Products.All, .. Convolutions.All, .. Exchanges.All, .. Scales.All,
        .. AttentionFactors.All, .. Merges.All, .. Quantizers.All, .. Layouts.All, .. Insertions.All, .. Extras.All,
        .. Containers.All, .. Bodies.All, .. Declarations.All,
    ];

    /// <summary>Whether the stored tensors stay the same, up to a transposition: then parameters are the same too.</summary>
    public bool KeepsParameters { get; init; } = true;

    /// <summary>Whether spatial positions become samples, so that only whole filters can be compared.</summary>
    public bool OnlyFilters { get; init; }

    /// <summary>Rewrites of higher stages come after those of lower ones: nothing looks into a body, or for a name that
    /// changed.</summary>
    public int Stage { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Kind;
}
