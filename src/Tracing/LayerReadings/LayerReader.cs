using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>
/// Decides where each layer is read, and by that alone: by walking from its operator along the single reader. One network
/// gives one reading, however its file spells it; docs/measures.md has the rules.
/// </summary>
/// <param name="trace">The finished trace.</param>
/// <param name="values">Who reads what.</param>
/// <param name="nodes">Each node as its rule saw it.</param>
internal sealed class LayerReader(Trace trace, ValueGraph values, IReadOnlyDictionary<NodeProto, NodeContext> nodes)
{
    private readonly Trace _trace = trace;
    private readonly ValueGraph _values = values;
    private readonly IReadOnlyDictionary<NodeProto, NodeContext> _nodes = nodes;
    private readonly Expressions _expressions = new(trace, values, nodes);
    private readonly StepCloner _cloner = new(trace, values, nodes);

    /// <summary>Sets the tensor that a layer is read from, what is applied to it, and the activation function.</summary>
    public void Read(LayerBuilder layer)
    {
        new Walk(this, layer).Go();
        // Where the model itself makes numbers of a layer's integers, they are read there.
        if (layer is { Read.Quantization: not null, Applied.IsEmpty: true } && _values.DequantizedOf(layer.Read.Name) is { } name)
            layer.Read = _trace.Tensor(name)!;
    }

    /// <summary>One walk: where it stands, and where the layer would be read if it ended there.</summary>
    private sealed class Walk(LayerReader reader, LayerBuilder layer)
    {
        private readonly FunctionMatcher _functions = new(reader._expressions);
        private string _at = layer.Output;
        private bool _isClosed = layer.Activation.Length > 0;

        // What has been walked past since the tensor that is read.
        private bool _hasMoved;
        private bool _isJoined;

        // Where the layer is read if no activation function follows an averaging, or a product follows a factor.
        private ReadingState? _beforeAverage;
        private ReadingState? _beforeFactor;

        private ReadingState State
        {
            get => new(layer.Read, layer.ReadRange, layer.Applied);
            set => (layer.Read, layer.ReadRange, layer.Applied) = (value.Tensor, value.Range, value.Applied);
        }

