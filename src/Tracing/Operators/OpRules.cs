using System.Collections.Frozen;
using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>Every operator the trace knows.</summary>
internal static class OpRules
{
    /// <summary>One line a family of operators.</summary>
    public static ImmutableArray<OpRule> All { get; } =
    [
        new DenseRule(),
        new ConvolutionRule(),
        new RecurrentRule(),
        new EmbeddingRule(),
        new EinsumRule(),
        new AttentionRule(),
        new AttentionProductRule(),
        new PackedDenseRule(),
        new PackedEmbeddingRule(),
        new ExpertsRule(),
        new PlainFormRule(),
        new ElementwiseUnaryRule(),
        new PReluRule(),
        new NormalisationRule(),
        new SkipNormalisationRule(),
        new ElementwiseBinaryRule(),
        new SelectRule(),
        new ConcatRule(),
        new PassThroughRule(),
        new LayoutRule(),
        new PoolRule(),
        new ResizeRule(),
        new PartRule(),
        new SelectionRule(),
        new GatherRule(),
        new ReduceRule(),
        new ShapeRule(),
        new PredicateRule(),
        new ControlFlowRule(),
        new ByDataFlowRule(),
    ];

    private static readonly FrozenDictionary<string, OpRule> ByName =
        All.SelectMany(rule => rule.Ops, (rule, op) => (op, rule)).ToFrozenDictionary(pair => pair.op, pair => pair.rule, StringComparer.Ordinal);

    private static readonly BodyBorderRule Border = new();

    /// <summary>The rule for an operator; null where nothing is known of it.</summary>
    public static OpRule? Find(string domain, string op) =>
        domain == BodyBorder.Domain ? Border
        : domain is "" or "ai.onnx" ? ByName.GetValueOrDefault(op) : ByName.GetValueOrDefault($"{domain}::{op}");
}
