using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>A node with what is known of its inputs and outputs before the model runs: what an operator's
/// description is asked about.</summary>
/// <param name="node">The node.</param>
/// <param name="opset">Version of the operator set its domain is imported with.</param>
/// <param name="shapes">The shape of a tensor; null where it is not known.</param>
/// <param name="constants">The value of a tensor; null where it is not known.</param>
/// <param name="isConstant">Whether a tensor is stored or computed from stored ones, be its value known or not.</param>
/// <param name="countsSamples">Whether an axis of a tensor is known to count samples and nothing else.</param>
internal sealed class OperatorCall(
    NodeProto node, int opset, Func<string, int[]?> shapes, Func<string, ConstantTensor?> constants,
    Func<string, bool> isConstant, Func<string, int, bool>? countsSamples = null)
{
    public NodeProto Node => node;

    public string Op => node.OpType;

    public int Opset => opset;

    public AttributeReader Attributes { get; } = new(node);

    public int InputCount => node.Input.Count;

    /// <summary>True where the i-th input is given.</summary>
    public bool Has(int i) => i >= 0 && i < node.Input.Count && node.Input[i].Length > 0;

    /// <summary>True where the i-th input is stored, or computed from stored tensors.</summary>
    public bool IsConstant(int i) => Has(i) && isConstant(node.Input[i]);

    /// <summary>True where the value of the i-th input is known.</summary>
    public bool IsKnown(int i) => IsConstant(i) && constants(node.Input[i]) is not null;

    /// <summary>True where an axis of the i-th input counts samples alone: whatever is picked along it, the nodes are the
    /// same.</summary>
    public bool CountsSamples(int i, int axis) => Has(i) && countsSamples?.Invoke(node.Input[i], axis) == true;

    /// <summary>The same call of a node that another stands for.</summary>
    public OperatorCall As(NodeProto other, int version) => new(other, version, shapes, constants, isConstant, countsSamples);

    /// <summary>The shape of the i-th input.</summary>
    /// <exception cref="TraceException">It is not known.</exception>
    public int[] Shape(int i) => !Has(i) ? throw new TraceException($"input {i} is missing")
        : shapes(node.Input[i]) ?? throw new TraceException($"the shape of '{node.Input[i]}' is not known before the model runs");

    /// <summary>The shape of the i-th output; null where it is not known.</summary>
    public int[]? OutputShape(int i) => i < node.Output.Count ? shapes(node.Output[i]) : null;

    /// <summary>The value of the i-th input; null where it is left out.</summary>
    /// <exception cref="TraceException">It is computed from the data.</exception>
    public ConstantTensor? Constant(int i) => !Has(i) ? null
        : constants(node.Input[i])
            ?? throw new TraceException($"input '{node.Input[i]}' is computed from the data, so the shape is not known");

    /// <summary>The value of the i-th input, which the operator cannot do without.</summary>
    public ConstantTensor Known(int i) => Constant(i) ?? throw new TraceException($"input {i} is missing");

    /// <summary>The numbers of the i-th input; null where it is left out.</summary>
    public double[]? Values(int i) => Constant(i)?.Values;

    /// <summary>The whole numbers of the i-th input; null where it is left out.</summary>
    public int[]? Integers(int i) => Values(i)?.Select(ConstantValues.ToInt).ToArray();

    /// <summary>The one number of the i-th input.</summary>
    public double Number(int i) => Known(i).Values is [var number, ..] ? number : throw new TraceException($"input {i} is empty");

    /// <summary>Axes given as an attribute, or as an input in younger operator sets; null where left out.</summary>
    public int[]? Axes(int input = 1) => Integers(input) ?? Attributes.Ints("axes")?.Select(axis => (int)axis).ToArray();
}
