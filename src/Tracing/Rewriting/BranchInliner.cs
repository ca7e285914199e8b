using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>Replaces an If whose condition is stored, or computed from stored tensors alone, by the branch it takes.</summary>
internal static class BranchInliner
{
    /// <summary>Ensures a model with the results it had, in whose main graph no If has a constant
    /// condition; names of the main graph stay.</summary>
    /// <returns>The model itself where there is nothing to do.</returns>
    public static (ModelProto Model, bool Modified) Apply(ModelProto model, string directory)
    {
        var modified = false;
        // A branch may hold the next constant If. Each pass takes one level of nesting away.
        while (model.Graph.Node.Any(IsIf))
        {
            var chosen = Chosen(model, directory);
            if (chosen.Count == 0)
                break;
            if (!modified)
            {
                var nodes = model.Graph.Node;
                var copy = model.Clone();
                chosen = chosen.ToDictionary(pair => copy.Graph.Node[nodes.IndexOf(pair.Key)], pair => pair.Value);
                (model, modified) = (copy, true);
            }
            Inline(model.Graph, chosen);
        }
        return (model, modified);
    }

    private static bool IsIf(NodeProto node) => node is { OpType: "If", Domain: "" or "ai.onnx" };

    /// <summary>A constant condition; null where it is none, or cannot be folded: the If then stays.</summary>
    private static bool? ConditionOf(NodeProto node, ConstantFolder constants)
    {
        try
        {
            return constants.Evaluate(node.Input[0]) is { Values: [var condition] } ? condition != 0 : null;
        }
        // Shapes of a damaged file may multiply to more than there can be.
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            return null;
        }
    }

    /// <summary>The nodes with a constant condition, and which way each goes.</summary>
    private static Dictionary<NodeProto, bool> Chosen(ModelProto model, string directory)
    {
        var stored = new StoredTensors(model, directory);
        var constants = new ConstantFolder(stored, OpRules.Fold);
        var known = new HashSet<string>(StringComparer.Ordinal);
        var opset = (int)(model.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 1);
        var chosen = new Dictionary<NodeProto, bool>(ReferenceEqualityComparer.Instance);
        foreach (var node in TopologicalOrder.Of(model.Graph))
        {
            if (IsIf(node) && node.Input.Count == 1 && ConditionOf(node, constants) is { } condition)
                chosen[node] = condition;
            if (node.Attribute.All(attribute => attribute.G is null) && node.Input.Count > 0 && !Trace.IsRandom(node)
                && node.Input.All(input => input.Length == 0 || stored.Contains(input) || known.Contains(input)))
            {
                known.UnionWith(node.Output);
                constants.AddProducer(node, opset);
            }
        }
        return chosen;
    }

    private static void Inline(GraphProto graph, Dictionary<NodeProto, bool> chosen)
    {
        var fresh = new FreshNames(graph);
        var nodes = graph.Node.SelectMany(node =>
            chosen.TryGetValue(node, out var condition) ? Branch(graph, node, condition, fresh) : [node]).ToList();
        graph.Node.Clear();
        graph.Node.Add(nodes);
    }

    private static List<NodeProto> Branch(GraphProto graph, NodeProto node, bool condition, FreshNames fresh)
    {
        var branch = node.Attribute.FirstOrDefault(attribute => attribute.Name == (condition ? "then_branch" : "else_branch"))?.G
            ?? throw new TraceException($"node '{node.Name}' (If) lacks a branch; the file is damaged");
        if (branch.Output.Count < node.Output.Count)
            throw new TraceException($"node '{node.Name}' (If) has more outputs than its branch; the file is damaged");
        var renaming = new NodeRenaming(fresh, node.Name.Length > 0 ? node.Name : "If",
            new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var tensor in branch.Initializer)
        {
            tensor.Name = renaming.Define(tensor.Name);
            graph.Initializer.Add(tensor);
        }
        foreach (var sparse in branch.SparseInitializer)
        {
            sparse.Values.Name = renaming.Define(sparse.Values.Name);
            graph.SparseInitializer.Add(sparse);
        }
        foreach (var output in branch.Node.SelectMany(inner => inner.Output))
            renaming.Define(output);
        var nodes = branch.Node.Select(renaming.Copy).ToList();
        for (var i = 0; i < node.Output.Count; i++)
        {
            if (node.Output[i].Length > 0)
                nodes.Add(new NodeProto
                {
                    OpType = "Identity",
                    Input = { renaming[branch.Output[i].Name] },
                    Output = { node.Output[i] }
                });
        }
        return nodes;
    }
}
