using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>A node as its rule sees it: inputs already traced, attributes, and where the outputs go.</summary>
internal sealed class NodeContext(NodeProto node, int order, int opset, Trace trace)
{
    public NodeProto Node => node;

    public int Order => order;

    /// <summary>Version of the operator set the node's domain is imported with.</summary>
    public int Opset => opset;

    public Trace Trace => trace;

    public string Op => node.OpType;

    /// <summary>It is described by what its quantized inputs and outputs stand for, not by their integers.</summary>
    public bool IsOnMeanings { get; init; }

    public AttributeReader Attributes { get; } = new(node);

    /// <summary>What the operator's description is asked about.</summary>
    public OperatorCall Call { get; } = new(
        node, opset, trace.ShapeOf, trace.Constants.Evaluate, name => trace.Tensor(name) is { IsConstant: true },
        (name, axis) => trace.Tensor(name) is { HasShape: true } tensor && tensor.Axes[axis].CountsSamples);

    public int InputCount => node.Input.Count;

    /// <summary>The node's name, else that of its first output.</summary>
    public string Name =>
        node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(output => output.Length > 0) ?? node.OpType;

    /// <summary>The i-th input; null where it is left out.</summary>
    public TracedTensor? Optional(int i) => i < node.Input.Count && node.Input[i].Length > 0 ? trace.Tensor(node.Input[i]) : null;

    /// <summary>The i-th input, which the operator cannot do without.</summary>
    public TracedTensor Input(int i) => Optional(i) ?? throw new TraceException($"input {i} is missing");

    /// <summary>The i-th input with its shape known.</summary>
    public TracedTensor Shaped(int i) => Input(i) is { HasShape: true } tensor
        ? tensor
        : throw new TraceException($"the shape of '{node.Input[i]}' is not known before the model runs");

    /// <summary>The tensors of the main graph that the node's bodies read.</summary>
    public IEnumerable<TracedTensor> Captured =>
        node.ReadInBodies().Distinct(StringComparer.Ordinal).Select(trace.Tensor).OfType<TracedTensor>();

    public IEnumerable<TracedTensor> Inputs => Enumerable.Range(0, node.Input.Count).Select(Optional).OfType<TracedTensor>();

    /// <summary>The outputs that are defined so far.</summary>
    public IEnumerable<TracedTensor> Outputs =>
        node.Output.Where(output => output.Length > 0).Select(trace.Tensor).OfType<TracedTensor>();

    /// <summary>The inputs that are computed from the data.</summary>
    public IEnumerable<TracedTensor> Computed => Inputs.Where(input => !input.IsConstant);

    /// <summary>The names of those of some inputs that are constant.</summary>
    public string[] Stored(params IEnumerable<int> inputs) =>
        [.. inputs.Select(Optional).OfType<TracedTensor>().Where(input => input.IsConstant).Select(input => input.Name)];

    /// <summary>A tensor with given axes and nothing else, to be completed by <c>with</c>.</summary>
    public TracedTensor NewTensor(ImmutableArray<Axis> axes, int elementType) =>
        new() { Name = "", ElementType = elementType, Axes = axes };

    /// <summary>Sets the i-th output, if the model uses it.</summary>
    public void Output(int i, TracedTensor value)
    {
        if (i < node.Output.Count && node.Output[i].Length > 0)
        {
            trace.Define((value.HasShape ? value : trace.UnknownShapes.Complete(value, node.Output[i])) with
            {
                Name = node.Output[i],
                // A copy of a constant into which computed values were written is none, whatever the rule copied.
                IsConstant = trace.IsConstant(node) || trace.Constants.Knows(node.Output[i]),
                IsRandom = value.IsRandom || Trace.IsRandom(node)
                    || (value.Carries is not [{ Layer: var layer }] || layer.Order != order)
                    && Inputs.Any(input => input.IsRandom),
            });
        }
    }

    /// <summary>Sets the only output.</summary>
    public void Output(TracedTensor value) => Output(0, value);

    /// <summary>Name of the i-th output, or empty.</summary>
    public string OutputName(int i) => i < node.Output.Count ? node.Output[i] : "";
}
