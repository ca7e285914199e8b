namespace Emergence.Pruning;

/// <summary>The words that stand for the terms of pruning in options, reports and the record that a pruned
/// model carries.</summary>
public static class PruneWords
{
    /// <summary>The word of <c>--scope</c>.</summary>
    public static string Of(PruneScope scope) => scope switch
    {
        PruneScope.Global => "global",
        PruneScope.Layer => "layer",
        _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "has no word"),
    };

    /// <summary>The word of <c>--structure</c>.</summary>
    public static string Of(PruneStructure structure) => structure switch
    {
        PruneStructure.Weights => "weights",
        PruneStructure.Nodes => "nodes",
        _ => throw new ArgumentOutOfRangeException(nameof(structure), structure, "has no word"),
    };

    /// <summary>The word of <c>--of</c>.</summary>
    public static string Of(PruneShare share) => share switch
    {
        PruneShare.Total => "total",
        PruneShare.Remaining => "remaining",
        _ => throw new ArgumentOutOfRangeException(nameof(share), share, "has no word"),
    };

    /// <summary>The word of <c>--norm</c>.</summary>
    public static string Of(UnitNorm norm) => norm switch
    {
        UnitNorm.L1 => "l1",
        UnitNorm.L2 => "l2",
        _ => throw new ArgumentOutOfRangeException(nameof(norm), norm, "has no word"),
    };
}
