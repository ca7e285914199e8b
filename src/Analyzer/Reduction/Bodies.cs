using System.Collections.Immutable;
using Emergence.Checkpoints;
using Google.Protobuf.Collections;
using Onnx;

namespace Emergence.Analyzer.Reduction;

/// <summary>
/// The nodes inside a model's nodes, of If, Loop, Scan and local functions. No type is declared there, so that what a node
/// gave cannot become an input: whoever read it reads the node's own first input.
/// </summary>
internal static class Bodies
{
    private const string Identity = nameof(Identity);

    /// <summary>How many there are.</summary>
    public static int Count(ModelProto model) => Of(model).Count();

    /// <summary>How many nodes one of them has.</summary>
    public static int NodesOf(ModelProto model, int body) => Of(model).ElementAt(body).Nodes.Count;

    /// <summary>The model with these nodes alone in one of its bodies.</summary>
    /// <returns>Null where a node that is gone has no input, but is read.</returns>
    public static ModelProto? With(ModelProto model, int body, ImmutableArray<int> nodes)
    {
        var copy = model.Clone();
        var part = Of(copy).ElementAt(body);
        var left = Bypass([.. part.Nodes], nodes, part.Outputs);
        if (left is null)
            return null;
        part.Nodes.Clear();
        part.Nodes.Add(left);
        if (part.Graph is { } graph)
            DropUnread(graph);
        return copy;
    }

    private static void DropUnread(GraphProto graph)
    {
        var read = graph.Node.SelectMany(node => node.Input.Concat(node.ReadInBodies()))
            .Concat(graph.Output.Select(output => output.Name)).ToHashSet(StringComparer.Ordinal);
        TensorProto[] left = [.. graph.Initializer.Where(tensor => read.Contains(tensor.Name))];
        graph.Initializer.Clear();
        graph.Initializer.Add(left);
    }

    private static List<NodeProto>? Bypass(
        ImmutableArray<NodeProto> all, ImmutableArray<int> nodes, ImmutableArray<string> outputs)
    {
        var instead = new Dictionary<string, string?>(StringComparer.Ordinal);
        var left = new List<NodeProto>();
        foreach (var (i, node) in all.Index())
        {
            var isLeft = nodes.Contains(i);
            // What only a node that is gone reads is gone with it.
            if (!Redirect(node, instead) && isLeft)
                return null;
            if (isLeft)
            {
                left.Add(node);
                continue;
            }
            var source = node.Input.FirstOrDefault(input => input.Length > 0);
            foreach (var output in node.Output.Where(output => output.Length > 0))
            {
                instead[output] = source;
                if (!outputs.Contains(output))
                    continue;
                // A body's output must come from a node of its own.
                if (source is null)
                    return null;
                left.Add(new NodeProto { OpType = Identity, Input = { source }, Output = { output } });
            }
        }
        return left;
    }

    /// <summary>Lets a node, and those inside it, read what is left.</summary>
    /// <returns>False where something it reads is gone, with nothing in its place.</returns>
    private static bool Redirect(NodeProto node, Dictionary<string, string?> instead)
    {
        var isWhole = true;
        foreach (var inputs in node.SubGraphs().SelectMany(body => body.SelfAndSubGraphs()).SelectMany(graph => graph.Node)
            .Prepend(node).Select(inner => inner.Input))
        {
            for (var i = 0; i < inputs.Count; i++)
            {
                if (!instead.TryGetValue(inputs[i], out var source))
                    continue;
                isWhole &= source is not null;
                inputs[i] = source ?? "";
            }
        }
        return isWhole;
    }

    /// <summary>Outer ones before those inside them.</summary>
    private static IEnumerable<Body> Of(ModelProto model) => model.Functions
        .Select(function => new Body(function.Node, [.. function.Output], null))
        .Concat(model.AllGraphs().Skip(1).Select(graph =>
            new Body(graph.Node, [.. graph.Output.Select(output => output.Name)], graph)));

    /// <summary>Nodes, what they must give, and the graph that holds them; null for a function.</summary>
    private sealed record Body(RepeatedField<NodeProto> Nodes, ImmutableArray<string> Outputs, GraphProto? Graph);
}
