using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Samples;

/// <summary>
/// The operators that mix along axes without changing the shape, so that only their definition tells whether the samples
/// of a run stay apart, and those that run a graph of their own.
/// </summary>
internal static class MixingOperators
{
    private const string Normalizes = "normalizes over the samples of a run";
    private const string Combines = "combines the samples of a run";

    /// <summary>How the node mixes samples; null where it keeps them apart.</summary>
    public static string? How(NodeProto node, SampleMixing samples)
    {
        try
        {
            return HowByDefinition(node, samples);
        }
        // Attributes that no runtime takes: the trace has said so, or the runtime will.
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            return "is not understood, so it may combine the samples of a run";
        }
    }

    private static string? HowByDefinition(NodeProto node, SampleMixing samples)
    {
        var attributes = new AttributeReader(node);
        if (node.OpType is "If" or "Loop" or "Scan")
            return InBody(node, attributes, samples);
        if (OpRules.Find(node.Domain, node.OpType) is not { } rule)
            return "is not known, so it may combine the samples of a run";
        if (node.OpType is "DynamicQuantizeLinear" or "DynamicQuantizeMatMul" or "DynamicQuantizeLSTM")
            return node.Input.Take(1).Any(samples.IsData) ? "takes one scale for all samples of a run" : null;
        var input = samples.Sampled(node, 0);
        if (input is null || !rule.Mixes(samples.Call(node)).Any(axis => input.Axes[axis].Has(AxisRole.Batch)))
            return null;
        var normalizes =
            node.OpType.Contains("Norm", StringComparison.Ordinal) || node.OpType.EndsWith("max", StringComparison.Ordinal);
        return normalizes ? Normalizes : Combines;
    }

    /// <summary>Control flow runs once for all samples of a run, whatever they ask for.</summary>
    private static string? InBody(NodeProto node, AttributeReader attributes, SampleMixing samples)
    {
        const string Decides = "takes one decision for all samples of a run";
        if (node.OpType == "If" && node.Input.Take(1).Any(samples.IsData))
            return Decides;
        if (node.OpType == "Loop" && (node.Input.Take(2).Any(samples.IsData) || node.SubGraphs().Any(EndsByItself)))
            return Decides;
        if (node.OpType == "Scan" && ScansSamples(node, attributes, samples))
            return "steps through the samples of a run";
        // The shapes inside are not traced: what may combine samples there is taken to.
        var inner = node.SubGraphs().SelectMany(body => body.SelfAndSubGraphs()).SelectMany(body => body.Node)
            .FirstOrDefault(inner => inner.OpType.StartsWith("Reduce", StringComparison.Ordinal) || IsUnclear(inner));
        return inner is null ? null : $"may combine the samples of a run (by {inner.OpType} inside)";
    }

    private static bool IsUnclear(NodeProto node) => node.OpType is "DynamicQuantizeLinear" or "DynamicQuantizeMatMul"
        or "MeanVarianceNormalization" or "LayerNormalization" or "RMSNormalization" or "LpNormalization"
        or "Softmax" or "LogSoftmax" or "Hardmax" or "TopK" or "Unique" or "CumSum" or "CumProd" or "ArgMax" or "ArgMin" or "DFT"
        || (node.OpType == "BatchNormalization" && new AttributeReader(node).Int("training_mode", 0) == 1)
        || OpRules.Find(node.Domain, node.OpType) is null;

    /// <summary>A loop whose body computes whether to go on.</summary>
    private static bool EndsByItself(GraphProto body)
    {
        if (body.Output.Count == 0 || body.Input.Count < 2)
            return false;
        var name = body.Output[0].Name;
        // Names of a damaged body may lead in a circle.
        for (var steps = 0; body.Node.FirstOrDefault(node => node.Output.Contains(name)) is { } producer; steps++)
        {
            if (producer.OpType == "Constant")
                return false;
            if (producer is not { OpType: "Identity", Input: [var source, ..] } || steps > body.Node.Count)
                return true;
            name = source;
        }
        return name != body.Input[1].Name && body.Initializer.All(tensor => tensor.Name != name);
    }

    private static bool ScansSamples(NodeProto node, AttributeReader attributes, SampleMixing samples)
    {
        var count = (int)Math.Clamp(attributes.Int("num_scan_inputs", 0), 0, node.Input.Count);
        var axes = attributes.Ints("scan_input_axes") ?? [];
        for (var i = 0; i < count; i++)
        {
            var input = node.Input.Count - count + i;
            if (samples.Sampled(node, input) is { } tensor
                && tensor.Axes[Shapes.Axis((int)axes.ElementAtOrDefault(i), tensor.Rank)].Has(AxisRole.Batch))
                return true;
        }
        return false;
    }
}
