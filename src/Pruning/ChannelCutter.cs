using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

/// <summary>Cuts dead channels out of a graph, in place: slices of constants, shapes, groups, declared sizes.</summary>
/// <param name="model">The copy to edit; what belongs to dead channels is zero in it already.</param>
/// <param name="directory">Folder of the original, for external data.</param>
/// <param name="flow">The channels, of the original's nodes.</param>
/// <param name="copies">The copy of each node.</param>
internal sealed class ChannelCutter(ModelProto model, string directory, ChannelFlow flow,
    IReadOnlyDictionary<NodeProto, NodeProto> copies)
{
    private readonly GraphProto graph = model.Graph;
    private readonly FreshNames names = new(model.Graph);
    private StoredTensors stored = new(model, directory);

    public void Cut()
    {
        foreach (var input in flow.Uses.GroupBy(use => (use.Node.Output[0], use.Input)))
        {
            if (input.Any(use => use.Group is not null))
                CutGrouped([.. input]);
            else
                CutAxes([.. input]);
        }
        foreach (var size in flow.Sizes.Where(size => (size.Whole ?? size.Signals).Any(flow.Signals.IsCut)))
            Correct(copies[size.Node], size);
        foreach (var value in graph.ValueInfo)
        {
            if (flow.Tensors.TryGetValue(value.Name, out var channels) && channels.Signals.Any(flow.Signals.IsCut))
                Declare(value, channels.Axis, Left(channels.Signals));
        }
    }

    private int Left(int[] signals) => signals.Count(signal => !flow.Signals.IsCut(signal));

    private void CutAxes(ChannelUse[] uses)
    {
        var removed = uses.GroupBy(use => use.Axis)
            .Select(uses => (Axis: uses.Key, Gone: uses.Last().Signals.Select(flow.Signals.IsCut).ToArray()))
            .Where(axis => axis.Gone.Contains(true)).ToDictionary(axis => axis.Axis, axis => axis.Gone);
        if (removed.Count > 0)
            CutConstant(copies[uses[0].Node].Input[uses[0].Input], uses[0].Path.Dims, removed);
    }

    /// <summary>The weight of a grouped convolution: each group reads channels of its own, and loses
    /// equally many of them.</summary>
    private void CutGrouped(ChannelUse[] uses)
    {
        var path = uses[0].Path;
        var gone = new bool[path.Count];
        foreach (var use in uses)
        {
            foreach (var (element, at) in use.Elements())
                gone[element] |= flow.Signals.IsCut(use.Signals[at]);
        }
        if (!gone.Contains(true))
            return;
        int[] left = [
            .. path.Dims.Select((size, axis) =>
            size - (uses.FirstOrDefault(use => use.Axis == axis)?.Signals.Count(flow.Signals.IsCut) ?? 0))];
        Keep(copies[uses[0].Node].Input[uses[0].Input], [.. Enumerable.Range(0, gone.Length).Where(element => !gone[element])],
            left);
    }

    /// <summary>Stores some elements of what an operator reads, as it reads them; the way from the stored
    /// tensor to there goes.</summary>
    private void Keep(string name, IReadOnlyList<int> elements, int[] left)
    {
        if (stored.Contains(name))
        {
            Store(name, TensorSlices.Gather(stored.Get(name), directory, elements, left));
            return;
        }
        var path = flow.Paths.Of(name)!;
        var producer = graph.Node.Single(node => node.Output.Contains(name));
        var tensor = TensorSlices.Gather(stored.Get(path.Stored), directory, [.. elements.Select(path.At)], left);
        tensor.Name = name;
        RemoveNode(producer);
        TensorWriter.Add(model, tensor);
        Release(producer.Input);
        stored = new StoredTensors(model, directory);
    }

    private void CutConstant(string name, int[] dims, IReadOnlyDictionary<int, bool[]> removed)
    {
        var (elements, left) = TensorSlices.Without(dims, removed);
        if (stored.Contains(name))
        {
            Store(name, TensorSlices.Gather(stored.Get(name), directory, elements, left));
            return;
        }
        var producer = graph.Node.Single(node => node.Output.Contains(name));
        switch (producer.OpType)
        {
            case "DequantizeLinear":
                var axis = (int)new AttributeReader(producer).Int("axis", 1);
                axis = axis < 0 ? axis + dims.Length : axis;
                CutConstant(producer.Input[0], dims, removed);
                foreach (var scale in producer.Input.Skip(1).Where(input => input.Length > 0))
                {
                    if (removed.TryGetValue(axis, out var gone) && stored.Dims(scale) is [var size] && size == gone.Length
                        && size > 1)
                        CutConstant(scale, [gone.Length], new Dictionary<int, bool[]> { [0] = gone });
                }
                break;
            case "Cast":
            case "Identity" when !flow.Paths.Of(name)!.IsCopy:
                CutConstant(producer.Input[0], dims, removed);
                break;
            case "Transpose" when !flow.Paths.Of(name)!.IsCopy:
                var perm = Shapes.Permutation(dims.Length, new AttributeReader(producer));
                var turned = new int[dims.Length];
                for (var i = 0; i < perm.Length; i++)
                    turned[perm[i]] = dims[i];
                CutConstant(producer.Input[0], turned, removed.ToDictionary(part => perm[part.Key], part => part.Value));
                break;
            default:
                Keep(name, elements, left);
                break;
        }
        foreach (var value in graph.ValueInfo.Where(value => value.Name == name))
            Declare(value, left);
        stored = new StoredTensors(model, directory);
    }

    private void Store(string name, TensorProto tensor)
    {
        tensor.Name = name;
        for (var i = 0; i < graph.Initializer.Count; i++)
        {
            if (graph.Initializer[i].Name == name)
                graph.Initializer[i] = tensor;
        }
        for (var i = graph.SparseInitializer.Count - 1; i >= 0; i--)
        {
            if (graph.SparseInitializer[i].Values?.Name == name)
            {
                graph.SparseInitializer.RemoveAt(i);
                graph.Initializer.Add(tensor);
            }
        }
        if (graph.Node.FirstOrDefault(node => node.OpType == "Constant" && node.Output.Contains(name)) is { } constant)
        {
            constant.Attribute.Clear();
            constant.Attribute.Add(AttributeProto.Of("value", tensor));
        }
        foreach (var value in graph.Input.Concat(graph.ValueInfo).Where(value => value.Name == name))
            Declare(value, [.. tensor.Dims.Select(dim => (int)dim)]);
        stored = new StoredTensors(model, directory);
    }

    private void Correct(NodeProto node, ChannelSize size)
    {
        if (size.Input < 0 && node.Attribute.FirstOrDefault(attribute => attribute.Name == size.Attribute) is { } attribute)
        {
            if (attribute.Type == AttributeProto.Types.AttributeType.Int || attribute.Ints.Count == 0)
                attribute.I = Left(size.Signals);
            else
                attribute.Ints[size.Index] = Left(size.Signals);
            return;
        }
        if (size.Input < 0)
        {
            node.Attribute.Add(AttributeProto.Of(size.Attribute, AllParts(size)));
            return;
        }
        var name = size.Input < node.Input.Count ? node.Input[size.Input] : "";
        if (name.Length == 0)
        {
            // A split into equal parts says nothing of their sizes.
            while (node.Input.Count <= size.Input)
                node.Input.Add("");
            Give(node, size.Input, "split", AllParts(size), (int)TensorProto.Types.DataType.Int64);
            if (node.Attribute.FirstOrDefault(other => other.Name == "num_outputs") is { } count)
                node.Attribute.Remove(count);
            return;
        }
        var values = stored.Contains(name) ? stored.Longs(name) : [.. flow.ValuesOf(name)!.Select(value => (long)value)];
        values[size.Index] = Left(size.Signals);
        var type = stored.Contains(name) ? stored.ElementType(name) : (int)TensorProto.Types.DataType.Int64;
        if (stored.Contains(name) && stored.Users(name) == 1)
            Store(name, Numbers(name, values, type));
        else
            Give(node, size.Input, name, values, type);
    }

    private long[] AllParts(ChannelSize size) =>
        [.. flow.Sizes.Where(part => ReferenceEquals(part.Node, size.Node) && part.Attribute == size.Attribute)
            .OrderBy(part => part.Index)
            .Select(part => (long)Left(part.Signals))];

    /// <summary>Gives a node numbers of its own.</summary>
    private void Give(NodeProto node, int input, string name, long[] values, int type)
    {
        node.Input[input] = names.Next($"{name}_pruned");
        TensorWriter.Add(model, Numbers(node.Input[input], values, type));
        stored = new StoredTensors(model, directory);
    }

    private static TensorProto Numbers(string name, long[] values, int type)
    {
        var tensor = TensorValues.FromLongs(name, [values.Length], values);
        return type == (int)TensorProto.Types.DataType.Int64
            ? tensor
            : new TensorProto
            {
                Name = name,
                DataType = type,
                Dims = { values.Length },
                Int32Data = { values.Select(value => (int)value) }
            };
    }

    /// <summary>Takes out what nothing reads any more.</summary>
    private void Release(IEnumerable<string> released)
    {
        foreach (var name in released.Where(name => name.Length > 0).ToArray())
        {
            if (new StoredTensors(model, directory).Users(name) > 0 || graph.Output.Any(output => output.Name == name))
                continue;
            RemoveWhere(graph.Initializer, tensor => tensor.Name == name);
            RemoveWhere(graph.SparseInitializer, sparse => sparse.Values?.Name == name);
            RemoveWhere(graph.Input, input => input.Name == name);
            if (graph.Node.FirstOrDefault(node => node.Output is [var only] && only == name) is { } producer)
            {
                RemoveNode(producer);
                Release(producer.Input);
            }
        }
    }

    private void RemoveNode(NodeProto node) => RemoveWhere(graph.Node, other => ReferenceEquals(other, node));

    private static void RemoveWhere<T>(IList<T> list, Func<T, bool> goes)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (goes(list[i]))
                list.RemoveAt(i);
        }
    }

    private static void Declare(ValueInfoProto value, int[] dims)
    {
        for (var axis = 0; axis < dims.Length; axis++)
            Declare(value, axis, dims[axis]);
    }

    private static void Declare(ValueInfoProto value, int axis, int size)
    {
        if (value.Type?.TensorType?.Shape is { } shape && axis < shape.Dim.Count && shape.Dim[axis].HasDimValue)
            shape.Dim[axis].DimValue = size;
    }
}
