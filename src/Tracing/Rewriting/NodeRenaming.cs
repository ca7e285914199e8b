using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>Copies nodes from one graph into another under names that are free there.</summary>
/// <param name="fresh">The names of the graph that takes them.</param>
/// <param name="prefix">What the new names start with.</param>
/// <param name="known">What names already stand for, such as the arguments of a call; an empty name is a value left out.</param>
internal sealed class NodeRenaming(FreshNames fresh, string prefix, IReadOnlyDictionary<string, string> known)
{
    private const int Longest = 200;

    private readonly Dictionary<string, string> _names = new(known, StringComparer.Ordinal);

    /// <summary>The name of a value as the new graph knows it; one that was never defined is that of the graph around.</summary>
    public string this[string name] => _names.GetValueOrDefault(name, name);

    /// <summary>A new name for a value that is defined here.</summary>
    public string Define(string name)
    {
        if (name.Length > 0 && !_names.ContainsKey(name))
            _names[name] = Fresh(name);
        return this[name];
    }

    // A name is put before those inside it, level by level: uncut, they would double at every level.
    private string Fresh(string name)
    {
        var (outer, inner) = (prefix[..Math.Min(prefix.Length, Longest)], name[Math.Max(name.Length - Longest, 0)..]);
        return fresh.Next($"{outer}/{inner}");
    }

    /// <summary>A copy of a node with its values, and those of the graphs in it, renamed.</summary>
    public NodeProto Copy(NodeProto node)
    {
        var copy = node.Clone();
        if (copy.Name.Length > 0)
            copy.Name = Fresh(copy.Name);
        for (var i = 0; i < copy.Input.Count; i++)
            copy.Input[i] = this[copy.Input[i]];
        for (var i = 0; i < copy.Output.Count; i++)
            copy.Output[i] = Define(copy.Output[i]);
        foreach (var body in copy.SubGraphs())
            Rename(body);
        return copy;
    }

    /// <summary>Renames a nested graph in place: a value of its own must not bear a name of the graphs
    /// around it either.</summary>
    public void Rename(GraphProto body)
    {
        var inner = new NodeRenaming(fresh, prefix, _names);
        inner.Forget(body);
        foreach (var value in body.Input)
            value.Name = inner.Define(value.Name);
        foreach (var tensor in body.Initializer)
            tensor.Name = inner.Define(tensor.Name);
        foreach (var sparse in body.SparseInitializer.Where(sparse => sparse.Values is not null))
            sparse.Values.Name = inner.Define(sparse.Values.Name);
        foreach (var output in body.Node.SelectMany(node => node.Output))
            inner.Define(output);
        for (var i = 0; i < body.Node.Count; i++)
            body.Node[i] = inner.Copy(body.Node[i]);
        foreach (var value in body.Output)
            value.Name = inner[value.Name];
        body.ValueInfo.Clear();
        body.QuantizationAnnotation.Clear();
    }

    private void Forget(GraphProto body)
    {
        foreach (var name in body.Input.Select(value => value.Name).Concat(body.Initializer.Select(tensor => tensor.Name))
            .Concat(body.SparseInitializer.Select(sparse => sparse.Values?.Name ?? ""))
            .Concat(body.Node.SelectMany(node => node.Output)))
            _names.Remove(name);
    }
}
