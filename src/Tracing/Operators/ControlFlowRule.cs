using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// An If, Loop or Scan whose bodies are not traced in line: they do not fit their node, it is of an opset whose form is not
/// known, or it computes with stored tensors alone. A warning names the node and how many parameters it hides, and the trace
/// goes on by data flow.
/// </summary>
internal sealed class ControlFlowRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops => ["If", "Loop", "Scan"];

    public override void Apply(NodeContext node)
    {
        var outer = node.Captured.ToArray();
        var stored = outer.Where(tensor =>
            tensor is { IsConstant: true, HasShape: true, Count: > 1 } && ParameterCounts.IsNumber(tensor.ElementType)).ToArray();
        var inside = node.Node.SubGraphs().SelectMany(body => body.SelfAndSubGraphs()).Sum(Inside);
        var count = inside + stored.Sum(tensor => tensor.Count);
        if (count > 0)
        {
            node.Trace.Hidden.Add((inside, [.. stored.Select(tensor => tensor.Name)]));
            node.Trace.Diagnostics.Add(
                Diagnostic.Warning(node.Name,
                $"the body of this {node.Op} cannot be read from outside: {count} parameters in it are not analyzed"));
        }
        ByDataFlowRule.Flow(node, node.Inputs.Concat(outer));
    }

    /// <summary>Elements of the floating-point tensors that a body stores, in initializers or Constant nodes.</summary>
    private static long Inside(GraphProto body) => body.Initializer
        .Concat(body.SparseInitializer.Select(sparse => sparse.Values))
        .Concat(body.Node.Where(node => node.OpType == "Constant")
            .Select(node => new AttributeReader(node).Tensor("value"))
            .OfType<TensorProto>())
        .Where(tensor => ParameterCounts.IsNumber(tensor.DataType)).Select(TensorValues.Count).Where(count => count > 1).Sum();
}
