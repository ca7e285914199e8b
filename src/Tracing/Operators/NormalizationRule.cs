using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Normalizations written as one operator: scale and shift belong to the layer before, running
/// statistics to none.</summary>
internal sealed class NormalizationRule : OpRule
{
    // Which inputs are scale and shift.
    private static readonly Dictionary<string, int[]> Parameters = new(StringComparer.Ordinal)
    {
        ["BatchNormalization"] = [1, 2],
        ["InstanceNormalization"] = [1, 2],
        ["LayerNormalization"] = [1, 2],
        ["GroupNormalization"] = [1, 2],
        ["RMSNormalization"] = [1],
        ["LRN"] = [],
        ["MeanVarianceNormalization"] = [],
        ["LpNormalization"] = [],
        ["com.microsoft::SimplifiedLayerNormalization"] = [1],
        ["SimplifiedLayerNormalization"] = [1],
    };

    public override OpKind Kind => OpKind.Normalization;

    public override ImmutableArray<string> Ops { get; } = [.. Parameters.Keys];

    public override void Apply(NodeContext node)
    {
        var input = node.Input(0);
        var key = Parameters.ContainsKey(node.Op) ? node.Op : $"{node.Node.Domain}::{node.Op}";
        var constants = Parameters[key]
            .Select(node.Optional)
            .OfType<TracedTensor>()
            .Where(tensor => tensor.IsConstant)
            .Select(tensor => tensor.Name);
        var output = input with { Name = node.OutputName(0) };
        node.Output(node.Trace.Adjust(input, output, constants, ParameterRole.Normalization));
        // Means and variances, where the model asks for them: statistics of the same layers.
        for (var i = 1; i < node.Node.Output.Count; i++)
            node.Output(i, node.NewTensor(default, input.ElementType) with { Carries = Trace.Mix([input]) });
    }

    public override int? SampleAxis(OperatorCall call, int input) =>
        input == 0 && call.Op is "InstanceNormalization" or "GroupNormalization" or "LRN" ? 0 : null;

    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        var dims = call.Shape(0);
        return call.Op switch
        {
            "BatchNormalization" => call.Attributes.Int("training_mode", 0) == 1 ? From(0, dims).Where(axis => axis != 1) : [],
            "MeanVarianceNormalization" => (call.Attributes.Ints("axes") ?? [0, 2, 3]).Where(axis => axis < dims.Length)
                .Select(axis => Shapes.Axis((int)axis, dims.Length)),
            "LpNormalization" => [call.Attributes.Axis("axis", -1, dims.Length)],
            "InstanceNormalization" => From(2, dims),
            "GroupNormalization" => From(1, dims),
            "LRN" => [1],
            _ => From(call.Attributes.Axis("axis", -1, dims.Length), dims),
        };
    }

    public override ElementMap? Sources(OperatorCall call, int input, int output) =>
        input == 0 && output == 0 ? ElementMap.Identity(Shapes.Count(call.Shape(0))) : null;
}
