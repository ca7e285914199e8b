using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

/// <summary>
/// Follows every unit from its layer through bias, normalization, activation, pooling and layout to the weights that
/// read it: which stored numbers belong to it, and what keeps it from being cut out.
/// </summary>
internal sealed partial class ChannelFlow
{
    private readonly TracedModel model;
    private readonly ConstantPaths paths;
    private readonly IReadOnlySet<NodeProto> inFile;
    private readonly Dictionary<string, Channels> channels = new(StringComparer.Ordinal);
    private readonly List<ChannelUse> uses = [];
    private readonly List<ChannelSize> sizes = [];
    private readonly List<WeightReading> readings = [];
    private readonly Dictionary<int, int[]> units = [];
    private readonly Dictionary<int, int[]> followers = [];
    private readonly Dictionary<int, string> leftAlone = [];
    private readonly Dictionary<string, Residue> residues = new(StringComparer.Ordinal);
    private readonly HashSet<(string, int)> adjusted = [];
    private readonly HashSet<string> produced = new(StringComparer.Ordinal);
    private readonly ChannelCounts counts;

    private ChannelFlow(TracedModel model, StoredTensors stored, GraphProto graph, IReadOnlySet<NodeProto> inFile)
    {
        this.model = model;
        paths = new ConstantPaths(model, stored, graph);
        this.inFile = inFile;
        counts = new ChannelCounts(model, stored);
    }

    /// <summary>Follows the channels of a traced model.</summary>
    /// <param name="model">The trace.</param>
    /// <param name="stored">The stored tensors of the file.</param>
    /// <param name="graph">The graph in the file.</param>
    /// <param name="inFile">The traced nodes that stand in it; those of inlined functions and branches do
    /// not, and cannot be edited.</param>
    public static ChannelFlow Of(TracedModel model, StoredTensors stored, GraphProto graph, IReadOnlySet<NodeProto> inFile)
    {
        var flow = new ChannelFlow(model, stored, graph, inFile);
        var layers = model.Builders.Index()
            .Where(layer => layer.Item.Op != Trace.InputOp)
            .ToDictionary(layer => layer.Item.Order, layer => layer.Index);
        foreach (var (order, node) in model.Nodes.Index())
        {
            var isLayer = layers.TryGetValue(order, out var layer);
            flow.counts.Follow(node, flow.channels);
            if (!isLayer && node.Output.All(output => model.Tensors.GetValueOrDefault(output) is null or { IsConstant: true }))
                continue;
            flow.Follow(node, isLayer ? layer : null);
            flow.NoteResidues(node, isLayer);
            if (isLayer)
                flow.produced.UnionWith(node.Output);
            flow.KeepCounted(node);
        }
        foreach (var output in graph.Output)
        {
            flow.Escape(output.Name, "it is an output of the model");
            foreach (var signal in flow.counts.Behind(output.Name).SelectMany(count => count.Signals))
                flow.Signals.Pin(signal, "their number is an output of the model");
        }
        return flow;
    }

    public Signals Signals { get; } = new();

    /// <summary>The constants along which channels stand.</summary>
    public IReadOnlyList<ChannelUse> Uses => uses;

    /// <summary>The stored numbers of channels.</summary>
    public IReadOnlyList<ChannelSize> Sizes => sizes;

    /// <summary>The weights with what they are multiplied with.</summary>
    public IReadOnlyList<WeightReading> Readings => readings;

    /// <summary>The channels of every tensor that has some.</summary>
    public IReadOnlyDictionary<string, Channels> Tensors => channels;

    /// <summary>The units of each layer that can be pruned, by the layer's index.</summary>
    public IReadOnlyDictionary<int, int[]> Units => units;

    /// <summary>The channels of layers that have no units of their own: depthwise convolutions.</summary>
    public IReadOnlyDictionary<int, int[]> Followers => followers;

    /// <summary>Why the units of a layer cannot be pruned.</summary>
    public IReadOnlyDictionary<int, string> LeftAlone => leftAlone;

    /// <summary>How the constants are made of stored tensors.</summary>
    public ConstantPaths Paths => paths;

    /// <summary>The values of a constant as they are before pruning; null where they are not known.</summary>
    public double[]? ValuesOf(string constant) => model.Constants.Evaluate(constant)?.Values;

    /// <summary>Version of the standard operator set.</summary>
    public int Opset => model.Opset;

    private Channels? ChannelsOf(NodeProto node, int input) =>
        input < node.Input.Count ? channels.GetValueOrDefault(node.Input[input]) : null;

    private int[]? ShapeOf(string name) =>
        model.Tensors.GetValueOrDefault(name) is { HasShape: true } tensor ? tensor.Shape : null;

