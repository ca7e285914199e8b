using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Samples;

/// <summary>
/// Rewrites a model that was exported for one sample so that it takes any number: the dimension of its inputs is freed, and
/// what repeats it (the shape of a reshape, a class token in a concatenation, the first state of a recurrent layer) follows
/// it. Whether each sample then still gives what it gave alone is for the trace of the result and for a run to tell.
/// </summary>
internal sealed class FreedBatch
{
    private const string Name = "emergence_batch";

    private readonly TracedModel traced;
    private readonly ModelProto model;
    private readonly FreshNames names;
    private readonly Dictionary<string, string> constants = new(StringComparer.Ordinal);
    private readonly List<NodeProto> nodes = [];

    private FreedBatch(ModelProto original, TracedModel traced)
    {
        this.traced = traced;
        model = original.Clone();
        names = new FreshNames(model.Graph);
    }

    /// <summary>A changed copy of a model; null where its batch is not fixed at one, or bodies may repeat it.</summary>
    /// <param name="model">The model as it was traced.</param>
    /// <param name="traced">Its trace.</param>
    public static ModelProto? Of(ModelProto model, TracedModel traced)
    {
        var inputs = traced.Graph.Inputs;
        var isFixed = inputs.Any(input => input.BatchAxis >= 0)
            && inputs.All(input => input.BatchAxis >= 0 && input.Shape[input.BatchAxis] == 1);
        var hasBodies = model.Graph.Node.Any(node => node.SubGraphs().Any());
        return isFixed && !hasBodies ? new FreedBatch(model, traced).Free() : null;
    }

    private ModelProto Free()
    {
        foreach (var input in traced.Graph.Inputs)
        {
            var declared = model.Graph.Input.First(value => value.Name == input.Name);
            declared.Type.TensorType.Shape.Dim[input.BatchAxis] = new TensorShapeProto.Types.Dimension { DimParam = Name };
        }
        // What is declared of other tensors is of one sample.
        model.Graph.ValueInfo.Clear();
        foreach (var output in model.Graph.Output.Where(output => output.Type?.TensorType is not null))
            output.Type.TensorType.Shape = null;
        foreach (var node in model.Graph.Node)
        {
            Follow(node);
            nodes.Add(node);
        }
        model.Graph.Node.Clear();
        model.Graph.Node.Add(nodes);
        return model;
    }

    private void Follow(NodeProto node)
    {
        switch (node.OpType)
        {
            case "Reshape":
                Reshape(node);
                break;
            // Sizes of fewer axes than the tensor has leave the batch in front of them as it is.
            case "Expand" when Sizes(node, 1) is { } sizes && BatchAxis(node.Input[0]) is { } axis
                && sizes.Length - Rank(node.Input[0]) + axis is >= 0 and var at:
                node.Input[1] = Dynamic(sizes, at, node.Input[0], axis);
                break;
            case "Resize" when Sizes(node, 3) is { } sizes && BatchAxis(node.Input[0]) is { } axis && sizes.Length > axis:
                node.Input[3] = Dynamic(sizes, axis, node.Input[0], axis);
                break;
            case "Concat":
                Concat(node);
                break;
            case "LSTM" or "GRU" or "RNN":
                var samples = new AttributeReader(node).Int("layout", 0) == 1 ? 0 : 1;
                Repeat(node, 4, node.Input[0], samples, 0);
                Repeat(node, 5, node.Input[0], samples, samples);
                Repeat(node, 6, node.Input[0], samples, samples);
                break;
        }
    }

    /// <summary>The size of the batch is what the other sizes leave.</summary>
    private void Reshape(NodeProto node)
    {
        if (Sizes(node, 1) is not { } sizes || (Aligned(node) ?? BatchAxis(node.Output[0])) is not { } axis
            || sizes.Length <= axis)
            return;
        var isCopied = sizes[axis] == 0 && BatchAxis(node.Input[0]) == axis
            && new AttributeReader(node).Int("allowzero", 0) == 0;
        if (isCopied)
            return;
        var shape = traced.Tensors[node.Output[0]].Shape;
        node.Input[1] = Constant([.. shape.Select((size, i) => i == axis ? -1L : size)]);
    }

