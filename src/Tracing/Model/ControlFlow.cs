using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>An If, Loop or Scan taken apart: its bodies, and how many states it carries from step to step.</summary>
/// <param name="Node">The node.</param>
/// <param name="Bodies">The body; of an If, the branch taken where the condition holds and the other one.</param>
/// <param name="States">States carried from one iteration to the next; 0 for an If.</param>
internal sealed record ControlFlow(NodeProto Node, ImmutableArray<GraphProto> Bodies, int States)
{
    // A Scan of opset 8 steps through each sample of a batch by itself, up to a length of its own.
    private const int OldestScan = 9;

    /// <summary>Position of the first state among the inputs of a Loop's node and of its body, where others come first.</summary>
    public int FirstState => Node.OpType == "Loop" ? 2 : 0;

    /// <summary>Position of the first state among the outputs of the body.</summary>
    public int FirstStateOut => Node.OpType == "Loop" ? 1 : 0;

    /// <summary>True for If, Loop and Scan of the standard.</summary>
    public static bool Is(NodeProto node) => node is { OpType: "If" or "Loop" or "Scan", Domain: "" or "ai.onnx" };

    /// <summary>The node taken apart; null where it is no control flow, or its bodies do not fit it.</summary>
    public static ControlFlow? Of(NodeProto node, int opset)
    {
        if (!Is(node))
            return null;
        GraphProto? Body(string name) => node.Attribute.FirstOrDefault(attribute => attribute.Name == name)?.G;
        if (node.OpType == "If")
        {
            return Body("then_branch") is { } yes && Body("else_branch") is { } no
                && node.Input.Count == 1 && yes.Output.Count == node.Output.Count && no.Output.Count == node.Output.Count
                ? new ControlFlow(node, [yes, no], 0)
                : null;
        }
        if (Body("body") is not { } body || body.Input.Any(input => input.Name.Length == 0))
            return null;
        var scans = node.OpType == "Scan" ? new AttributeReader(node).Int("num_scan_inputs", 0) : 0;
        var states = node.OpType == "Scan" ? node.Input.Count - scans : Math.Max(0, node.Input.Count - 2);
        var control = new ControlFlow(node, [body], (int)states);
        var fits = states >= 0 && (node.OpType == "Loop" || (scans > 0 && opset >= OldestScan))
            && body.Input.Count == (node.OpType == "Loop" ? states + 2 : node.Input.Count)
            && body.Output.Count == node.Output.Count + control.FirstStateOut && node.Output.Count >= states;
        return fits ? control : null;
    }

    /// <summary>What names of values inside a body start with.</summary>
    public static string ScopeOf(NodeProto node, GraphProto body)
    {
        var name = node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(output => output.Length > 0) ?? node.OpType;
        var attribute = node.Attribute.FirstOrDefault(attribute => ReferenceEquals(attribute.G, body))?.Name;
        return attribute switch { "then_branch" => $"{name}/then", "else_branch" => $"{name}/else", _ => name };
    }

    /// <summary>The names of the values that a body defines itself, in bodies within it too.</summary>
    public static IEnumerable<string> Defined(GraphProto body) =>
        body.SelfAndSubGraphs().SelectMany(DefinedIn).Where(name => name.Length > 0);

    private static IEnumerable<string> DefinedIn(GraphProto graph) => graph.Input.Select(value => value.Name)
        .Concat(graph.Node.SelectMany(node => node.Output))
        .Concat(graph.Initializer.Select(tensor => tensor.Name))
        .Concat(graph.SparseInitializer.Select(sparse => sparse.Values?.Name ?? ""));
}
