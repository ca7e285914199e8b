using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Graphs.Ops;

/// <summary>
/// If, Loop and Scan. The runtime cannot expose what happens inside a body, so its layers cannot be read: a warning
/// names the node and how many parameters it hides, and the trace goes on by data flow.
/// </summary>
internal sealed class ControlFlowRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops => ["If", "Loop", "Scan"];

    public override void Apply(NodeContext node)
    {
        var outer = node.Node.SubGraphs().SelectMany(OuterNames).Distinct(StringComparer.Ordinal).Select(node.Trace.Tensor).OfType<TracedTensor>().ToArray();
        var stored = outer.Where(tensor => tensor is { IsConstant: true, HasShape: true, Count: > 1 }).Sum(tensor => tensor.Count)
            + node.Node.SubGraphs().Sum(Hidden);
        if (stored > 0)
            node.Trace.Diagnostics.Add(Diagnostic.Warning(node.Name, $"the body of this {node.Op} cannot be read from outside: {stored} parameters in it are not analysed"));
        ByDataFlowRule.Flow(node, node.Inputs.Concat(outer));
    }

    private static long Hidden(GraphProto body) =>
        body.Initializer.Select(TensorValues.Count).Where(count => count > 1).Sum() + body.Node.SelectMany(node => node.SubGraphs()).Sum(Hidden);

    private static IEnumerable<string> OuterNames(GraphProto body) =>
        body.Node.SelectMany(node => node.Input.Concat(node.SubGraphs().SelectMany(OuterNames)));
}
