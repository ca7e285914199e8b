using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;

namespace Emergence.Tracing.LayerReadings;

/// <summary>Tells operators that select from those that mix.</summary>
internal static class Pooling
{
    /// <summary>What an operator does to its first input between a layer's values and a function behind it; null where it mixes
    /// nodes or computes.</summary>
    public static ValueFlow? Of(NodeContext node) => OpRules.Find(node.Node.Domain, node.Op) is not { } rule ? null
        : rule.Flow(node.Call) is not (null or ValueFlow.Layout) and var flow && (rule is not ReduceRule || KeepsNodes(node))
            ? flow
            : null;

    /// <summary>Whether it gives values another shape, moves them or takes the largest of several: any function behind it could
    /// as well stand in front.</summary>
    public static bool Selects(NodeContext node) =>
        ValueGraph.IsLayout(node.Node) || Of(node) is ValueFlow.Selection or ValueFlow.Largest;

    /// <summary>Over positions, tokens or time steps: each channel by itself. A stack of branches that merge is not
    /// pooled.</summary>
    private static bool KeepsNodes(NodeContext node) =>
        node.Outputs.FirstOrDefault() is { HasShape: true } output && output.Carries.All(carry => carry.IsAligned)
        && node.Optional(0) is { HasShape: true } input && input.Carries.Length == output.Carries.Length
        && input.Axes.Any(axis => axis.Has(AxisRole.Channel))
        && output.Axes.Where(axis => axis.Has(AxisRole.Channel)).Aggregate(1, (count, axis) => count * axis.Size)
            == input.Axes.Where(axis => axis.Has(AxisRole.Channel)).Aggregate(1, (count, axis) => count * axis.Size);
}
