using Onnx;

namespace Emergence.Checkpoints;

/// <summary>Walks through what a model nests: sub-graphs in attributes, tensors wherever they are stored.</summary>
public static class GraphWalk
{
    /// <summary>The graphs a node holds directly as attributes (the branches of If, the bodies of Loop and Scan).</summary>
    public static IEnumerable<GraphProto> SubGraphs(this NodeProto node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Attribute.SelectMany(SubGraphs);
    }

    /// <summary>The tensors that a node's sub-graphs read, their own and those of the graphs around them alike.</summary>
    public static IEnumerable<string> ReadInBodies(this NodeProto node) => node.SubGraphs()
        .SelectMany(body => body.SelfAndSubGraphs())
        .SelectMany(body => body.Node.SelectMany(inner => inner.Input).Concat(body.Output.Select(output => output.Name)));

    /// <summary>The tensors that a sub-graph reads of the graphs around it. A name that it defines itself
    /// is another tensor.</summary>
    public static IEnumerable<string> Captured(this GraphProto body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var own = body.Input.Select(value => value.Name).Concat(body.Node.SelectMany(node => node.Output))
            .Concat(body.Initializer.Select(tensor => tensor.Name))
            .Concat(body.SparseInitializer.Select(sparse => sparse.Values?.Name ?? ""));
        return body.Node.SelectMany(node => node.Input.Concat(node.SubGraphs().SelectMany(Captured)))
            .Concat(body.Output.Select(output => output.Name)).Where(name => name.Length > 0).Except(own, StringComparer.Ordinal);
    }

    /// <summary>The graph itself and all sub-graphs inside it, outer before inner.</summary>
    public static IEnumerable<GraphProto> SelfAndSubGraphs(this GraphProto graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return graph.Node.SelectMany(SubGraphs).SelectMany(SelfAndSubGraphs).Prepend(graph);
    }

    /// <summary>The model's graph and all sub-graphs, those of local functions too.</summary>
    public static IEnumerable<GraphProto> AllGraphs(this ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Graph.SelfAndSubGraphs().Concat(model.Functions.SelectMany(function => function.Node)
            .SelectMany(SubGraphs).SelectMany(SelfAndSubGraphs));
    }

    /// <summary>Every node: of the graph, its sub-graphs and local functions.</summary>
    public static IEnumerable<NodeProto> AllNodes(this ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.AllGraphs().SelectMany(graph => graph.Node).Concat(model.Functions.SelectMany(function => function.Node));
    }

    /// <summary>
    /// Every tensor the model stores: initializers, sparse initializers' values and indices, and attributes, of the graph,
    /// its sub-graphs, local functions and training graphs.
    /// </summary>
    public static IEnumerable<TensorProto> AllTensors(this ModelProto model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var graphs = model.TrainingInfo.SelectMany(info => new[] { info.Initialization, info.Algorithm }).Prepend(model.Graph);
        return graphs.Where(graph => graph is not null).SelectMany(TensorsOf)
            .Concat(model.Functions.SelectMany(function => function.Node).SelectMany(TensorsOf))
            .Concat(model.Functions.SelectMany(function => function.AttributeProto).SelectMany(TensorsOf));
    }

    private static IEnumerable<GraphProto> SubGraphs(this AttributeProto attribute) =>
        attribute.Graphs.Prepend(attribute.G).OfType<GraphProto>();

    private static IEnumerable<TensorProto> TensorsOf(GraphProto graph) =>
        graph.Initializer.Concat(graph.SparseInitializer.SelectMany(TensorsOf)).Concat(graph.Node.SelectMany(TensorsOf));

    private static IEnumerable<TensorProto> TensorsOf(NodeProto node) => node.Attribute.SelectMany(TensorsOf);

    private static IEnumerable<TensorProto> TensorsOf(AttributeProto attribute) =>
        attribute.Tensors.Prepend(attribute.T).OfType<TensorProto>()
            .Concat(attribute.SparseTensors.Prepend(attribute.SparseTensor).SelectMany(TensorsOf))
            .Concat(attribute.SubGraphs().SelectMany(TensorsOf));

    private static IEnumerable<TensorProto> TensorsOf(SparseTensorProto? sparse) =>
        new[] { sparse?.Values, sparse?.Indices }.OfType<TensorProto>();
}
