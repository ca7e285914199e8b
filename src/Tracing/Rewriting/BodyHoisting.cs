using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Gives every value inside the bodies of If, Loop and Scan a name of its own in the whole model, which starts with that of
/// the node, and moves what bodies store to the main graph, where it is a parameter like any other.
/// </summary>
internal static class BodyHoisting
{
    /// <summary>Ensures unique names, and bodies that store nothing. Names of the main graph and all results stay.</summary>
    /// <returns>The model itself where there is nothing to do.</returns>
    public static (ModelProto Model, bool Modified) Apply(ModelProto model)
    {
        if (!model.Graph.Node.Any(ControlFlow.Is) || IsDone(model.Graph))
            return (model, false);
        model = model.Clone();
        var fresh = new FreshNames(model.Graph);
        var constants = new List<NodeProto>();
        foreach (var node in model.Graph.Node.Where(ControlFlow.Is))
        {
            foreach (var body in node.SubGraphs())
            {
                var scope = ControlFlow.ScopeOf(node, body);
                new NodeRenaming(fresh, scope, new Dictionary<string, string>(StringComparer.Ordinal)).Rename(body);
                Hoist(body, model.Graph, constants, fresh);
            }
        }
        for (var i = 0; i < constants.Count; i++)
            model.Graph.Node.Insert(i, constants[i]);
        return (model, true);
    }

    private static bool IsDone(GraphProto graph)
    {
        var names = graph.Input.Select(value => value.Name).Concat(graph.Node.SelectMany(node => node.Output))
            .Concat(graph.Initializer.Select(tensor => tensor.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node.Where(ControlFlow.Is))
        {
            foreach (var body in node.SubGraphs())
            {
                var scope = $"{ControlFlow.ScopeOf(node, body)}/";
                var defined = ControlFlow.Defined(body);
                if (StoresAny(body) || !defined.All(name => name.StartsWith(scope, StringComparison.Ordinal) && names.Add(name)))
                    return false;
            }
        }
        return true;
    }

    private static bool StoresAny(GraphProto body) =>
        body.Initializer.Any(tensor => !IsInput(body, tensor)) || body.SparseInitializer.Count > 0
        || body.Node.Any(node => IsConstant(node) || (ControlFlow.Is(node) && node.SubGraphs().Any(StoresAny)));

    private static bool IsConstant(NodeProto node) =>
        node is { OpType: "Constant", Domain: "" or "ai.onnx", Output: [{ Length: > 0 }] };

    /// <summary>An initializer that is an input too gives way to what is fed.</summary>
    private static bool IsInput(GraphProto body, TensorProto tensor) => body.Input.Any(input => input.Name == tensor.Name);

    private static void Hoist(GraphProto body, GraphProto main, List<NodeProto> constants, FreshNames fresh)
    {
        foreach (var inner in body.Node.Where(ControlFlow.Is).SelectMany(node => node.SubGraphs()))
            Hoist(inner, main, constants, fresh);
        var results = body.Output.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var tensor in body.Initializer.Where(tensor => !IsInput(body, tensor)).ToArray())
        {
            body.Initializer.Remove(tensor);
            tensor.Name = Elsewhere(tensor.Name);
            main.Initializer.Add(tensor);
        }
        foreach (var sparse in body.SparseInitializer.Where(sparse => sparse.Values is not null))
        {
            sparse.Values.Name = Elsewhere(sparse.Values.Name);
            main.SparseInitializer.Add(sparse);
        }
        body.SparseInitializer.Clear();
        foreach (var node in body.Node.Where(IsConstant).ToArray())
        {
            body.Node.Remove(node);
            node.Output[0] = Elsewhere(node.Output[0]);
            constants.Add(node);
        }

        // A body may not return a value of the graph around as it is.
        string Elsewhere(string name)
        {
            if (!results.Contains(name))
                return name;
            var stored = fresh.Next($"{name}/stored");
            body.Node.Add(new NodeProto { OpType = "Identity", Input = { stored }, Output = { name } });
            return stored;
        }
    }
}
