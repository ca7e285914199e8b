using Emergence.Tracing.Model;

namespace Emergence.Tracing.LayerReadings;

/// <summary>What an operator does that stands between a layer's values and a function behind it.</summary>
internal enum PoolingKind
{
    /// <summary>It moves, selects or repeats values.</summary>
    Selection,

    /// <summary>It takes the largest (or smallest) of several positions.</summary>
    Largest,

    /// <summary>It averages or sums positions.</summary>
    Average,
}

/// <summary>Tells operators that select from those that mix.</summary>
internal static class Pooling
{
    /// <summary>What an operator does to its first input; null for any that is none of these.</summary>
    public static PoolingKind? Of(NodeContext node) => node.Op switch
    {
        "Slice" or "Split" or "Pad" or "Expand" or "Tile" or "CenterCropPad" or "ReverseSequence" or "Trilu" => PoolingKind.Selection,
        "Gather" or "GatherElements" or "GatherND" or "Compress" when node.Optional(1) is { IsConstant: true } => PoolingKind.Selection,
        "Resize" or "Upsample" => node.Attributes.Text("mode", "nearest") == "nearest" ? PoolingKind.Selection : PoolingKind.Average,
        "MaxPool" or "GlobalMaxPool" or "MaxRoiPool" => PoolingKind.Largest,
        "AveragePool" or "GlobalAveragePool" or "LpPool" or "GlobalLpPool" or "RoiAlign" => PoolingKind.Average,
        "ReduceMax" or "ReduceMin" when KeepsNodes(node) => PoolingKind.Largest,
        "ReduceMean" or "ReduceSum" or "ReduceL1" or "ReduceL2" or "ReduceSumSquare" or "ReduceLogSumExp" when KeepsNodes(node) => PoolingKind.Average,
        _ => null,
    };

    /// <summary>Over positions, tokens or time steps: each channel by itself.</summary>
    private static bool KeepsNodes(NodeContext node) =>
        node.Outputs.FirstOrDefault() is { HasShape: true } output && output.Carries.All(carry => carry.IsAligned)
        && node.Optional(0) is { HasShape: true } input && input.Axes.Any(axis => axis.Has(AxisRole.Channel))
        && output.Axes.Where(axis => axis.Has(AxisRole.Channel)).Aggregate(1, (count, axis) => count * axis.Size)
            == input.Axes.Where(axis => axis.Has(AxisRole.Channel)).Aggregate(1, (count, axis) => count * axis.Size);
}
