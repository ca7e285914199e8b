using System.Collections.Frozen;
using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

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
        new NormalizationRule(),
        new SkipNormalizationRule(),
        new ElementwiseBinaryRule(),
        new SelectRule(),
        new ConcatRule(),
        new PassThroughRule(),
        new LayoutRule(),
        new PoolRule(),
        new InPlaceRule(),
        new PadRule(),
        new RepeatRule(),
        new ResizeRule(),
        new GridSampleRule(),
        new UnpoolRule(),
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
        All.SelectMany(rule => rule.Ops, (rule, op) => (op, rule))
            .ToFrozenDictionary(pair => pair.op, pair => pair.rule, StringComparer.Ordinal);

    private static readonly BodyBorderRule Border = new();

    /// <summary>The rule for an operator; null where nothing is known of it.</summary>
    public static OpRule? Find(string domain, string op) =>
        domain == BodyBorder.Domain ? Border
        : domain is "" or "ai.onnx" ? ByName.GetValueOrDefault(op) : ByName.GetValueOrDefault($"{domain}::{op}");

    /// <summary>The outputs of a node of which every input is constant; null where its operator is not
    /// evaluated before the model runs.</summary>
    /// <param name="node">The node.</param>
    /// <param name="opset">Version of the operator set its domain is imported with.</param>
    /// <param name="inputs">Its inputs; null where one is left out.</param>
    /// <exception cref="TraceException">The inputs do not fit together, or the result is too large.</exception>
    public static ConstantTensor[]? Fold(NodeProto node, int opset, ConstantTensor?[] inputs)
    {
        ConstantTensor? Input(string name) => node.Input.IndexOf(name) is var i and >= 0 ? inputs[i] : null;
        return Find(node.Domain, node.OpType)?.Fold(new OperatorCall(node, opset, name => Input(name)?.Dims, Input, _ => true));
    }
}
