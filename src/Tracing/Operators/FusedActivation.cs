using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>The activation function that ONNX Runtime's fused operators name in an attribute.</summary>
internal static class FusedActivation
{
    public static TracedTensor Apply(NodeContext node, TracedTensor output) =>
        node.Attributes.Text("activation", "") is { Length: > 0 } name
            ? node.Trace.Activate(output, output with { Name = node.OutputName(0), Function = null }, name)
            : output;
}
