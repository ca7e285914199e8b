using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>What a unit that has become zero turns into further on, as far as elementwise operators take it.</summary>
internal static class ZeroValues
{
    /// <summary>
    /// By tensor, the value of an element all of whose layers give zero; NaN or an infinity where any element of a constant
    /// makes it one. Tensors that mix elements are left out.
    /// </summary>
    public static IReadOnlyDictionary<string, double> Of(Trace trace, IReadOnlyList<NodeProto> nodes, IReadOnlyDictionary<NodeProto, NodeContext> contexts)
    {
        var zeros = trace.Layers.ToDictionary(layer => layer.Output, _ => 0.0, StringComparer.Ordinal);
        foreach (var node in nodes.Where(node => node.Output.Count > 0 && contexts.ContainsKey(node)))
        {
            var output = node.Output[0];
            if (output.Length == 0 || zeros.ContainsKey(output) || trace.Tensor(output) is not { IsConstant: false })
                continue;
            var context = contexts[node];
            if (ValueGraph.IsLayout(node) || Pooling.Of(context) is not null)
            {
                if (zeros.TryGetValue(node.Input[0], out var passed))
                    zeros[output] = passed;
            }
            else if (ScalarOperators.Of(context) is { } function && Values(trace, zeros, context, function) is { } value)
            {
                zeros[output] = value;
            }
        }
        return zeros;
    }

    private static double? Values(Trace trace, Dictionary<string, double> zeros, NodeContext node, Func<double[], double> function)
    {
        var inputs = node.Node.Input.Select(name => name.Length == 0 ? [double.NaN] : zeros.TryGetValue(name, out var zero) ? [zero] : Elements(trace, name)).ToArray();
        if (inputs.Any(elements => elements is null or []) || node.Node.Input.All(name => !zeros.ContainsKey(name)))
            return null;
        var count = inputs.Max(elements => elements!.Length);
        var values = Enumerable.Range(0, count).Select(i => function([.. inputs.Select(elements => elements![i % elements.Length])]));
        double? last = null;
        foreach (var value in values)
        {
            last = value;
            if (!double.IsFinite(value))
                break;
        }
        return last;
    }

    private static double[]? Elements(Trace trace, string name)
    {
        if (trace.Tensor(name) is not { IsConstant: true, HasShape: true })
            return null;
        try
        {
            return trace.Constants.Evaluate(name)?.Values;
        }
        catch (TraceException)
        {
            return null;
        }
    }
}
