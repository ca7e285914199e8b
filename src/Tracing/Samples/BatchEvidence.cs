using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Samples;

/// <summary>
/// What the operators say of the axes of the model's inputs. A convolution has samples on its first axis and none on the
/// others, a recurrent layer steps through one axis and keeps the samples of another apart, a product sums over features:
/// an input axis that arrives there is what the operator takes it for, whatever the file calls it.
/// </summary>
internal sealed class BatchEvidence
{
    private readonly Trace _trace;
    private readonly Dictionary<AxisFactor, (string Input, int Axis)> _axes = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(string Input, int Axis), int> _sizes = [];
    private readonly HashSet<(string Input, int Axis)> _counted = [];
    private readonly HashSet<(string Input, int Axis)> _mixed = [];

    // The first axis of a stack of matrices: apart, but it may count heads or time as well as samples.
    private readonly HashSet<(string Input, int Axis)> _apart = [];

    private BatchEvidence(Trace trace, InputBinding binding)
    {
        _trace = trace;
        foreach (var input in binding.Tensors.Where(input => input.HasShape))
        {
            for (var axis = 0; axis < input.Rank; axis++)
            {
                _axes.Add(input.Axes[axis].Factors[0].Root, (input.Name, axis));
                _sizes.Add((input.Name, axis), input.Axes[axis].Size);
            }
        }
    }

    /// <summary>The inputs whose batch axis is another than was assumed, with that axis; -1 for one that has none.</summary>
    public static ImmutableDictionary<string, int> Against(InputBinding binding, Trace trace, IEnumerable<NodeContext> nodes)
    {
        var evidence = new BatchEvidence(trace, binding);
        foreach (var node in nodes.Where(node => !trace.IsConstant(node.Node)))
            evidence.Hear(node);
        return binding.Inputs.Select(input => (input.Name, Axis: evidence.AxisOf(input), input.BatchAxis))
            .Where(input => input.Axis != input.BatchAxis)
            .ToImmutableDictionary(input => input.Name, input => input.Axis, StringComparer.Ordinal);
    }

    private int AxisOf(ModelInput input)
    {
        bool Counts(int axis) => _counted.Contains((input.Name, axis)) && !IsMixed(axis) && IsAlone(axis);
        bool IsAlone(int axis) =>
            input.Symbols[axis] is var name && (name.Length == 0 || input.Symbols.Count(symbol => symbol == name) == 1);
        bool IsMixed(int axis) => _mixed.Contains((input.Name, axis)) && !BatchNames.IsBatch(input.Symbols[axis]);
        if (input.BatchAxis >= 0 && Counts(input.BatchAxis))
            return input.BatchAxis;
        var axes = Enumerable.Range(0, input.Symbols.Length).ToArray();
        if (Array.FindIndex(axes, Counts) is >= 0 and var counted)
            return counted;
        // Where one sample is all there is, mixing along its axis tells nothing.
        if (input.BatchAxis < 0 || !IsMixed(input.BatchAxis) || _sizes[(input.Name, input.BatchAxis)] == 1)
            return input.BatchAxis;
        return Array.FindIndex(axes, axis => _apart.Contains((input.Name, axis)) && !IsMixed(axis));
    }

    private void Hear(NodeContext node)
    {
        var rule = OpRules.Find(node.Node.Domain, node.Op);
        for (var input = 0; input < node.InputCount; input++)
        {
            if (rule?.SampleAxis(node.Call, input) is { } axis)
                Samples(node.Node, input, axis);
        }
        if (rule is DenseRule)
        {
            Product(Tensor(node.Node, 0), node.Attributes.Int("transA", 0) == 1, isLeft: true);
            Product(Tensor(node.Node, DenseRule.RightOf(node.Op)), node.Attributes.Int("transB", 0) == 1, isLeft: false);
        }
        else if (rule is BodyBorderRule && node.Op == BodyBorder.Step)
        {
            Steps(Tensor(node.Node, 0), node.Attributes.Int("axis", 0));
        }
    }

    /// <summary>The operator takes one axis of this input for samples, and mixes along the others.</summary>
    private void Samples(NodeProto node, int input, int axis)
    {
        if (Tensor(node, input) is not { } tensor || tensor.Rank <= axis)
            return;
        for (var i = 0; i < tensor.Rank; i++)
            Note(tensor.Axes[i], i == axis ? _counted : _mixed);
    }

    /// <summary>A Scan mixes along the axis it steps through; samples are on another, the first where there
    /// are several.</summary>
    private void Steps(TracedTensor? tensor, int axis)
    {
        if (tensor is null or { Rank: < 3 })
            return;
        axis = Shapes.Axis(axis, tensor.Rank);
        Note(tensor.Axes[axis], _mixed);
        Note(tensor.Axes[axis == 0 ? 1 : 0], _apart);
    }

    private void Product(TracedTensor? tensor, bool transposed, bool isLeft)
    {
        if (tensor is null or { Rank: 0 })
            return;
        // The sum runs over the last axis of the left operand and the last but one of the right.
        var inner = tensor.Rank == 1 ? 0 : tensor.Rank - (isLeft != transposed ? 1 : 2);
        Note(tensor.Axes[inner], _mixed);
        if (tensor.Rank > 2)
            Note(tensor.Axes[0], _apart);
    }

    /// <summary>
    /// Notes which input's axis this one is. Of several joined into one (a batch and tokens) none is the samples, nor is a
    /// part of one (the state of one layer out of those of all).
    /// </summary>
    private void Note(Axis axis, HashSet<(string Input, int Axis)> said)
    {
        (string, int)[] origins = [.. axis.Factors.Where(factor => factor.Size > 1 || axis.Factors.Length == 1)
            .Where(factor => _axes.ContainsKey(factor.Root) && (said == _mixed || factor.Size == factor.Root.Size))
            .Select(factor => _axes[factor.Root]).Distinct()];
        if (said == _mixed || origins.Length == 1)
            said.UnionWith(origins);
    }

    private TracedTensor? Tensor(NodeProto node, int input) => input < node.Input.Count && node.Input[input].Length > 0
        && _trace.Tensor(node.Input[input]) is { IsConstant: false, HasShape: true } tensor ? tensor : null;
}
