using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>
/// The state of one trace: what is known of every tensor so far, and the layers found. The operator rules call the
/// verbs below; what opens, extends and merges a layer is decided here.
/// </summary>
internal sealed partial class Trace(StoredTensors stored, ConstantFolder constants, UnknownShapes shapes, MergeChains chains)
{
    private readonly Dictionary<string, TracedTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>The operator name of a layer that is a model input.</summary>
    public const string InputOp = "Input";

    // More than any model has.
    private const int MostLayers = 1 << 24;

    public ConstantFolder Constants => constants;

    public List<LayerBuilder> Layers { get; } = [];

    public List<Diagnostic> Diagnostics { get; } = [];

    /// <summary>Stored tensors that say no more than their absence would: zeros where a recurrent layer starts.</summary>
    public HashSet<string> Absent { get; } = new(StringComparer.Ordinal);

    /// <summary>Number of rows of the table that an integer input indexes.</summary>
    public Dictionary<string, int> Vocabularies { get; } = new(StringComparer.Ordinal);

    /// <summary>Nodes whose inputs and attributes do not fit their operator: nothing may be read into them.</summary>
    public HashSet<NodeProto> Unfit { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Nodes that reach no output: nothing of them counts.</summary>
    public HashSet<NodeProto> Unused { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Sums that make a matrix product of the product with a stored weight: its name, by their result.</summary>
    public Dictionary<string, string> SummedWeights { get; } = new(StringComparer.Ordinal);

    /// <summary>The sum that alone reads the result of a node, if any.</summary>
    public NodeProto? SumOf(NodeProto node) => chains.SumOf(node);

    /// <summary>Parameters that control-flow bodies hold: those stored inside, and the outer tensors that they read.</summary>
    public List<(long Inside, IReadOnlyList<string> Outside)> Hidden { get; } = [];

    /// <summary>The axes of states as an earlier trace found them behind their loop's body, by the name in the body.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<Axis>> Steady { get; init; } =
        ImmutableDictionary<string, ImmutableArray<Axis>>.Empty;

    /// <summary>What states are behind their loop's body, as this trace finds them.</summary>
    public Dictionary<string, TracedTensor> Reached { get; } = new(StringComparer.Ordinal);

    /// <summary>Tensors that earlier iterations of a loop have a part in, through layers: at first its states.</summary>
    public HashSet<string> Recurrent { get; init; } = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, TracedTensor> Tensors => _tensors;

    public TracedTensor? Tensor(string name)
    {
        if (_tensors.TryGetValue(name, out var known))
            return known;
        if (!stored.Contains(name))
            return null;
        var tensor = new TracedTensor
        {
            Name = name,
            ElementType = stored.ElementType(name),
            Axes = [.. stored.Dims(name).Select(dim => Axis.Of(checked((int)dim), null))],
            IsConstant = true,
        };
        _tensors[name] = tensor;
        return tensor;
    }

    /// <summary>The shape of a tensor; null where it is not known.</summary>
    public int[]? ShapeOf(string name) => Tensor(name) is { HasShape: true } tensor ? tensor.Shape : null;

    public void Define(TracedTensor tensor) => _tensors[tensor.Name] = tensor;

    /// <summary>The tensors whose shape does not follow from the file.</summary>
    public UnknownShapes UnknownShapes => shapes;

    /// <summary>Values of an integer input index a table with this many rows.</summary>
    public void Vocabulary(TracedTensor indices, int rows)
    {
        if (indices.Origin is { } origin)
            Vocabularies[origin] = Math.Min(rows, Vocabularies.GetValueOrDefault(origin, int.MaxValue));
    }

    /// <summary>True where the node computes with stored tensors and shapes alone.</summary>
    public bool IsConstant(NodeProto node) =>
        !IsRandom(node) && !BodyBorder.Varies(node)
        && node.Input.Where(input => input.Length > 0).All(input => Tensor(input) is { IsConstant: true })
        && node.ReadInBodies().All(name => Tensor(name) is null or { IsConstant: true });

    /// <summary>True for a Constant node whose value is a stored tensor like any initializer.</summary>
    public bool IsStored(NodeProto node) =>
        node.OpType == "Constant" && node.Output.Count == 1 && stored.Contains(node.Output[0]);

    public static bool IsRandom(NodeProto node) =>
        node.OpType is "RandomNormal" or "RandomNormalLike" or "RandomUniform" or "RandomUniformLike" or "Multinomial"
            or "Bernoulli";

    /// <summary>
    /// Opens a layer at a weighted operator. Every layer the inputs carry feeds it densely. The result is the
    /// operator's output, carrying the new layer.
    /// </summary>
    public TracedTensor Open(
        NodeContext node, TracedTensor output, IEnumerable<TracedTensor> inputs, IEnumerable<string> weights, int groups = 1,
        bool convolution = false)
    {
        var read = output with { Name = node.OutputName(0) };
        var layer = new LayerBuilder
        {
            Order = node.Order,
            Op = node.Op,
            NodeName = node.Node.Name,
            Output = read.Name,
            IsConvolution = convolution,
            Groups = groups,
            Read = read,
            // Behind all layers of the iteration before, as it would be with the iterations one after the other.
            Depth = node.Node.Input.Any(Recurrent.Contains) ? MostLayers : 0,
        };
        layer.FeedFrom(inputs.SelectMany(input => input.Carries).Select(carry => carry.Layer));
        foreach (var weight in weights)
            AddParameters(layer, weight, ParameterRole.Weight);
        Layers.Add(layer);
        return read with { Carries = [new Carry(layer, IsWhole: true, IsAligned: true, layer.Generation)] };
    }

    /// <summary>Makes a layer of a model input of floating-point numbers: closed from the start, fed by nothing.</summary>
    public TracedTensor OpenInput(TracedTensor input)
    {
        if (!input.HasShape || !input.IsFloat)
            return input;
        var layer = new LayerBuilder
        {
            Order = -1,
            Op = InputOp,
            NodeName = "",
            Output = input.Name,
            IsConvolution = false,
            Read = input
        };
        Layers.Add(layer);
        return input with { Carries = [new Carry(layer, IsWhole: true, IsAligned: true, layer.Generation)] };
    }

    /// <summary>Adds the stored tensors that a constant is made of to a layer.</summary>
    public void AddParameters(LayerBuilder layer, string constant, ParameterRole role)
    {
        var sources = constants.Sources(constant).Distinct(StringComparer.Ordinal).ToArray();
        foreach (var tensor in sources)
        {
            // A single number that scales a whole weight is arithmetic, not a parameter.
            if (sources.Length > 1 && Tensor(tensor) is { HasShape: true, Count: 1 })
                continue;
            if (!layer.Parameters.Exists(parameter => parameter.Tensor == tensor))
                layer.Parameters.Add((tensor, role));
        }
    }

    /// <summary>A scale, a shift or a normalization: what is stored of it counts for the layers whose values it reads.</summary>
    public TracedTensor Adjust(TracedTensor input, TracedTensor output, IEnumerable<string> constants, ParameterRole role)
    {
        foreach (var constant in constants)
        {
            foreach (var carry in input.Carries)
            {
                // A single number that scales or shifts many channels is arithmetic, not a parameter.
                if (Tensor(constant) is { HasShape: true } tensor
                    && (tensor.Count > 1 || tensor.Rank > 0 && ChannelsOf(carry.Layer) == 1))
                    AddParameters(carry.Layer, constant, role);
            }
        }
        return Follow(input, output);
    }

    /// <summary>
    /// True where a stored factor or summand of a tensor is the layers' own: the tensor holds them whole and aligned, or is a
    /// statistic of theirs that the constant spreads over their channels again, as a normalization's scale does.
    /// </summary>
    public static bool IsParameter(TracedTensor constant, TracedTensor data) => data.Carries.All(carry =>
        carry is { IsWhole: true, IsAligned: true }
        || carry.IsStatistic && constant.HasShape && constant.Count % Math.Max(1, ChannelsOf(carry.Layer)) == 0);

    /// <summary>An elementwise function: the output carries what the input does.</summary>
    public static TracedTensor Follow(TracedTensor input, TracedTensor output) => output with { Carries = input.Carries };

    /// <summary>
    /// A transparent operator: pooling, layout, type. <paramref name="range"/> follows each layer's part of the tensor;
    /// where it answers null the layer is in there no longer whole.
    /// </summary>
    public TracedTensor Pass(TracedTensor input, TracedTensor output, Func<AxisRange, AxisRange?>? range = null)
    {
        var carries = input.Carries.Select(carry => carry.Range is not { } part
            ? carry
            : range?.Invoke(part) is { } moved ? carry with { Range = moved } : carry with { Range = null, IsWhole = false });
        // Moved integers still stand for what they did; an index or a mask never did.
        var quantization = output.ElementType == input.ElementType ? input.Quantization : null;
        return output with { Carries = [.. carries], Origin = input.Origin, Quantization = quantization };
    }

    /// <summary>True where another node reads the tensor.</summary>
    public bool IsRead(string tensor) => shapes.IsRead(tensor);

    /// <summary>The tensor holds all of the layer's nodes, one element each, in a place that can be read.</summary>
    private static bool CanExtend(Carry carry, TracedTensor tensor) =>
        tensor.HasShape && carry is { IsAligned: true, IsWhole: true };

    /// <summary>The layer has not been merged elsewhere since this path left it.</summary>
    private static bool IsOnPath(Carry carry) => carry.Generation == carry.Layer.Generation;

    private static int ChannelsOf(LayerBuilder layer) =>
        layer.Read.Axes.SelectMany(axis => axis.Factors)
            .Where(factor => factor.Role == AxisRole.Channel)
            .Aggregate(1, (count, factor) => count * factor.Size);
}
