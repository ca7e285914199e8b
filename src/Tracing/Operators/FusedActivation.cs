using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>The activation function that ONNX Runtime's fused operators name in an attribute.</summary>
internal static class FusedActivation
{
    /// <summary>The output of a layer's operator, which applies the function itself.</summary>
    public static TracedTensor Apply(NodeContext node, TracedTensor output)
    {
        if (node.Attributes.Text("activation", "") is { Length: > 0 } name)
        {
            foreach (var carry in output.Carries.Where(carry => carry.Layer.Order == node.Order))
                carry.Layer.Activation = name;
        }
        return output;
    }
}
