using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing;

/// <summary>
/// Stored values that states of a loop start with, or that it steps through: parameters of the first layer that they reach,
/// unless they are the zeros that are taken where nothing is known.
/// </summary>
internal static class StoredStarts
{
    /// <summary>Adds them to the layers of a trace; what reaches no layer is named.</summary>
    public static void Count(Trace trace, IReadOnlyList<NodeProto> nodes)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is not { Domain: BodyBorder.Domain, OpType: BodyBorder.State or BodyBorder.Step }
                || trace.Unused.Contains(nodes[i])
                || trace.Tensor(nodes[i].Input[0]) is not { IsConstant: true, IsFloat: true, HasShape: true, Count: > 1 } stored)
                continue;
            var sources = trace.Constants.Sources(stored.Name).ToArray();
            if (sources.Length == 0)
                continue;
            if (trace.Constants.Evaluate(stored.Name) is { Values: var values } && Array.TrueForAll(values, value => value == 0))
                trace.Absent.UnionWith(sources);
            else if (FirstLayer(trace, nodes, i) is { } layer)
                trace.AddParameters(layer, stored.Name, ParameterRole.Bias);
            else
                Name(trace, nodes[i].Output[0], sources);
        }
    }

    private static void Name(Trace trace, string inside, string[] sources)
    {
        trace.Hidden.Add((0, sources));
        var count = sources.Sum(name => trace.Tensor(name)!.Count);
        var names = string.Join(", ", sources);
        trace.Diagnostics.Add(Diagnostic.Warning(inside, $"{count} parameters that it starts with ({names}) are in no layer"));
    }

    private static LayerBuilder? FirstLayer(Trace trace, IReadOnlyList<NodeProto> nodes, int start)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal) { nodes[start].Output[0] };
        foreach (var node in nodes.Skip(start + 1).Where(node => node.Input.Any(reached.Contains)))
        {
            var layer = trace.Layers.FirstOrDefault(layer => node.Output.Contains(layer.Output))
                ?? node.Output.Select(trace.Tensor).SelectMany(output => output?.Carries ?? []).FirstOrDefault()?.Layer;
            if (layer is not null)
                return layer;
            reached.UnionWith(node.Output);
        }
        return null;
    }
}
