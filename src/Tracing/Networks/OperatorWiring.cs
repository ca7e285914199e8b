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
    string Data, int Inputs, Func<int, int> UnitOf, Func<ElementMap?, Wiring> Pattern, Func<bool[]> FedChannels)
{
    /// <summary>The wiring of a layer's operator; null where its connections are not known node by node.</summary>
    public static OperatorWiring? Of(TracedModel model, LayerBuilder layer, ConvNodes nodes)
    {
        if (layer.Op == Trace.InputOp)
            return null;
        var node = model.Nodes[layer.Order];
        if (OpRules.Find(node.Domain, node.OpType)?.Weights(model.Calls[node]) is not
            {
                InputAxis: >= 0,
                OutputAxis: >= 0
            } weights
            || Values(model, node, weights) is not { } values)
        {
            return null;
        }
        var data = node.Input[weights.Data];
        return weights.Window is not null
            ? Convolution(model.Calls[node], data, model.Tensors[data].Shape, weights, values, nodes)
            : weights.Recurrence >= 0 ? Recurrent(model, node, weights, values)
            : Dense(data, model.Tensors[data].Shape, weights, values);
    }

    private static OperatorWiring Dense(string data, int[] shape, LayerWeights weights, ConstantTensor weight)
    {
        var (inputs, outputs) = (weight.Dims[weights.InputAxis], weight.Dims[weights.OutputAxis]);
        var outputsFirst = weights.OutputAxis < weights.InputAxis;
        var inner = Shapes.Count(shape.AsSpan(weights.DataAxis + 1));
        return new OperatorWiring(data, inputs, element => element / inner % inputs, merge =>
            Wiring.Dense<double>(weight.Values, inputs, outputs,
                outputsFirst ? WeightOrder.OutputsFirst : WeightOrder.InputsFirst, merge),
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

    private static OperatorWiring Convolution(
        OperatorCall call, string data, int[] input, LayerWeights weights, ConstantTensor weight, ConvNodes nodes)
    {
        var (groups, window, isTransposed) = (weights.Groups, weights.Window!, weights.IsTransposed);
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
            return new OperatorWiring(data, channels, element => element / positions % channels, _ =>
                Wiring.Filters<double>(weight.Values, channels, filters, Shapes.Count(window.Kernel), groups, isTransposed),
                FedFilters);
        }
        int[] pads = [.. window.PadBegin, .. window.PadEnd];
        SlidingWindow sliding;
        if (isTransposed)
        {
            // Slides over its own output; where auto_pad or output_shape decide the padding, it is what makes that size.
            var output = window.TransposedOutput(call.Attributes, input.AsSpan(2));
            var begin = TransposedPads(window, call.Attributes, input, output);
            sliding = new SlidingWindow(output, window.Kernel, window.Strides, [.. begin, .. new int[begin.Length]],
                window.Dilations, input.AsSpan(2));
        }
        else
        {
            sliding = new SlidingWindow(input.AsSpan(2), window.Kernel, window.Strides, pads, window.Dilations, window.Output);
        }
        return new OperatorWiring(data, channels * positions, element => element % (channels * positions), _ =>
            Wiring.Convolution<double>(weight.Values, channels, filters, sliding, groups, isTransposed), FedFilters);
    }

    private static int[] TransposedPads(Window window, AttributeReader attributes, int[] input, int[] output)
    {
        var autoPad = attributes.Text("auto_pad", "NOTSET");
        if (autoPad == "NOTSET" && !attributes.Has("output_shape"))
            return attributes.Ints("pads") is { Length: > 0 } pads
                ? [.. pads.Take(output.Length).Select(pad => (int)pad)]
                : new int[output.Length];
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
    private static OperatorWiring? Recurrent(TracedModel model, NodeProto node, LayerWeights weights, ConstantTensor weight)
    {
        if (model.Constants.Evaluate(node.Input[weights.Recurrence]) is not { } recurrence)
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
        return gates == 0 ? null : new OperatorWiring(node.Input[weights.Data], inputs, element => element % inputs, merge =>
            Wiring.Dense<byte>(pattern, inputs, directions * hidden, WeightOrder.OutputsFirst, merge),
            // What a unit reads of the time step before feeds it too.
            () => [.. Fed(weight.Values, directions * hidden, UnitOf(inputs))
                .Zip(Fed(recurrence.Values, directions * hidden, UnitOf(hidden)), (x, h) => x || h)]);

        Func<int, int> UnitOf(int columns) => i => i / columns / weight.Dims[1] * hidden + i / columns % weight.Dims[1] % hidden;
    }

    /// <summary>The weight with quantized zeros as zeros; null where it is not known before the model runs.</summary>
    private static ConstantTensor? Values(TracedModel model, NodeProto node, LayerWeights weights)
    {
        if (PackedWeights.Of(node.OpType).Length > 0)
            return model.Constants.Unpacked(node, weights.Weight);
        if (model.Constants.Evaluate(node.Input[weights.Weight]) is not { } weight)
            return null;
        if (!model.Calls[node].Has(weights.ZeroPoint))
            return weight;
        if (model.Constants.Evaluate(node.Input[weights.ZeroPoint]) is not { } zero)
            return null;
        var (axis, inner) = (weights.ZeroPointAxis, Shapes.Count(weight.Dims.AsSpan(weights.ZeroPointAxis + 1)));
        return weight with
        {
            Values = [.. weight.Values.Select((value, i) =>
                value - zero.Values[zero.Values.Length == 1 ? 0 : i / inner % weight.Dims[axis]])],
        };
    }
}
