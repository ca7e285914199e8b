using System.Globalization;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>Hands out names that no tensor and no node of a graph bears, sub-graphs included.</summary>
public sealed class FreshNames
{
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> next = new(StringComparer.Ordinal);

    /// <summary>Collects the names of <paramref name="graph"/> and of the graphs inside it.</summary>
    public FreshNames(GraphProto graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        foreach (var part in graph.SelfAndSubGraphs())
            Collect(part);
    }

    /// <summary><paramref name="stem"/> itself where it is free, else <c>stem_1</c>, <c>stem_2</c>, …;
    /// taken from now on.</summary>
    public string Next(string stem)
    {
        ArgumentException.ThrowIfNullOrEmpty(stem);
        if (taken.Add(stem))
            return stem;
        var number = next.GetValueOrDefault(stem);
        string name;
        do
            name = string.Create(CultureInfo.InvariantCulture, $"{stem}_{++number}");
        while (!taken.Add(name));
        next[stem] = number;
        return name;
    }

    /// <summary>Marks a name as taken.</summary>
    /// <returns>False where it was already.</returns>
    public bool Reserve(string name) => taken.Add(name);

    private void Collect(GraphProto graph)
    {
        foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
            taken.Add(value.Name);
        foreach (var tensor in graph.Initializer)
            taken.Add(tensor.Name);
        foreach (var sparse in graph.SparseInitializer)
            taken.Add(sparse.Values?.Name ?? "");
        foreach (var annotation in graph.QuantizationAnnotation)
        {
            taken.Add(annotation.TensorName);
            taken.UnionWith(annotation.QuantParameterTensorNames.Select(entry => entry.Value));
        }
        foreach (var node in graph.Node)
        {
            taken.Add(node.Name);
            taken.UnionWith(node.Input);
            taken.UnionWith(node.Output);
        }
    }
}
