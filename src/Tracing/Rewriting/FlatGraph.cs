using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// The nodes of a model with one iteration of each body of If, Loop and Scan in line, between operators of
/// <see cref="BodyBorder"/>. It is traced, never run.
/// </summary>
internal sealed class FlatGraph
{
    private readonly List<NodeProto> _nodes = [];
    private readonly HashSet<string> _constant;
    private readonly FreshNames _fresh;
    private readonly int _opset;

    private FlatGraph(ModelProto model)
    {
        var graph = model.Graph;
        _fresh = new FreshNames(graph);
        _constant =
        [
            .. graph.Initializer.Select(tensor => tensor.Name),
            .. graph.SparseInitializer.Select(sparse => sparse.Values?.Name ?? ""),
        ];
        _opset = (int)(model.OpsetImport.FirstOrDefault(import => import.Domain is "" or "ai.onnx")?.Version ?? 1);
    }

    /// <summary>
    /// The nodes, producers before consumers. Requires a prepared model, whose inner values have names of their own. What
    /// is computed from stored tensors alone, and control flow whose bodies do not fit it, stays as it is.
    /// </summary>
    /// <exception cref="TraceException">A graph has a cycle, or a tensor that two nodes write.</exception>
    public static IReadOnlyList<NodeProto> Of(ModelProto model)
    {
        var flat = new FlatGraph(model);
        flat.Add(model.Graph, new Dictionary<string, string>(StringComparer.Ordinal));
        return flat._nodes;
    }

    /// <summary>Adds the nodes of a graph.</summary>
    /// <param name="graph">The main graph, or a body.</param>
    /// <param name="names">What values of the graphs around are called inside.</param>
    private void Add(GraphProto graph, Dictionary<string, string> names)
    {
        foreach (var node in TopologicalOrder.Of(graph))
        {
            var isConstant = !Trace.IsRandom(node) && node.Input.All(input => input.Length == 0 || _constant.Contains(input))
                && node.SubGraphs().SelectMany(body => body.Captured()).All(_constant.Contains);
            if (isConstant)
                _constant.UnionWith(node.Output);
            if (!isConstant && ControlFlow.Of(node, _opset) is { } control)
                AddBodies(control, names);
            else
                _nodes.Add(Renamed(node, names));
        }
    }

    private void AddBodies(ControlFlow control, Dictionary<string, string> names)
    {
        var node = control.Node;
        var scopes = control.Bodies.Select(body => (Body: body, Names: Enter(node, body, names))).ToArray();
        if (node.OpType == "If")
        {
            foreach (var (branch, inside) in scopes)
                Add(branch, inside);
            for (var i = 0; i < node.Output.Count; i++)
            {
                var choices = scopes.Select(scope => Known(scope.Body.Output[i].Name, scope.Names));
                Border(BodyBorder.Choice, [.. choices, Known(node.Input[0], names)], ResultName(node, i));
            }
            return;
        }
        AddLoop(control, scopes[0].Body, scopes[0].Names, names);
    }

