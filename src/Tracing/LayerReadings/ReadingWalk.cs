using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>One walk: where it stands, and where the layer would be read if it ended there.</summary>
/// <param name="view">The layer, and what tensors are to it.</param>
/// <param name="expressions">What is computed behind a tensor.</param>
/// <param name="cloner">Applies an expression to all of a layer's values.</param>
internal sealed class ReadingWalk(LayerView view, Expressions expressions, StepCloner cloner)
{
    private readonly LayerBuilder _layer = view.Layer;
    private readonly FunctionMatcher _functions = new(expressions);
    private string _at = view.Layer.Output;
    private bool _isClosed = view.Layer.Activation.Length > 0;

    // What has been walked past since the tensor that is read.
    private bool _hasMoved;
    private bool _isJoined;

    // Where the layer is read if no activation function follows an averaging, or a product follows a factor.
    private ReadingState? _beforeAverage;
    private ReadingState? _beforeFactor;

    private ReadingState State
    {
        get => new(_layer.Read, _layer.ReadRange, _layer.Applied);
        set => (_layer.Read, _layer.ReadRange, _layer.Applied) = (value.Tensor, value.Range, value.Applied);
    }

    /// <summary>Sets where the layer is read.</summary>
    public void Go()
    {
        if (view.UsedRepeats is { Length: > 0 } repeats)
        {
            // Besides the operator's first output, or several of them: a fork.
            if (repeats.Length > 1 || view.Values.ReadersOf(_at).Count > 0)
                return;
            Pass(repeats[0], moves: true);
        }
        do
        {
            while (Step())
            {
            }
            if (_beforeAverage is { } front)
                State = front;
        }
        while (FindMerge());
    }

    /// <summary>
    /// Goes on to an operator on several branches that the layer owns, closed or not: its nodes are those of the result.
    /// </summary>
    private bool FindMerge()
    {
        var at = _at;
        for (var steps = 0; steps < 64 && _layer.Owned.Count > 0; steps++)
        {
            var node = ReaderOf(at);
            if (node?.Output.FirstOrDefault(_layer.Owned.Contains) is { } merged)
            {
                (_layer.Activation, _isClosed) = ("", false);
                return Merge(node, merged);
            }
            if (expressions.Behind(at) is { } expression)
                at = expression.Output;
            else if (node?.OpType == "Concat")
                at = node.Output[0];
            else if (node is not null && Pooling.Of(view.Context(node)) is not null && view.UsedParts(node) is [var part])
                at = part;
            else
                return false;
        }
        return false;
    }

    /// <summary>Takes one thing behind the tensor that the walk stands at; false where the walk ends.</summary>
    private bool Step()
    {
        if (_functions.Quantizer(_at) is { } quantizer && Apply(quantizer.Expression))
        {
            if (_isClosed || quantizer.Name.Length == 0)
                return !_isClosed;
            Close(quantizer.Name);
            return false;
        }
        if (_isClosed)
            return ToQuantizer();
        if (_functions.IsSoftmax(_at))
            return false;
        if (_functions.Activation(_at) is { } function)
        {
            if (!Apply(function.Expression))
                return false;
            Close(function.Name);
            // A quantizer directly behind belongs to the layer.
            return true;
        }
        if (expressions.Behind(_at) is { } expression)
            return Take(expression);
        if (ReaderOf(_at) is { } node && Take(node))
            return true;
        // Each part goes its own way, to the same function: it could as well stand in front.
        if ((Common(_at, _functions.Quantized) ?? Common(_at, _functions.Activation)) is { } common
            && Apply(common) && common.Name.Length > 0)
            Close(common.Name);
        return false;
    }

    /// <summary>The only reader of a tensor; of several, the merge of the layer's own that the others decide on, as a choice of
    /// the larger of two begins by comparing them.</summary>
    private NodeProto? ReaderOf(string tensor)
    {
        var readers = view.Values.ReadersOf(tensor);
        return readers is [var only] ? only : readers.FirstOrDefault(node => node.Output.Any(_layer.Owned.Contains)
            && readers.All(other => other == node || view.Decides(other, node)));
    }

    /// <summary>Behind an activation function: a quantizer stands behind what selects as it would in front of it.</summary>
    private bool ToQuantizer()
    {
        if (view.Values.ReadersOf(_at) is [var node] && Pooling.Selects(view.Context(node)))
            return Take(node);
        if (Common(_at, _functions.Quantizer) is { } common)
            Apply(common);
        return false;
    }

    private bool Apply(FoundFunction common)
    {
        if (cloner.Clone(common.Expression, _layer) is not { } step)
            return false;
        _layer.Applied = _layer.Applied.Add(step);
        return true;
    }

    /// <summary>The function that all parts of a tensor lead to; null if there is none, or several.</summary>
    private FoundFunction? Common(string tensor, Func<string, FoundFunction?> find, int depth = 0)
    {
        var readers = view.Values.ReadersOf(tensor);
        if (depth > 4 || readers.Count == 0 || readers.Any(node => !view.IsPart(node, tensor)))
            return null;
        FoundFunction? common = null;
        foreach (var part in view.UsedParts(readers))
        {
            if ((find(part) ?? Common(part, find, depth + 1)) is not { Expression.IsScalar: true } found)
                return null;
            if (common is not null && (common.Name != found.Name || !found.Expression.IsSameAs(common.Expression.Samples[0])))
                return null;
            common ??= found;
        }
        return common;
    }

