using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Instrumentation;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Rivals;

/// <summary>A model whose outputs are the products of each two nodes of a layer, added up over the samples of a run.</summary>
internal static class ActivationProducts
{
    /// <summary>
    /// Copies a model and appends XᵀX of each layer, in double: X has a row for each activation of a node, over samples, tokens
    /// and, of whole filters, positions. Nodes are in the order of the graph.
    /// </summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="layers">Layers in its main graph.</param>
    /// <param name="convNodes">What a node of a convolution is.</param>
    /// <param name="rows">Take only this many samples of each run: the rest is padding. Null: all.</param>
    /// <returns>The model, and an output for each layer.</returns>
    public static (ModelProto Model, ImmutableArray<string> Outputs) Append(
        ModelProto model, ImmutableArray<TracedLayer> layers, ConvNodes convNodes, int? rows)
    {
        var copy = model.Clone();
        copy.Graph.Output.Clear();
        var nodes = new CounterNodes(copy.Graph, Instrumenter.Opset(copy), new FreshNames(copy.Graph));
        // In reverse, as the counters, so that activations are freed early.
        ImmutableArray<string> outputs =
            [.. layers.Reverse().Select(layer => Products(nodes, layer, convNodes, rows)).ToArray().Reverse()];
        UnusedNodes.Remove(copy.Graph);
        return (copy, outputs);
    }

    private static string Products(CounterNodes nodes, TracedLayer layer, ConvNodes convNodes, int? rows)
    {
        nodes.Scope = $"emergence/{layer.Name}/products";
        var layout = new NodeLayout(layer, convNodes);
        var (whole, _) = Instrumenter.Read(nodes, layer.Reading);
        var read = rows is { } count ? nodes.Slice(whole, layout.BatchAxis, 0, count) : whole;
        int[] order = [.. layout.Reduced, .. Enumerable.Range(0, layout.Axes.Length).Except(layout.Reduced)];
        var table = nodes.Reshape(nodes.Transpose(nodes.Cast(read, DataType.Double), order), [-1, layout.Nodes]);
        return nodes.Expose(nodes.Apply("MatMul", nodes.Transpose(table, [1, 0]), table), DataType.Double);
    }
}
