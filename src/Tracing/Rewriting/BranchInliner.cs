using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Replaces an If by the branch it takes, and a Where by what it chooses, where the condition follows from stored tensors and
/// from sizes that the file fixes. What follows from the batch, or from another free size, is no constant of the file.
/// </summary>
internal static class BranchInliner
{
    /// <summary>Ensures a model with the results it had, in whose main graph no If or Where has a constant
    /// condition; names of the main graph stay.</summary>
    /// <returns>The model itself where there is nothing to do.</returns>
    public static (ModelProto Model, bool Modified) Apply(ModelProto model, string directory)
    {
        var modified = false;
        // A branch may hold the next constant If. Each pass takes one level of nesting away.
        while (model.Graph.Node.Any(node => IsIf(node) || IsWhere(node)))
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

    /// <summary>Whether there is an If to be replaced, so that names of its branch come into the main graph.</summary>
    public static bool TakesBranches(ModelProto model, string directory) =>
        model.Graph.Node.Any(IsIf) && Chosen(model, directory).Keys.Any(IsIf);

    private static bool IsIf(NodeProto node) => node is { OpType: "If", Domain: "" or "ai.onnx", Input.Count: 1 };

    private static bool IsWhere(NodeProto node) => node is { OpType: "Where", Domain: "" or "ai.onnx", Input.Count: 3 };

    private static bool IsSize(NodeProto node) => node is { OpType: "Shape" or "Size", Domain: "" or "ai.onnx", Input.Count: 1 };

    /// <summary>What all elements of a condition say; null where they differ, are not known, or cannot be folded: the node then
    /// stays.</summary>
    private static bool? ConditionOf(NodeProto node, ConstantFolder constants)
    {
        try
        {
            if (constants.Evaluate(node.Input[0]) is not { Values: [var first, ..] values })
                return null;
            var isSame = Array.TrueForAll(values, value => !double.IsNaN(value) && value != 0 == (first != 0));
            return isSame && (IsWhere(node) || values.Length == 1) ? first != 0 : null;
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
        var constants = new ConstantFolder(stored, Fold);
        var opset = (int)(model.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 1);
        var (known, asked, sizes) = (new HashSet<string>(StringComparer.Ordinal), new List<NodeProto>(), new List<NodeProto>());
        foreach (var node in TopologicalOrder.Of(model.Graph))
        {
            bool IsKnown(string name) => name.Length == 0 || stored.Contains(name) || known.Contains(name);
            var isConstant = IsSize(node) || node.Attribute.All(attribute => attribute.G is null) && node.Input.Count > 0
                && !Trace.IsRandom(node) && node.Input.All(IsKnown);
            if (IsSize(node))
                sizes.Add(node);
            else if (isConstant)
                constants.AddProducer(node, opset);
            else if ((IsIf(node) || IsWhere(node)) && IsKnown(node.Input[0]))
                asked.Add(node);
            if (isConstant)
                known.UnionWith(node.Output);
        }
        var chosen = new Dictionary<NodeProto, bool>(ReferenceEqualityComparer.Instance);
        if (asked.Count == 0)
            return chosen;
        var shapes = new Lazy<FixedShapes>(() => FixedShapes.Of(model, stored));
        foreach (var node in sizes)
        {
            if (shapes.Value[node.Input[0]] is { } shape)
                constants.Set(node.Output[0], SizeOf(node, shape));
        }
        foreach (var node in asked)
        {
            if (ConditionOf(node, constants) is { } condition
                && (IsIf(node) || shapes.Value.AreEqual(node.Input[condition ? 1 : 2], node.Output[0])))
                chosen[node] = condition;
        }
        return chosen;
    }

    private static ConstantTensor SizeOf(NodeProto node, double[] shape)
    {
        const int Int64 = (int)TensorProto.Types.DataType.Int64;
        if (node.OpType == "Size")
            return new ConstantTensor([], [shape.Aggregate(1.0, (count, size) => count * size)], Int64);
        var (start, end) = Shapes.ShapeSlice(shape.Length, new AttributeReader(node));
        return new ConstantTensor([end - start], shape[start..end], Int64);
    }

    /// <summary>As the operator's rule does, where no free size takes part other than by being moved.</summary>
    private static ConstantTensor[]? Fold(NodeProto node, int opset, ConstantTensor?[] inputs)
    {
        bool IsFree(ConstantTensor? input) => input is not null && Array.Exists(input.Values, double.IsNaN);
        var moved = OpRules.Find(node.Domain, node.OpType) switch
        {
            ConcatRule => inputs.Length,
            MovingRule => 1,
            _ => node.OpType == "Identity" ? 1 : 0,
        };
        return Array.Exists(inputs[Math.Min(moved, inputs.Length)..], IsFree) ? null : OpRules.Fold(node, opset, inputs);
    }

    private static void Inline(GraphProto graph, Dictionary<NodeProto, bool> chosen)
    {
        var fresh = new FreshNames(graph);
        var nodes = graph.Node.SelectMany(node =>
            !chosen.TryGetValue(node, out var condition) ? [node]
            : IsIf(node) ? Branch(graph, node, condition, fresh)
            : [Copy(node.Input[condition ? 1 : 2], node)]).ToList();
        graph.Node.Clear();
        graph.Node.Add(nodes);
    }

    private static NodeProto Copy(string value, NodeProto node) =>
        new() { Name = node.Name, OpType = "Identity", Input = { value }, Output = { node.Output } };

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
