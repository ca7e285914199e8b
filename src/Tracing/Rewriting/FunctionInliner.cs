using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>Replaces every call of a model-local function by the function's own nodes.</summary>
internal static class FunctionInliner
{
    // Functions that call functions grow as powers: a small file may not ask for a graph that fills the memory.
    private const int MostNodes = 100_000;

    // Modules exported as functions nest some ten deep; each level is a level of our stack too.
    private const int Deepest = 64;

    /// <summary>
    /// Requires functions that do not call themselves. Ensures a model without functions and with the results it had;
    /// names of the main graph stay.
    /// </summary>
    /// <returns>The model itself where it has no functions.</returns>
    /// <exception cref="TraceException">A function calls itself, has too many arguments, or the whole grows
    /// too large.</exception>
    public static (ModelProto Model, bool Modified) Apply(ModelProto model)
    {
        if (model.Functions.Count == 0)
            return (model, false);
        model = model.Clone();
        new Inlining(model).Run();
        ImportOpsets(model);
        model.Functions.Clear();
        return (model, true);
    }

    /// <summary>The functions' own operator sets are needed now; those of the functions' domains no more.</summary>
    private static void ImportOpsets(ModelProto model)
    {
        var imports = model.Functions.SelectMany(function => function.OpsetImport).ToList();
        foreach (var import in imports.Where(import =>
            model.OpsetImport.All(known => (known.Domain ?? "") != (import.Domain ?? ""))))
            model.OpsetImport.Add(import.Clone());
        var used = model.Graph.SelfAndSubGraphs()
            .SelectMany(graph => graph.Node)
            .Select(node => node.Domain)
            .ToHashSet(StringComparer.Ordinal);
        var local = model.Functions.Select(function => function.Domain).ToHashSet(StringComparer.Ordinal);
        var kept = model.OpsetImport.Where(import =>
            import.Domain.Length == 0 || !local.Contains(import.Domain) || used.Contains(import.Domain)).ToList();
        model.OpsetImport.Clear();
        model.OpsetImport.Add(kept);
    }

    private sealed class Inlining(ModelProto model)
    {
        private readonly FreshNames _fresh = new(model.Graph);
        private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = model.Functions
            .GroupBy(function => (function.Domain, function.Name, function.Overload))
                .ToDictionary(group => group.Key, group => group.First());
        private readonly HashSet<FunctionProto> _open = [];
        private readonly Dictionary<FunctionProto, long> _sizes = [];

        public void Run()
        {
            if (model.Graph.SelfAndSubGraphs().SelectMany(graph => graph.Node).Sum(SizeOf) > MostNodes)
                throw new TraceException(
                    $"its local functions unfold to more than {MostNodes} nodes; inline them with onnx.inliner and simplify "
                    + "the model");
            Expand(model.Graph);
        }

        /// <summary>Number of nodes that a node becomes; for one too large, more than may be.</summary>
        private long SizeOf(NodeProto node)
        {
            if (!_functions.TryGetValue(Key(node), out var function))
                return 1;
            if (_sizes.TryGetValue(function, out var size))
                return size;
            if (!_open.Add(function))
                throw new TraceException($"the local function '{function.Name}' calls itself; the file is damaged");
            if (_open.Count > Deepest)
                throw new TraceException(
                    $"its local functions call each other more than {Deepest} deep; inline them with onnx.inliner");
            size = function.Node.Concat(function.Node.SelectMany(inner => inner.SubGraphs())
                .SelectMany(graph => graph.SelfAndSubGraphs())
                .SelectMany(graph => graph.Node))
                .Aggregate(0L, (sum, inner) => Math.Min(sum + SizeOf(inner), MostNodes + 1));
            _open.Remove(function);
            return _sizes[function] = size;
        }

        private static (string Domain, string Name, string Overload) Key(NodeProto node) =>
            (node.Domain, node.OpType, node.Overload);

        private void Expand(GraphProto graph)
        {
            var nodes = graph.Node.SelectMany(Expanded).ToList();
            graph.Node.Clear();
            graph.Node.Add(nodes);
        }

        private IEnumerable<NodeProto> Expanded(NodeProto node)
        {
            if (!_functions.TryGetValue(Key(node), out var function))
            {
                foreach (var body in node.SubGraphs())
                    Expand(body);
                return [node];
            }
            return Body(node, function).SelectMany(Expanded);
        }

        private List<NodeProto> Body(NodeProto call, FunctionProto function)
        {
            if (call.Input.Count > function.Input.Count || call.Output.Count > function.Output.Count)
                throw new TraceException(
                    $"node '{call.Name}' calls the local function '{function.Name}' with more arguments than it has; the file "
                    + "is damaged");
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < function.Input.Count; i++)
                names[function.Input[i]] = i < call.Input.Count ? call.Input[i] : "";
            var copied = new List<NodeProto>();
            for (var i = 0; i < function.Output.Count && i < call.Output.Count; i++)
            {
                // A function may return its argument as it came.
                if (call.Output[i].Length > 0 && !names.TryAdd(function.Output[i], call.Output[i]))
                    copied.Add(new NodeProto
                    {
                        OpType = "Identity",
                        Input = { names[function.Output[i]] },
                        Output = { call.Output[i] }
                    });
            }
            var renaming = new NodeRenaming(_fresh, call.Name.Length > 0 ? call.Name : function.Name, names);
            var arguments =
                function.AttributeProto.Concat(call.Attribute).GroupBy(attribute => attribute.Name, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
            // Nodes may stand in any order: names first.
            foreach (var output in function.Node.SelectMany(node => node.Output))
                renaming.Define(output);
            foreach (var node in function.Node)
            {
                var copy = renaming.Copy(node);
                Bind(copy, arguments);
                copied.Add(copy);
            }
            return copied;
        }

        /// <summary>Replaces attributes that refer to the call's by their values; what the call leaves out stays out.</summary>
        private static void Bind(NodeProto node, Dictionary<string, AttributeProto> arguments)
        {
            for (var i = node.Attribute.Count - 1; i >= 0; i--)
            {
                var attribute = node.Attribute[i];
                if (attribute.RefAttrName.Length == 0)
                    continue;
                if (arguments.TryGetValue(attribute.RefAttrName, out var argument))
                {
                    node.Attribute[i] = argument.Clone();
                    node.Attribute[i].Name = attribute.Name;
                }
                else
                {
                    node.Attribute.RemoveAt(i);
                }
            }
            foreach (var inner in node.SubGraphs().SelectMany(graph => graph.Node))
                Bind(inner, arguments);
        }
    }
}
