using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

/// <summary>A size that a node looked up: how many channels an axis has.</summary>
/// <param name="Source">The result of the Shape or Size.</param>
/// <param name="Place">Where the size stands in its result; -1 where it is a factor of it.</param>
/// <param name="Signals">The channels.</param>
internal sealed record ChannelCount(string Source, int Place, int[] Signals);

/// <summary>Follows the numbers that a model computes from how many channels its tensors have.</summary>
internal sealed class ChannelCounts(TracedModel model, StoredTensors stored)
{
    private readonly Dictionary<string, List<ChannelCount>> behind = new(StringComparer.Ordinal);
    private readonly Dictionary<(ChannelCount, bool), ConstantFolder> changed = [];

    /// <summary>The counts that a tensor is computed from.</summary>
    public IReadOnlyList<ChannelCount> Behind(string tensor) => behind.TryGetValue(tensor, out var counts) ? counts : [];

    /// <summary>Notes what a node looks up, and what numbers it makes of numbers.</summary>
    public void Follow(NodeProto node, IReadOnlyDictionary<string, Channels> channels)
    {
        List<ChannelCount> found = [];
        if (node.OpType is "Shape" or "Size" && node.Input.Count > 0)
        {
            if (channels.GetValueOrDefault(node.Input[0]) is { } data && PlaceOf(node, data.Axis) is { } place)
                found.Add(new ChannelCount(node.Output[0], place, data.Signals));
        }
        else if (IsNumber(node))
        {
            found.AddRange(Inputs(node)
                .SelectMany(Behind)
                .Distinct()
                .Where(count => node.Output.Any(output => Differs(output, count))));
        }
        foreach (var output in found.Count > 0 ? node.Output.Where(output => output.Length > 0) : [])
            behind[output] = found;
    }

    /// <summary>
    /// The counts that decide about more than the shape of the very channels counted: those must not change. A reshape may
    /// give channels an axis of their own number.
    /// </summary>
    public IEnumerable<ChannelCount> ReadBy(NodeProto node, Channels? result) =>
        IsNumber(node) || node.OpType is "Shape" or "Size"
        ? []
        : Inputs(node)
            .SelectMany(input =>
                Behind(input).Where(count => !(node.OpType == "Reshape" && result is not null && FitsOnly(input, count, result))))
            .Distinct();

    /// <summary>True where an element of a shape is the number of these very channels, whatever it will be.</summary>
    public bool Names(string shape, Channels result) => Behind(shape).Any(count => FitsOnly(shape, count, result));

    private bool IsNumber(NodeProto node) =>
        node.Output.All(output => output.Length == 0 || model.Tensors.GetValueOrDefault(output) is { IsConstant: true })
        || (node.OpType is "Gather" or "Slice" or "Cast" or "Squeeze" or "Unsqueeze" or "Concat" or "Add" or "Sub" or "Mul"
            or "Div" or "Identity"
            && Inputs(node)
                .All(input =>
                    Behind(input).Count > 0 || model.Tensors.GetValueOrDefault(input) is { IsConstant: true } || IsSize(input)));

    // Sizes that are known only when the model runs are integers without channels.
    private bool IsSize(string tensor) => model.Tensors.GetValueOrDefault(tensor) is { IsFloat: false, Carries: [] };

    private int? PlaceOf(NodeProto node, int axis)
    {
        if (node.OpType == "Size")
            return -1;
        if (model.Tensors.GetValueOrDefault(node.Input[0]) is not { HasShape: true } input)
            return axis;
        var (start, end) = Shapes.ShapeSlice(input.Rank, new AttributeReader(node));
        return axis >= start && axis < end ? axis - start : null;
    }

    private static IEnumerable<string> Inputs(NodeProto node) =>
        node.Input.Concat(node.ReadInBodies()).Where(input => input.Length > 0);

    /// <summary>Whether the tensor would be another with another number of channels.</summary>
    private bool Differs(string tensor, ChannelCount count)
    {
        if (Value(model.Constants, tensor) is not { } now)
            return true;
        return ((bool[])[false, true]).Any(doubled => Value(Folder(count, doubled), tensor) is not { } then
            || !then.Dims.SequenceEqual(now.Dims) || !then.Values.AsSpan().SequenceEqual(now.Values));
    }

    /// <summary>Whether of a shape only the channels' axis would be another, in proportion to their number.</summary>
    private bool FitsOnly(string shape, ChannelCount count, Channels result)
    {
        if (Value(model.Constants, shape) is not { Dims: [_] } now || result.Axis >= now.Values.Length
            || !IsMultiple(result.Signals, count.Signals))
            return false;
        foreach (var doubled in (bool[])[false, true])
        {
            if (Value(Folder(count, doubled), shape) is not { } then || then.Values.Length != now.Values.Length)
                return false;
            var factor = doubled ? 2 : (count.Signals.Length + 1.0) / count.Signals.Length;
            for (var i = 0; i < now.Values.Length; i++)
            {
                if (then.Values[i] != now.Values[i] * (i == result.Axis ? factor : 1))
                    return false;
            }
        }
        return true;
    }

    /// <summary>Each channel as often, in proportion.</summary>
    private static bool IsMultiple(int[] signals, int[] counted)
    {
        var (a, b) = (signals.CountBy(signal => signal).ToDictionary(), counted.CountBy(signal => signal).ToDictionary());
        return a.Count == b.Count
            && a.All(pair => (long)pair.Value * counted.Length == (long)b.GetValueOrDefault(pair.Key) * signals.Length);
    }

    /// <summary>The model's constants as they would be with one channel more, or twice as many.</summary>
    private ConstantFolder Folder(ChannelCount count, bool doubled)
    {
        if (changed.TryGetValue((count, doubled), out var known))
            return known;
        var folder = new ConstantFolder(stored, OpRules.Fold);
        foreach (var node in model.Nodes.Where(node =>
            node.Output.Count > 0 && model.Tensors.GetValueOrDefault(node.Output[0]) is { IsConstant: true }))
        {
            if (node.OpType is not ("Shape" or "Size"))
                folder.AddProducer(node, model.Opset);
            else if (Value(model.Constants, node.Output[0]) is { } size)
                folder.Set(node.Output[0], node.Output[0] == count.Source ? Changed(size, count, doubled) : size);
        }
        return changed[(count, doubled)] = folder;
    }

    private static ConstantTensor Changed(ConstantTensor size, ChannelCount count, bool doubled)
    {
        var values = size.Values.ToArray();
        var at = Math.Max(0, count.Place);
        values[at] = doubled ? values[at] * 2 : values[at] / count.Signals.Length * (count.Signals.Length + 1);
        return size with { Values = values };
    }

    private static ConstantTensor? Value(ConstantFolder folder, string tensor)
    {
        try
        {
            return folder.Evaluate(tensor);
        }
        catch (Exception e) when (TraceException.IsUnfit(e) || e is UserException)
        {
            return null;
        }
    }
}