    private void AddLoop(ControlFlow control, GraphProto body, Dictionary<string, string> scope, Dictionary<string, string> names)
    {
        var (node, first) = (control.Node, control.FirstState);
        for (var i = 0; i < first; i++)
        {
            var type = body.Input[i].Type?.TensorType;
            var rank = AttributeProto.Of("rank", type?.Shape?.Dim.Count ?? 0);
            Border(BodyBorder.Counter, [], body.Input[i].Name, rank, AttributeProto.Of("type", type?.ElemType ?? 0));
        }
        for (var i = 0; i < control.States; i++)
        {
            var next = body.Output[control.FirstStateOut + i].Name;
            AddState(body, Known(node.Input[first + i], names), body.Input[first + i].Name, next);
        }
        var (into, outOf) = (AxesOf(node, "scan_input_axes"), AxesOf(node, "scan_output_axes"));
        for (var i = first + control.States; i < body.Input.Count; i++)
        {
            var axis = AttributeProto.Of("axis", into.ElementAtOrDefault(i - control.States));
            Border(BodyBorder.Step, [Known(node.Input[i], names)], body.Input[i].Name, axis);
        }
        Add(body, scope);

        // What decides how often the body runs has a part in all that leaves it.
        string[] deciders =
        [
            .. node.Input.Take(first).Select(input => Known(input, names)),
            .. body.Output.Take(control.FirstStateOut).Select(going => Known(going.Name, scope)),
        ];
        var sequence = node.OpType == "Scan" ? Known(node.Input[control.States], names) : "";
        for (var i = 0; i < node.Output.Count; i++)
        {
            var value = Known(body.Output[control.FirstStateOut + i].Name, scope);
            string[] inputs = [value, .. deciders.Where(name => name.Length > 0)];
            if (i < control.States)
            {
                Border(BodyBorder.Last, inputs, ResultName(node, i), AttributeProto.Of("state", body.Input[first + i].Name));
                continue;
            }
            Border(BodyBorder.Stack, inputs, ResultName(node, i),
                AttributeProto.Of("axis", outOf.ElementAtOrDefault(i - control.States)),
                AttributeProto.Of("sequence", sequence), AttributeProto.Of("along", into.ElementAtOrDefault(0)));
        }
    }

    /// <summary>A state that the body hands on as it is is a value of the graph around, under another name.</summary>
    private void AddState(GraphProto body, string initial, string state, string next)
    {
        for (var steps = 0; steps <= body.Node.Count && next != state; steps++)
        {
            var copy = body.Node.FirstOrDefault(node => node.Output.Contains(next));
            if (copy is not { OpType: "Identity", Domain: "" or "ai.onnx" })
                break;
            next = copy.Input[0];
        }
        if (next == state && _constant.Contains(initial))
            _constant.Add(state);
        Border(next == state ? BodyBorder.Capture : BodyBorder.State, [initial], state);
    }

    /// <summary>Lets the values in that a body reads of the graphs around; what is stored is read where it lies.</summary>
    private Dictionary<string, string> Enter(NodeProto node, GraphProto body, Dictionary<string, string> names)
    {
        var inside = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var captured in body.Captured().Where(name => !_constant.Contains(name)))
        {
            inside[captured] = _fresh.Next($"{ControlFlow.ScopeOf(node, body)}/{captured}");
            Border(BodyBorder.Capture, [Known(captured, names)], inside[captured]);
        }
        return inside;
    }

    private void Border(string op, string[] inputs, string output, params AttributeProto[] attributes) =>
        _nodes.Add(new NodeProto
        {
            Domain = BodyBorder.Domain,
            OpType = op,
            Input = { inputs },
            Output = { output },
            Attribute = { attributes },
        });

    private string ResultName(NodeProto node, int output) => node.Output[output] is { Length: > 0 } name
        ? name
        : _fresh.Next($"{ControlFlow.ScopeOf(node, node.SubGraphs().First())}/result");

    private static string Known(string name, Dictionary<string, string> names) => names.GetValueOrDefault(name, name);

    private static long[] AxesOf(NodeProto node, string attribute) => new AttributeReader(node).Ints(attribute) ?? [];

    /// <summary>The node as it reads inside; names are unique, so that those in its own graphs may be changed too.</summary>
    private static NodeProto Renamed(NodeProto node, Dictionary<string, string> names)
    {
        if (names.Count == 0 || !node.Input.Concat(node.ReadInBodies()).Any(names.ContainsKey))
            return node;
        var copy = node.Clone();
        var inside = copy.SubGraphs().SelectMany(body => body.SelfAndSubGraphs()).SelectMany(graph => graph.Node);
        foreach (var inner in inside.Prepend(copy))
        {
            for (var i = 0; i < inner.Input.Count; i++)
                inner.Input[i] = Known(inner.Input[i], names);
        }
        return copy;
    }
}