    /// <summary>The shape of an input; null where it is unknown or there is no such input.</summary>
    private int[]? InputShape(NodeProto node, int input) => input < node.Input.Count ? ShapeOf(node.Input[input]) : null;

    private int[]? OutputShape(NodeProto node) => ShapeOf(node.Output[0]);

    private bool IsConstant(NodeProto node, int input) =>
        input < node.Input.Count && model.Tensors.GetValueOrDefault(node.Input[input]) is { IsConstant: true };

    private void Define(NodeProto node, Channels? value, int output = 0)
    {
        if (value is not null && output < node.Output.Count && node.Output[output].Length > 0)
            channels[node.Output[output]] = value;
    }

    private void Pin(Channels? value, string reason)
    {
        foreach (var signal in value?.Signals ?? [])
            Signals.Pin(signal, reason);
    }

    private void Follow(NodeProto node, int? layer)
    {
        try
        {
            if (model.Unfit.Contains(node))
                throw new TraceException($"the inputs and attributes of this {node.OpType} do not fit it");
            if (layer is { } index)
                FollowLayer(node, index);
            else
                FollowOther(node);
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            Stop(node);
            if (layer is { } index)
                LeaveAlone(node, index, TraceException.Finding(e));
        }
    }

    /// <summary>The channels of a tensor stay: something reads it that we cannot change.</summary>
    private void Escape(string tensor, string reason)
    {
        foreach (var signal in channels.GetValueOrDefault(tensor)?.Signals ?? [])
        {
            Signals.Pin(signal, reason);
            Remain(tensor, signal, Signals.None, reason);
        }
    }

    /// <summary>The channels are adjusted by something that cannot be edited.</summary>
    private void Escape(NodeProto node, int[] signals, string reason)
    {
        foreach (var signal in signals)
        {
            Signals.Pin(signal, reason);
            Signals.Leave(new Remnant(signal, Signals.None, node.OpType, IsKnown: false, reason));
        }
    }

    /// <summary>What follows cannot be seen through: every channel that goes in stays, and none comes out.</summary>
    private void Stop(NodeProto node, string? reason = null)
    {
        foreach (var input in node.Input.Concat(node.SubGraphs()
            .SelectMany(GraphWalk.SelfAndSubGraphs)
            .SelectMany(graph => graph.Node)
            .SelectMany(inner => inner.Input)))
            Escape(input, reason ?? $"{node.OpType} reads it");
    }

    /// <summary>Numbers that are computed from how many channels there are must not change: then the channels stay.</summary>
    private void KeepCounted(NodeProto node)
    {
        foreach (var count in counts.ReadBy(node, channels.GetValueOrDefault(node.Output.FirstOrDefault() ?? "")))
        {
            foreach (var signal in count.Signals)
                Signals.Pin(signal, $"{node.OpType} computes with their number");
        }
    }

    /// <summary>
    /// Notes a constant that stands along channels; says so where it cannot be edited. For weights that
    /// read channels, data is the
    /// tensor that they read.
    /// </summary>
    private bool Use(NodeProto node, int input, int axis, int[] signals, ChannelPart part, (int, int)? group = null,
        string? data = null)
    {
        if (node.Input[input].Length > 0 && !IsConstant(node, input))
        {
            // What is computed there would have to lose the same channels.
            Escape(node, signals, $"{node.OpType} adjusts it by something computed");
            Escape(node.Input[input], $"{node.OpType} adjusts other channels by it");
            return false;
        }
        var path = inFile.Contains(node) ? paths.Of(node.Input[input]) : null;
        // A weight of its own can be edited where it lies; a small constant that others read too is copied first.
        var canEdit =
            path is not null && (path.IsPrivate || (part is ChannelPart.Adjusts or ChannelPart.Accompanies && path.IsCopy));
        var name = node.Name.Length > 0 ? node.Name : node.Output[0];
        if (!canEdit || path!.Dims[axis] != signals.Length)
        {
            var reason = $"'{node.Input[input]}' of {node.OpType} '{name}' is shared or computed";
            if (data is not null)
                Escape(data, reason);
            else if (part == ChannelPart.Adjusts)
                Escape(node, signals, reason);
            else
                Pin(new Channels(axis, signals), reason);
            return false;
        }
        if (!path.CanCut || (group is not null && !path.IsCopy))
        {
            foreach (var signal in signals)
                Signals.Pin(signal, $"'{path.Stored}' of {node.OpType} '{name}' cannot be cut");
        }
        Note(new ChannelUse(node, input, path, axis, signals, part, group));
        return true;
    }

    private void Note(ChannelUse use)
    {
        uses.Add(use);
        if (use.Part == ChannelPart.Adjusts)
            adjusted.Add((use.Node.Output[0], use.Input));
    }
}
