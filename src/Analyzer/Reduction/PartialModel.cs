using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Reduction;

/// <summary>Cuts some nodes out of a model so that the rest is a model again.</summary>
/// <param name="whole">The model.</param>
/// <param name="types">Declarations of its tensors: those that come from a node that is gone become inputs.</param>
internal sealed class PartialModel(ModelProto whole, IReadOnlyDictionary<string, ValueInfoProto> types)
{
    /// <summary>
    /// The model with these nodes alone: what they read and none of them gives is an input, what they give and none of them
    /// reads an output, and nothing is stored that nothing reads.
    /// </summary>
    /// <param name="nodes">Nodes of the main graph, in its order.</param>
    /// <param name="outputs">The graph's own outputs that stay, where they are still computed.</param>
    /// <returns>Null where no node is left, or a tensor would have to be an input whose type nobody knows.</returns>
    public ModelProto? Of(IReadOnlyCollection<NodeProto> nodes, IReadOnlyCollection<string> outputs)
    {
        if (nodes.Count == 0)
            return null;
        var reads = nodes.SelectMany(Reads).ToHashSet(StringComparer.Ordinal);
        var gives = nodes.SelectMany(node => node.Output).ToHashSet(StringComparer.Ordinal);
        var graph = new GraphProto { Name = whole.Graph.Name, DocString = whole.Graph.DocString };
        graph.Node.Add(nodes);
        graph.Initializer.Add(whole.Graph.Initializer.Where(tensor => reads.Contains(tensor.Name)));
        graph.SparseInitializer.Add(whole.Graph.SparseInitializer.Where(tensor => reads.Contains(tensor.Values?.Name ?? "")));
        graph.Input.Add(whole.Graph.Input.Where(input => reads.Contains(input.Name)));
        var known = graph.Input.Select(input => input.Name).Concat(graph.Initializer.Select(tensor => tensor.Name))
            .Concat(graph.SparseInitializer.Select(tensor => tensor.Values.Name)).Concat(gives);
        foreach (var missing in reads.Except(known))
        {
            if (!types.TryGetValue(missing, out var type))
                return null;
            graph.Input.Add(type);
        }
        graph.Output.Add(whole.Graph.Output.Where(output => gives.Contains(output.Name) && outputs.Contains(output.Name)));
        // A node that nobody hears would be dropped by whoever reads the model.
        foreach (var node in nodes.Where(node => !node.Output.Any(output =>
            reads.Contains(output) || graph.Output.Any(value => value.Name == output))))
        {
            if (node.Output.FirstOrDefault(output => output.Length > 0) is { } output)
                graph.Output.Add(types.GetValueOrDefault(output) ?? new ValueInfoProto { Name = output });
        }
        graph.ValueInfo.Add(whole.Graph.ValueInfo.Where(value => gives.Contains(value.Name)));
        graph.QuantizationAnnotation.Add(whole.Graph.QuantizationAnnotation.Where(annotation =>
            reads.Contains(annotation.TensorName) || gives.Contains(annotation.TensorName)));
        return Around(graph);
    }

    private ModelProto Around(GraphProto graph)
    {
        // A shallow copy of all but the graph: what is stored once may be large.
        var model = new ModelProto
        {
            IrVersion = whole.IrVersion,
            ProducerName = whole.ProducerName,
            ProducerVersion = whole.ProducerVersion,
            Domain = whole.Domain,
            ModelVersion = whole.ModelVersion,
            DocString = whole.DocString,
            Graph = graph,
        };
        model.OpsetImport.Add(whole.OpsetImport);
        model.MetadataProps.Add(whole.MetadataProps);
        var called = graph.SelfAndSubGraphs().SelectMany(part => part.Node).Select(NameOf).ToHashSet();
        for (var count = -1; count != called.Count;)
        {
            count = called.Count;
            called.UnionWith(whole.Functions.Where(function => called.Contains((function.Domain, function.Name)))
                .SelectMany(function => function.Node).Select(NameOf).ToArray());
        }
        model.Functions.Add(whole.Functions.Where(function => called.Contains((function.Domain, function.Name))));
        return model;
    }

    private static (string Domain, string Name) NameOf(NodeProto node) => (node.Domain, node.OpType);

    private static IEnumerable<string> Reads(NodeProto node) =>
        node.Input.Where(input => input.Length > 0).Concat(node.SubGraphs().SelectMany(body => body.Captured()));
}
