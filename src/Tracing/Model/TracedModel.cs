using System.Collections.Immutable;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>A trace in full: the layer graph and what it was read from.</summary>
/// <param name="Graph">The layers and edges.</param>
/// <param name="Builders">The layers as they were traced, in the order of <see cref="LayerGraph.Layers"/>.</param>
/// <param name="Tensors">What is known of every tensor.</param>
/// <param name="Nodes">The model's nodes, producers before consumers.</param>
/// <param name="Constants">Evaluates stored tensors and what is computed from them.</param>
/// <param name="Opset">Version of the standard operator set.</param>
/// <param name="Failures">Number of nodes whose rule found them unfit.</param>
internal sealed record TracedModel(
    LayerGraph Graph, ImmutableArray<LayerBuilder> Builders, IReadOnlyDictionary<string, TracedTensor> Tensors,
    IReadOnlyList<NodeProto> Nodes,
    ConstantFolder Constants, int Opset, int Failures)
{
    /// <summary>The nodes as their operators' descriptions are asked about them; one whose result is stored
    /// is not among them.</summary>
    public required IReadOnlyDictionary<NodeProto, OperatorCall> Calls { get; init; }

    /// <summary>Pairs of layers that meet node by node, of which it is not known which node meets which.</summary>
    public IReadOnlySet<(int From, int To)> UnknownMeetings { get; init; } = ImmutableHashSet<(int, int)>.Empty;

    /// <summary>The tensors whose shape follows from neither the file nor a run.</summary>
    public IReadOnlyCollection<string> Unmeasured { get; init; } = [];

    /// <summary>Nodes whose inputs and attributes do not fit their operator: nothing may be read into them.</summary>
    public IReadOnlySet<NodeProto> Unfit { get; init; } = ImmutableHashSet<NodeProto>.Empty;

    /// <summary>The function of numbers that an elementwise node computes; null for any other node.</summary>
    public Func<NodeProto, Func<double[], double>?> FunctionOf { get; init; } = _ => null;
}