    private void Close(string name)
    {
        _layer.Activation = name;
        _isClosed = true;
        _beforeAverage = null;
    }

    /// <summary>A scale or a normalization, which is no activation function; or layout and reductions
    /// that look like one.</summary>
    private bool Take(Expression expression)
    {
        if (expression.Nodes is [var only] && (ValueGraph.IsLayout(only) || MergedBy(only) is not null
            || Pooling.Of(view.Context(only)) is not null))
            return Take(only);
        // A reduction mixes nodes.
        if (!expression.IsAffine || !expression.KeepsElements)
            return false;
        if (_isJoined)
            return Pass(expression.Output);
        if (expression.HasStatistics && _hasMoved)
        {
            // What is normalized by statistics of the pooled values is read there.
            if (!view.HoldsAllNodes(expression.Output))
                return false;
            Become(view.Tensor(expression.Output)!);
            _isClosed = true;
            _beforeAverage = null;
            return false;
        }
        var before = State;
        // What cannot be applied closes the layer: a function behind it would be applied to other values.
        if (!Apply(expression))
            return false;
        if (expression.IsScalar && !expression.HasStatistics)
            _beforeFactor ??= before;
        else
            _beforeFactor = null;
        return true;
    }

    private bool Take(NodeProto node)
    {
        if (MergedBy(node) is { } merged)
            return Merge(node, merged);
        var context = view.Context(node);
        if (ValueGraph.IsLayout(node))
            return IsData(node, 0) && Pass(node.Output[0], moves: !view.HoldsAllNodes(node.Output[0]));
        switch (Pooling.Of(context))
        {
            case ValueFlow.Largest:
                return IsData(node, 0) && Pass(node.Output[0], moves: true);
            case ValueFlow.Average:
                return IsData(node, 0) && Average(node.Output[0]);
            case ValueFlow.Selection:
                return IsData(node, 0) && view.UsedParts(node) is [var part] && Pass(part, moves: true);
        }
        if (node.OpType == "Concat")
        {
            _isJoined = true;
            return Pass(node.Output[0], moves: true);
        }
        if (node.OpType == "QuantizeLinear" && IsData(node, 0) && !_hasMoved)
            ReadQuantized(context);
        else if (view.IsProduct(node) && _beforeFactor is { } unscaled)
            State = unscaled;
        return false;
    }

    private string? MergedBy(NodeProto node) =>
        node.Output.FirstOrDefault(output => _layer.Owned.Contains(output) || _layer.Combined.Contains(output));

    private bool IsData(NodeProto node, int input) => view.Values.Of(node.Input[input]) == view.Values.Of(_at);

    private bool Pass(string output, bool moves = false)
    {
        _at = output;
        _hasMoved |= moves;
        return true;
    }

    private bool Average(string output)
    {
        if (_isJoined || view.Tensor(output) is not { HasShape: true } pooled
            || !view.HoldsAllNodes(output, isPooled: true))
            return false;
        _beforeAverage ??= State;
        Become(pooled);
        _beforeFactor = null;
        return true;
    }

    /// <summary>The layer owns an operator on several branches: its nodes are read behind it.</summary>
    private bool Merge(NodeProto node, string merged)
    {
        var output = view.Values.ReadersOf(merged).Count > 0 ? merged : node.Output[0];
        if (view.Tensor(output) is not { HasShape: true, IsRandom: false } tensor)
            return false;
        Become(tensor);
        (_isJoined, _beforeAverage, _beforeFactor) = (false, null, null);
        return true;
    }

    private void ReadQuantized(NodeContext node)
    {
        if (node.Optional(1) is { HasShape: true, Count: 1 } scale
            && node.Outputs.FirstOrDefault() is { HasShape: true } output)
            Become(output with { Quantization = new Quantization(scale.Name, node.Optional(2)?.Name ?? "") });
    }

    /// <summary>Reads the layer behind an expression: from its result, or by applying it to all of the
    /// layer's values.</summary>
    private bool Apply(Expression expression)
    {
        if (!_hasMoved && view.HoldsAllNodes(expression.Output) && !expression.Nodes.Any(expressions.IsSelection))
        {
            Become(view.Tensor(expression.Output)!);
            return true;
        }
        if (cloner.Clone(expression, _layer) is not { } step)
            return false;
        _layer.Applied = _layer.Applied.Add(step);
        _at = expression.Output;
        return true;
    }

    private void Become(TracedTensor tensor)
    {
        var range = tensor.Carries.FirstOrDefault(carry => carry.Layer == _layer)?.Range;
        State = new ReadingState(tensor, range, []);
        _at = tensor.Name;
        _hasMoved = false;
    }

    private readonly record struct ReadingState(TracedTensor Tensor, AxisRange? Range, ImmutableArray<AppliedStep> Applied);
}