    /// <summary>
    /// Where the axis of one sample goes, which a reshape cannot tell from others of size one: to one with as many elements in
    /// front of it; null where there is none, as it is joined with another.
    /// </summary>
    private int? Aligned(NodeProto node)
    {
        if (BatchAxis(node.Input[0]) is not { } axis || Known(node.Output[0]) is not { IsConstant: false, Shape: var shape })
            return null;
        static long Before(int[] shape, int axis) => shape.Take(axis).Aggregate(1L, (product, size) => product * size);
        var before = Before(traced.Tensors[node.Input[0]].Shape, axis);
        return Enumerable.Range(0, shape.Length).Where(i => shape[i] == 1 && Before(shape, i) == before)
            .Select(i => (int?)i).FirstOrDefault();
    }

    /// <summary>Constants beside samples, such as a class token, are repeated for each of them.</summary>
    private void Concat(NodeProto node)
    {
        if (node.Input.FirstOrDefault(input => BatchAxis(input) is not null) is not { } data || BatchAxis(data) is not { } axis)
            return;
        var along = (int)new AttributeReader(node).Int("axis", 0);
        if ((along < 0 ? along + Rank(data) : along) == axis)
            return;
        for (var i = 0; i < node.Input.Count; i++)
            Repeat(node, i, data, axis, axis);
    }

    /// <summary>Repeats a constant input of one sample along an axis, as often as a tensor has samples on another.</summary>
    private void Repeat(NodeProto node, int input, string data, int dataAxis, int axis)
    {
        if (input >= node.Input.Count || node.Input[input].Length == 0 || BatchAxis(node.Input[input]) is not null
            || Known(node.Input[input]) is not { } tensor || tensor.Rank <= axis || tensor.Shape[axis] != 1)
            return;
        long[] sizes = [.. tensor.Shape.Select(size => (long)size)];
        node.Input[input] = Add("Expand", node.Input[input], Dynamic(sizes, axis, data, dataAxis));
    }

    /// <summary>A shape of which one size is that of an axis of a tensor.</summary>
    private string Dynamic(long[] sizes, int at, string data, int axis)
    {
        var batch = Add("Gather", Add("Shape", data), Constant([axis]));
        string[] parts =
        [
            .. at > 0 ? (string[])[Constant(sizes[..at])] : [], batch,
            .. at + 1 < sizes.Length ? (string[])[Constant(sizes[(at + 1)..])] : [],
        ];
        if (parts.Length == 1)
            return batch;
        var shape = Add("Concat", parts);
        nodes[^1].Attribute.Add(AttributeProto.Of("axis", 0));
        return shape;
    }

    /// <summary>The sizes that an input holds; null where they are computed from the run, or there are none.</summary>
    private long[]? Sizes(NodeProto node, int input) =>
        input < node.Input.Count && node.Input[input].Length > 0
        && traced.Constants.Evaluate(node.Input[input]) is { IsInteger: true, Values: { Length: > 0 } values }
            ? [.. values.Select(value => (long)value)]
            : null;

    /// <summary>The axis that counts samples; null where there is none.</summary>
    private int? BatchAxis(string tensor) => Known(tensor) is { IsConstant: false } known
        && Array.FindIndex([.. known.Axes], axis => axis.Has(AxisRole.Batch)) is >= 0 and var axis ? axis : null;

    private int Rank(string tensor) => traced.Tensors[tensor].Rank;

    private TracedTensor? Known(string tensor) =>
        traced.Tensors.TryGetValue(tensor, out var known) && known.HasShape ? known : null;

    private string Constant(long[] values)
    {
        var key = string.Join(' ', values);
        if (!constants.TryGetValue(key, out var name))
        {
            constants.Add(key, name = Add("Constant"));
            nodes[^1].Attribute.Add(AttributeProto.Of("value", TensorValues.FromLongs("", [values.Length], values)));
        }
        return name;
    }

    private string Add(string op, params string[] inputs)
    {
        var name = names.Next($"{Name}/{op}");
        nodes.Add(new NodeProto { Name = name, OpType = op, Input = { inputs }, Output = { name } });
        return name;
    }
}