        public void Go()
        {
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
            for (var steps = 0; steps < 64 && layer.Owned.Count > 0; steps++)
            {
                if (reader._expressions.Behind(at) is { } expression)
                {
                    at = expression.Output;
                    continue;
                }
                if (reader._values.ReadersOf(at) is not [var node])
                    return false;
                if (node.Output.FirstOrDefault(layer.Owned.Contains) is { } merged)
                {
                    (layer.Activation, _isClosed) = ("", false);
                    return Merge(node, merged);
                }
                if (Pooling.Of(reader._nodes[node]) is null || UsedParts(node).ToArray() is not [var part])
                    return false;
                at = part;
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
            if (_isClosed || _functions.IsSoftmax(_at))
                return false;
            if (_functions.Activation(_at) is { } function)
            {
                if (!Apply(function.Expression))
                    return false;
                Close(function.Name);
                // A quantizer directly behind belongs to the layer.
                return true;
            }
            if (reader._expressions.Behind(_at) is { } expression)
                return Take(expression);
            if (reader._values.ReadersOf(_at) is [var node] && Take(node))
                return true;
            // Each part goes its own way, to the same function: it could as well stand in front.
            if (Common(_at, depth: 0) is { } common && reader._cloner.Clone(common.Expression, layer) is { } step)
            {
                layer.Applied = layer.Applied.Add(step);
                Close(common.Name);
            }
            return false;
        }

        /// <summary>The activation function that all parts of a tensor lead to; null if there is none, or several.</summary>
        private FoundFunction? Common(string tensor, int depth)
        {
            var readers = reader._values.ReadersOf(tensor);
            if (depth > 4 || readers.Count == 0 || readers.Any(node => !IsPart(node, tensor)))
                return null;
            FoundFunction? common = null;
            foreach (var part in readers.SelectMany(UsedParts))
            {
                if ((_functions.Activation(part) ?? Common(part, depth + 1)) is not { Expression.IsScalar: true } found)
                    return null;
                if (common is not null && (common.Name != found.Name || !found.Expression.IsSameAs(common.Expression.Samples[0])))
                    return null;
                common ??= found;
            }
            return common;
        }

        private bool IsPart(NodeProto node, string tensor) =>
            // A node may read it from within a body alone.
            node.OpType == "Concat" || node.Input is [var first, ..] && reader._values.Of(first) == reader._values.Of(tensor)
            && (ValueGraph.IsLayout(node) || Pooling.Of(reader._nodes[node]) is ValueFlow.Selection or ValueFlow.Largest);

        /// <summary>The results of a node that are read and hold a part of the layer.</summary>
        private IEnumerable<string> UsedParts(NodeProto node) => node.Output.Where(output =>
            output.Length > 0 && reader._values.ReadersOf(output).Count > 0
            && reader._trace.Tensor(output) is { } tensor && tensor.Carries.Any(carry => carry.Layer == layer));

        private void Close(string name)
        {
            layer.Activation = name;
            _isClosed = true;
            _beforeAverage = null;
        }

        /// <summary>A scale or a normalization, which is no activation function; or layout and reductions
        /// that look like one.</summary>
        private bool Take(Expression expression)
        {
            if (expression.Nodes is [var only] && (ValueGraph.IsLayout(only) || Pooling.Of(reader._nodes[only]) is not null))
                return Take(only);
            // A reduction mixes nodes.
            if (!expression.IsAffine || !expression.KeepsElements)
                return false;
            if (_isJoined)
                return Pass(expression.Output);
            if (expression.HasStatistics && _hasMoved)
            {
                // What is normalized by statistics of the pooled values is read there.
                if (!reader.HoldsAllNodes(layer, expression.Output))
                    return false;
                Become(reader._trace.Tensor(expression.Output)!);
                _isClosed = true;
                _beforeAverage = null;
                return false;
            }
            var before = State;
            if (!Apply(expression))
                return Pass(expression.Output);
            if (expression.IsScalar && !expression.HasStatistics)
                _beforeFactor ??= before;
            else
                _beforeFactor = null;
            return true;
        }

        private bool Take(NodeProto node)
        {
            var context = reader._nodes[node];
            if (ValueGraph.IsLayout(node))
                return IsData(node, 0) && Pass(node.Output[0], moves: !reader.HoldsAllNodes(layer, node.Output[0]));
            switch (Pooling.Of(context))
            {
                case ValueFlow.Largest:
                    return IsData(node, 0) && Pass(node.Output[0], moves: true);
                case ValueFlow.Average:
                    return IsData(node, 0) && Average(node.Output[0]);
                case ValueFlow.Selection:
                    return IsData(node, 0) && UsedParts(node).ToArray() is [var part] && Pass(part, moves: true);
            }
            if (node.OpType == "Concat")
            {
                _isJoined = true;
                return Pass(node.Output[0], moves: true);
            }
            if (node.Output.FirstOrDefault(output =>
                layer.Owned.Contains(output) || layer.Combined.Contains(output)) is { } merged)
                return Merge(node, merged);
            if (node.OpType == "QuantizeLinear" && IsData(node, 0) && !_hasMoved)
                ReadQuantized(context);
            else if (IsProduct(node) && _beforeFactor is { } unscaled)
                State = unscaled;
            return false;
        }

        private bool IsData(NodeProto node, int input) => reader._values.Of(node.Input[input]) == reader._values.Of(_at);

        private bool Pass(string output, bool moves = false)
        {
            _at = output;
            _hasMoved |= moves;
            return true;
        }

        private bool Average(string output)
        {
            if (_isJoined || reader._trace.Tensor(output) is not { HasShape: true } pooled
                || !reader.HoldsAllNodes(layer, output, isPooled: true))
                return false;
            _beforeAverage ??= State;
            Become(pooled);
            _beforeFactor = null;
            return true;
        }

        /// <summary>The layer owns an operator on several branches: its nodes are read behind it.</summary>
        private bool Merge(NodeProto node, string merged)
        {
            var output = reader._values.ReadersOf(merged).Count > 0 ? merged : node.Output[0];
            if (reader._trace.Tensor(output) is not { HasShape: true, IsRandom: false } tensor)
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
            if (!_hasMoved && reader.HoldsAllNodes(layer, expression.Output))
            {
                Become(reader._trace.Tensor(expression.Output)!);
                return true;
            }
            if (reader._cloner.Clone(expression, layer) is not { } step)
                return false;
            layer.Applied = layer.Applied.Add(step);
            _at = expression.Output;
            return true;
        }

        private void Become(TracedTensor tensor)
        {
            var range = tensor.Carries.FirstOrDefault(carry => carry.Layer == layer)?.Range;
            State = new ReadingState(tensor, range, []);
            _at = tensor.Name;
            _hasMoved = false;
        }

        private bool IsProduct(NodeProto node) =>
            OpRules.Find(node.Domain, node.OpType) is DenseRule or EinsumRule or AttentionRule
            && node.Input.Count(input => input.Length > 0 && reader._trace.Tensor(input) is { IsConstant: false }) > 1;
    }

    /// <summary>A tensor in which each of the layer's nodes stands once on every sample (or, pooled, each
    /// of its channels).</summary>
    private bool HoldsAllNodes(LayerBuilder layer, string name, bool isPooled = false)
    {
        if (_trace.Tensor(name) is not { HasShape: true } tensor
            || tensor.Carries.FirstOrDefault(carry => carry.Layer == layer) is not { IsAligned: true, IsWhole: true })
            return false;
        var (before, after) = (NodeCount.Of(layer.Read, layer.ReadRange),
            NodeCount.Of(tensor, tensor.Carries.First(carry => carry.Layer == layer).Range));
        return before.Channels == after.Channels && (isPooled || before.Positions == after.Positions);
    }

    private readonly record struct ReadingState(TracedTensor Tensor, AxisRange? Range, ImmutableArray<AppliedStep> Applied);

    /// <summary>Channels and positions that a tensor holds of a layer.</summary>
    private readonly record struct NodeCount(int Channels, int Positions)
    {
        public static NodeCount Of(TracedTensor tensor, AxisRange? range)
        {
            var reading = Readings.Of(tensor, range);
            int Product(AxisRole role) => reading.Axes
                .Select((axis, i) =>
                    (axis.Role, Size: reading.Slice is { } slice && slice.Axis == i ? slice.End - slice.Start : axis.Size))
                .Where(axis => axis.Role == role).Aggregate(1, (count, axis) => count * axis.Size);
            return new NodeCount(Product(AxisRole.Channel), Product(AxisRole.Position));
        }
    }
}
