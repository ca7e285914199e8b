using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Rewriting;

/// <summary>
/// Takes the elements of sequences out of them: what a tensor is split into or what is put together, and read again at stored
/// places or joined, are Slice, Identity and Concat. A sequence that something else reads stays.
/// </summary>
internal sealed class KnownSequences
{
    private readonly ModelProto _model;
    private readonly StoredTensors _stored;
    private readonly FreshNames _names;
    private readonly NodeProto[] _nodes;
    private readonly Dictionary<string, Sequence> _sequences = new(StringComparer.Ordinal);

    private KnownSequences(ModelProto model, string directory)
    {
        (_model, _stored, _names) = (model, new StoredTensors(model, directory), new FreshNames(model.Graph));
        _nodes = [.. TopologicalOrder.Of(model.Graph)];
    }

    /// <summary>Ensures a model with the results it had; names of tensors stay.</summary>
    /// <returns>The model itself where there is nothing to do.</returns>
    public static (ModelProto Model, bool Modified) Apply(ModelProto model, string directory)
    {
        if (!model.Graph.Node.Any(IsReader))
            return (model, false);
        var copy = model.Clone();
        return new KnownSequences(copy, directory).Rewrite() ? (copy, true) : (model, false);
    }

    private static bool IsReader(NodeProto node) =>
        node is { OpType: "SequenceAt" or "ConcatFromSequence", Domain: "" or "ai.onnx", Input.Count: > 0, Output.Count: 1 };

    private bool Rewrite()
    {
        var graph = _model.Graph;
        graph.Node.Clear();
        var isModified = false;
        foreach (var node in _nodes)
        {
            var place = new FusedNode(_model, graph, node, _names, _nodes);
            if (node.Domain is "" or "ai.onnx" && SequenceOf(place) is { } sequence)
                _sequences[node.Output[0]] = sequence;
            if (IsReader(node) && Elements(place) is { } elements)
            {
                isModified = true;
                var axis = AttributeProto.Of("axis", place.Attributes.Int("axis", 0));
                if (node.OpType == "SequenceAt")
                    place.End("Identity", elements);
                else
                    place.End("Concat", elements, attributes: axis);
            }
            else
            {
                graph.Node.Add(node);
            }
        }
        var needed = graph.Output.Select(output => output.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node.Reverse().ToArray())
        {
            if (_sequences.ContainsKey(node.Output[0]) && !node.Output.Any(needed.Contains))
                graph.Node.Remove(node);
            else
                needed.UnionWith(node.Input.Concat(node.ReadInBodies()));
        }
        return isModified;
    }

    /// <summary>The tensors that a node takes out of its sequence; null where it is not known which.</summary>
    private string[]? Elements(FusedNode node)
    {
        if (!_sequences.TryGetValue(node.Input(0), out var sequence))
            return null;
        if (node.Fused.OpType == "SequenceAt")
            return Number(node.Input(1)) is { } index && sequence.At(node, index) is { } element ? [element] : null;
        if (sequence.Count is not { } count || count == 0)
            return null;
        var isStack = node.Attributes.Int("new_axis", 0) == 1;
        string[] elements = [.. Enumerable.Range(0, count).Select(i => sequence.At(node, i)!)];
        return isStack
            ? Array.ConvertAll(elements, element => WithAxis(node, "Unsqueeze", element, node.Attributes.Int("axis", 0)))
            : elements;
    }

    /// <summary>What is known of the sequence that a node makes; null for any other node.</summary>
    private Sequence? SequenceOf(FusedNode node)
    {
        switch (node.Fused.OpType)
        {
            case "SequenceEmpty":
                return new Sequence(0, (_, _) => null);
            case "SequenceConstruct":
                return new Sequence(node.Fused.Input.Count, (_, index) => node.Input((int)index));
            case "SequenceInsert" when _sequences.TryGetValue(node.Input(0), out var before) && before.Count is { } count:
                if ((node.Input(2).Length == 0 ? count : Number(node.Input(2))) is not { } given)
                    return null;
                var place = given < 0 ? given + count : given;
                return new Sequence(count + 1, (reader, index) => index == place ? node.Input(1)
                    : before.At(reader, index < place ? index : index - 1));
            case "SplitToSequence":
                return PartsOf(node);
            default:
                return null;
        }
    }

    private Sequence? PartsOf(FusedNode node)
    {
        var (data, axis, sizes) = (node.Input(0), node.Attributes.Int("axis", 0), node.Input(1));
        string Part(FusedNode reader, long start, long end) =>
            reader.Add("Slice", [data, reader.Longs(start), reader.Longs(end), reader.Longs(axis)]);
        if (sizes.Length == 0)
        {
            var keepsAxis = node.Attributes.Int("keepdims", 1) == 1;
            return new Sequence(null, (reader, index) => Part(reader, index, index == -1 ? long.MaxValue : index + 1) is var part
                && keepsAxis ? part : WithAxis(reader, "Squeeze", part, axis));
        }
        if (!_stored.Contains(sizes))
            return null;
        var lengths = _stored.Longs(sizes);
        // Of how many parts of one size there are only the length of the axis tells.
        if (_stored.Dims(sizes).IsEmpty)
            return new Sequence(null, (reader, index) => index < 0 ? null
                : Part(reader, index * lengths[0], (index + 1) * lengths[0]));
        return new Sequence(lengths.Length, (reader, index) =>
            lengths.Take((int)index).Sum() is var start ? Part(reader, start, start + lengths[index]) : null);
    }

    private static string WithAxis(FusedNode node, string op, string tensor, long axis) => node.Opset < 13
        ? node.Add(op, [tensor], attributes: AttributeProto.Of("axes", [axis]))
        : node.Add(op, [tensor, node.Longs(axis)]);

    private long? Number(string tensor) =>
        _stored.Contains(tensor) && _stored.Longs(tensor) is [var number] ? number : null;

    /// <summary>A sequence.</summary>
    /// <param name="Count">How many elements it has; null where the file does not say.</param>
    /// <param name="Element">The tensor at a place, which it may add to the graph where it is read.</param>
    private sealed record Sequence(int? Count, Func<FusedNode, long, string?> Element)
    {
        /// <summary>The tensor at a place, from the end where it is negative; null where it is not known or there is
        /// none.</summary>
        public string? At(FusedNode reader, long index) => Count is not { } count ? Element(reader, index)
            : index < -count || index >= count ? null
            : Element(reader, index < 0 ? index + count : index);
    }
}
