using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Networks;

/// <summary>
/// Follows the elements of a tensor through everything that is no layer: where each of them ends up. Operators say where
/// their elements come from; shapes are those of the trace.
/// </summary>
internal sealed class Routes(TracedModel model)
{
    private readonly HashSet<string> layerOutputs = [.. model.Builders.Select(layer => layer.Output)];
    private readonly ILookup<string, KeyValuePair<string, ElementMap>> repeats = model.Builders
        .SelectMany(layer => layer.Repeats, (layer, repeated) => (layer.Output, repeated))
        .ToLookup(pair => pair.Output, pair => pair.repeated, StringComparer.Ordinal);

    /// <summary>
    /// For each element of <paramref name="to"/>, the elements of <paramref name="from"/> it comes from; null where no route is
    /// known.
    /// </summary>
    public ElementMap? Follow(string from, string to) => Follow(from, to, out _);

    /// <summary>For each element of <paramref name="to"/>, the elements of <paramref name="from"/> it comes from.</summary>
    /// <param name="from">The tensor that the route starts from.</param>
    /// <param name="to">The tensor that it leads to.</param>
    /// <param name="obstacle">Where null is returned: the first node on the way whose element sources are
    /// not known, if any.</param>
    public ElementMap? Follow(string from, string to, out NodeProto? obstacle)
    {
        obstacle = null;
        if (model.Tensors.GetValueOrDefault(from) is not { HasShape: true } start)
            return null;
        var known = new Dictionary<string, ElementMap>(StringComparer.Ordinal)
        {
            [from] =
            ElementMap.Identity(Shapes.Count(start.Shape))
        };
        foreach (var (output, elements) in repeats[from])
            known[output] = elements;
        if (known.TryGetValue(to, out var direct))
            return direct;
        var relevant = Before(to);
        foreach (var node in model.Nodes.Where(node => node.Output.Any(relevant.Contains) && node.Input.Any(known.ContainsKey)))
        {
            if (!Pass(node, known))
                obstacle ??= node;
            if (known.TryGetValue(to, out var found))
                return found;
        }
        return null;
    }

    /// <summary>The tensor and all it is computed from.</summary>
    private HashSet<string> Before(string tensor)
    {
        var result = new HashSet<string>(StringComparer.Ordinal) { tensor };
        foreach (var node in model.Nodes.Reverse().Where(node => node.Output.Any(result.Contains)))
            result.UnionWith(node.Input);
        return result;
    }

    /// <summary>Follows what is known of a node's inputs to its outputs.</summary>
    /// <returns>False where something it reads goes on in a way that is not known.</returns>
    private bool Pass(NodeProto node, Dictionary<string, ElementMap> known)
    {
        if (model.Unfit.Contains(node) || OpRules.Find(node.Domain, node.OpType) is not { } rule)
            return false;
        var isComplete = true;
        var joins = OpRules.Find("", PlainForm.Of(node).OpType) is ElementwiseBinaryRule;
        for (var input = 0; input < node.Input.Count; input++)
        {
            if (!known.TryGetValue(node.Input[input], out var route) || joins && IsStatistic(node, node.Input[input], known))
                continue;
            for (var output = 0; output < node.Output.Count; output++)
            {
                if (layerOutputs.Contains(node.Output[0]) && !Weights(rule, node).Summands.Contains(input))
                    continue;
                if (Step(rule, node, input, output) is { } step && step.To == route.From)
                {
                    var passed = step.Then(route);
                    known[node.Output[output]] =
                        known.TryGetValue(node.Output[output], out var other) ? other.Union(passed) : passed;
                }
                else
                {
                    isComplete = false;
                }
            }
        }
        return isComplete;
    }

    /// <summary>Where the elements of an output come from in an input; null where that is not known.</summary>
    private ElementMap? Step(OpRule rule, NodeProto node, int input, int output)
    {
        if (model.Tensors.GetValueOrDefault(node.Output[output]) is not { HasShape: true } result)
            return null;
        try
        {
            var map = layerOutputs.Contains(node.Output[0])
                ? Summand(Weights(rule, node), model.Calls[node].Shape(input), result.Shape)
                : rule.Sources(model.Calls[node], input, output);
            return map?.From == result.Count ? map : null;
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            return null;
        }
    }

    /// <summary>A bias or summand that a layer's operator adds itself, as an Add behind it would.</summary>
    private static ElementMap Summand(LayerWeights weights, int[] dims, int[] shape) => ElementMaps.Broadcast(
        weights.SummandsByChannel && dims.Length == 1 ? [dims[0], .. Enumerable.Repeat(1, shape.Length - 2)] : dims, shape);

    private LayerWeights Weights(OpRule rule, NodeProto node)
    {
        try
        {
            return rule.Weights(model.Calls[node]) ?? new LayerWeights(0, -1);
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            return new LayerWeights(0, -1);
        }
    }

    /// <summary>
    /// A mean or deviation of the very tensor it is put together with: the step of a normalization written in parts, which is
    /// transparent as the operator would be.
    /// </summary>
    private bool IsStatistic(NodeProto node, string input, Dictionary<string, ElementMap> known) =>
        model.Tensors[input] is { Carries: [_, ..] } tensor && !tensor.Carries.Any(carry => carry.IsAligned)
        || node.Input.Any(other => other != input && known.TryGetValue(other, out var whole) && whole.From > known[input].From);
}
