using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Networks;

/// <summary>
/// A weighted operator as the 0/1 pattern of its weights, and which of its input units each element of its data input is.
/// A unit is what one weight multiplies: a feature of a dense layer, a channel at a position (or, where nodes are
/// filters, a channel) of a convolution.
/// </summary>
/// <param name="Data">Name of the data input.</param>
/// <param name="Inputs">Number of input units.</param>
/// <param name="UnitOf">The unit of an element of the data input, by flat index.</param>
/// <param name="Pattern">The wiring; its argument merges several units of one source node into one input, or is null.</param>
/// <param name="FedChannels">Whether any weight of each output channel is not zero.</param>
internal sealed record OperatorWiring(
    string Data, int Inputs, Func<int, int> UnitOf, Func<IndexMap?, Wiring> Pattern, Func<bool[]> FedChannels)
{
    /// <summary>The wiring of a layer's operator; null where its connections are not known node by node.</summary>
    public static OperatorWiring? Of(TracedModel model, LayerBuilder layer, ConvNodes nodes)
    {
        if (layer.Op == Trace.InputOp)
            return null;
        var node = model.Nodes[layer.Order];
        return layer.Op switch
        {
            "Gemm" or "MatMul" or "MatMulInteger" or "QLinearMatMul" or "FusedMatMul" or "FusedGemm" or "FusedMatMulActivation" or "TransposeMatMul"
                or "DynamicQuantizeMatMul" or "MatMulIntegerToFloat" or "QGemm" or "MatMulNBits" or "MatMulBnb4" => Dense(model, node),
            "Conv" or "ConvTranspose" or "ConvInteger" or "QLinearConv" or "FusedConv" => Convolution(model, node, nodes),
            "LSTM" or "GRU" or "RNN" => Recurrent(model, node),
            "Einsum" => Einsum(model, node),
            _ => null,
        };
    }

    private static OperatorWiring? Dense(TracedModel model, NodeProto node)
    {
        var attributes = new AttributeReader(node);
        var (left, right) = (0, node.OpType is "QLinearMatMul" or "QGemm" ? 3 : 1);
        var isLeft = model.Tensors[node.Input[left]].IsConstant;
        var (weightAt, dataAt) = isLeft ? (left, right) : (right, left);
        if (Weights(model, node, weightAt) is not { Dims.Length: 2 } weight || attributes.Int("transBatchA", 0) + attributes.Int("transBatchB", 0) > 0)
            return null;
        // Packed weights are stored by outputs.
        var isTransposed = node.OpType is "MatMulNBits" or "MatMulBnb4" || attributes.Int(isLeft ? "transA" : "transB", 0) == 1;
        // [M, K] on the left, [K, N] on the right: the contracted axis is the inner one.
        var outputsFirst = isLeft != isTransposed;
        var (inputs, outputs) = outputsFirst ? (weight.Dims[1], weight.Dims[0]) : (weight.Dims[0], weight.Dims[1]);
        var shape = model.Tensors[node.Input[dataAt]].Shape;
        var dataTransposed = attributes.Int(isLeft ? "transB" : "transA", 0) == 1;
        var axis = shape.Length == 1 || isLeft == dataTransposed ? shape.Length - 1 : shape.Length - 2;
        var inner = Shapes.Count(shape.AsSpan(axis + 1));
        return new OperatorWiring(node.Input[dataAt], inputs, element => element / inner % inputs, merge =>
            Wiring.Dense<double>(weight.Values, inputs, outputs, outputsFirst ? WeightOrder.OutputsFirst : WeightOrder.InputsFirst, merge),
            () => Fed(weight.Values, outputs, i => outputsFirst ? i / inputs : i % outputs));
    }

    /// <summary>A product with a matrix of weights: one index is summed over, the other is that of the outputs.</summary>
    private static OperatorWiring? Einsum(TracedModel model, NodeProto node)
    {
        var equation = string.Concat(new AttributeReader(node).Text("equation", "").Where(c => !char.IsWhiteSpace(c)));
        if (equation.Split("->") is not [var left, var result] || left.Split(',') is not [var first, var second] || node.Input.Count != 2)
            return null;
        var isLeft = model.Tensors[node.Input[0]].IsConstant;
        var (weightTerm, dataTerm, weightAt, dataAt) = isLeft ? (first, second, 0, 1) : (second, first, 1, 0);
        if (weightTerm is not [var a, var b] || Weights(model, node, weightAt) is not { Dims.Length: 2 } weight || result.Contains(a) == result.Contains(b))
            return null;
        var outputsFirst = result.Contains(a);
        var summed = outputsFirst ? b : a;
        // Counted from the end, as dots stand for leading axes.
        var fromEnd = dataTerm.Length - dataTerm.LastIndexOf(summed);
        if (!dataTerm.Contains(summed) || dataTerm.Contains(outputsFirst ? a : b))
            return null;
        var (inputs, outputs) = outputsFirst ? (weight.Dims[1], weight.Dims[0]) : (weight.Dims[0], weight.Dims[1]);
        var shape = model.Tensors[node.Input[dataAt]].Shape;
        var inner = Shapes.Count(shape.AsSpan(shape.Length - fromEnd + 1));
        return new OperatorWiring(node.Input[dataAt], inputs, element => element / inner % inputs, merge =>
            Wiring.Dense<double>(weight.Values, inputs, outputs, outputsFirst ? WeightOrder.OutputsFirst : WeightOrder.InputsFirst, merge),
            () => Fed(weight.Values, outputs, i => outputsFirst ? i / inputs : i % outputs));
    }

    private static bool[] Fed(double[] weights, int channels, Func<int, int> channelOf)
    {
        var fed = new bool[channels];
        for (var i = 0; i < weights.Length; i++)
        {
            if (weights[i] != 0)
                fed[channelOf(i)] = true;
        }
        return fed;
    }

    private static OperatorWiring? Convolution(TracedModel model, NodeProto node, ConvNodes nodes)
    {
        var attributes = new AttributeReader(node);
        if (Weights(model, node, node.OpType == "QLinearConv" ? 3 : 1) is not { } weight)
            return null;
        var input = model.Tensors[node.Input[0]].Shape;
        var groups = attributes.Int("group", 1);
        var isTransposed = node.OpType == "ConvTranspose";
        var window = Window.Of(attributes, input.AsSpan(2), weight.Dims.AsSpan(2), isTransposed);
        var channels = input[1];
        var filters = isTransposed ? weight.Dims[1] * groups : weight.Dims[0];
        var positions = Shapes.Count(input.AsSpan(2));
        var taps = Shapes.Count(weight.Dims.AsSpan(2));
        // [filters, …] or, transposed, [channels, filters of the group, …].
        bool[] FedFilters() => Fed(weight.Values, filters, i => !isTransposed
            ? i / (weight.Values.Length / filters)
            : i / taps / weight.Dims[1] / (channels / groups) * weight.Dims[1] + i / taps % weight.Dims[1]);
        if (nodes == ConvNodes.Filters)
        {
            return new OperatorWiring(node.Input[0], channels, element => element / positions % channels, _ =>
                Wiring.Filters<double>(weight.Values, channels, filters, Shapes.Count(window.Kernel), groups, isTransposed), FedFilters);
        }
        int[] pads = [.. window.PadBegin, .. window.PadEnd];
        SlidingWindow sliding;
        if (isTransposed)
        {
            // Slides over its own output; where auto_pad or output_shape decide the padding, it is what makes that size.
            var output = window.TransposedOutput(attributes, input.AsSpan(2));
            var begin = TransposedPads(window, attributes, input, output);
            sliding = new SlidingWindow(output, window.Kernel, window.Strides, [.. begin, .. new int[begin.Length]], window.Dilations, input.AsSpan(2));
        }
        else
        {
            sliding = new SlidingWindow(input.AsSpan(2), window.Kernel, window.Strides, pads, window.Dilations, window.Output);
        }
        return new OperatorWiring(node.Input[0], channels * positions, element => element % (channels * positions), _ =>
            Wiring.Convolution<double>(weight.Values, channels, filters, sliding, groups, isTransposed), FedFilters);
    }

    private static int[] TransposedPads(Window window, AttributeReader attributes, int[] input, int[] output)
    {
        var autoPad = attributes.Text("auto_pad", "NOTSET");
        if (autoPad == "NOTSET" && !attributes.Has("output_shape"))
            return attributes.Ints("pads") is { Length: > 0 } pads ? [.. pads.Take(output.Length).Select(pad => (int)pad)] : new int[output.Length];
        var begin = new int[output.Length];
        var extra = attributes.Ints("output_padding") is { Length: > 0 } given ? given : new long[output.Length];
        for (var i = 0; i < begin.Length; i++)
        {
            var full = (int)extra[i] + window.Strides[i] * (input[i + 2] - 1) + window.Dilations[i] * (window.Kernel[i] - 1) + 1;
            var total = Math.Max(0, full - output[i]);
            begin[i] = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
        }
        return begin;
    }

    /// <summary>A hidden unit is connected to an input where any of its gates is.</summary>
    private static OperatorWiring? Recurrent(TracedModel model, NodeProto node)
    {
        if (Weights(model, node, 1) is not { } weight || Weights(model, node, 2) is not { } recurrence)
            return null;
        var (directions, inputs, hidden) = (weight.Dims[0], weight.Dims[2], recurrence.Dims[2]);
        var gates = weight.Dims[1] / hidden;
        var pattern = new byte[directions * hidden * inputs];
        for (var i = 0; i < weight.Values.Length; i++)
        {
            var (direction, row, input) = (i / inputs / weight.Dims[1], i / inputs % weight.Dims[1], i % inputs);
            if (weight.Values[i] != 0)
                pattern[(direction * hidden + row % hidden) * inputs + input] = 1;
        }
        return gates == 0 ? null : new OperatorWiring(node.Input[0], inputs, element => element % inputs, merge =>
            Wiring.Dense<byte>(pattern, inputs, directions * hidden, WeightOrder.OutputsFirst, merge),
            // What a unit reads of the time step before feeds it too.
            () => [.. Fed(weight.Values, directions * hidden, UnitOf(inputs)).Zip(Fed(recurrence.Values, directions * hidden, UnitOf(hidden)), (x, h) => x || h)]);

        Func<int, int> UnitOf(int columns) => i => i / columns / weight.Dims[1] * hidden + i / columns % weight.Dims[1] % hidden;
    }

    /// <summary>The weight with quantised zeros as zeros; null where it is not known before the model runs.</summary>
    private static ConstantTensor? Weights(TracedModel model, NodeProto node, int input)
    {
        if (PackedWeights.Of(node.OpType).Length > 0)
            return model.Constants.Unpacked(node, input);
        if (model.Constants.Evaluate(node.Input[input]) is not { } weight)
            return null;
        var zeroAt = node.OpType switch
        {
            "QLinearConv" or "QGemm" => 5,
            "QLinearMatMul" => input == 0 ? 2 : 5,
            "ConvInteger" or "DynamicQuantizeMatMul" => 3,
            "MatMulInteger" => input == 0 ? 2 : 3,
            "MatMulIntegerToFloat" => input == 0 ? 4 : 5,
            _ => -1,
        };
        if (zeroAt < 0 || zeroAt >= node.Input.Count || node.Input[zeroAt].Length == 0)
            return weight;
        if (model.Constants.Evaluate(node.Input[zeroAt]) is not { } zero)
            return null;
        // Per tensor, or per filter: the first axis of a convolution's weight, the last of a matrix that is not transposed.
        var isFirst = node.OpType.Contains("Conv", StringComparison.Ordinal) || new AttributeReader(node).Int("transB", 0) == 1;
        var inner = isFirst ? weight.Values.Length / weight.Dims[0] : 1;
        return weight with { Values = [.. weight.Values.Select((value, i) => value - zero.Values[i / inner % zero.Values.Length])] };
    }
}
