using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>
/// The law that no rule can forget: what a node reads, what follows is fed by. A slope, a condition, a bound, a grid or a
/// bias that is computed is carried on here where the operator's own rule has not done it.
/// </summary>
internal static class SideInputs
{
    /// <summary>
    /// Lets every layer that an input carries reach the layer which the node opens, or else the node's outputs; inputs that
    /// only decide a shape are left out, and so is what known elements are picked from: the rule says what is among them.
    /// </summary>
    public static void Carry(NodeContext node, OpRule rule)
    {
        var outputs = node.Outputs.ToArray();
        var opened = node.Trace.Layers.Where(layer => layer.Order == node.Order).ToArray();
        var reached = outputs.SelectMany(output => output.Carries).Select(carry => carry.Layer).Concat(opened).ToHashSet();
        reached.UnionWith(reached.SelectMany(layer => Merged(layer, outputs)).ToArray());
        reached.UnionWith(opened.SelectMany(layer => layer.DenseFrom));
        var missing = Enumerable.Range(0, node.InputCount)
            .Where(input => !rule.OnlyShapes(node, input))
            .Where(input => input > 0 || rule.Flow(node.Call) != ValueFlow.Selection)
            .Select(node.Optional).OfType<TracedTensor>().Concat(node.Captured)
            .Where(input => input.Carries.Any(carry => !reached.Contains(carry.Layer)))
            .ToArray();
        if (missing.Length == 0)
            return;
        var carries = Trace.Mix(missing).RemoveAll(carry => reached.Contains(carry.Layer));
        if (opened.Length > 0)
        {
            foreach (var layer in opened)
                layer.FeedFrom(carries.Select(carry => carry.Layer));
        }
        else if (outputs.Length > 0)
        {
            foreach (var output in outputs)
                node.Trace.Define(output with { Carries = [.. output.Carries, .. carries], IsConstant = false });
        }
    }

    /// <summary>The layers that meet a layer in one of the tensors.</summary>
    private static IEnumerable<LayerBuilder> Merged(LayerBuilder layer, TracedTensor[] tensors) =>
        layer.IdentityFrom.Where(from => tensors.Any(tensor => tensor.Name == from.Merged)).Select(from => from.Layer);
}
