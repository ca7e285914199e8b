using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

internal sealed partial class ChannelFlow
{
    private void FollowLayer(NodeProto node, int layer)
    {
        switch (node.OpType)
        {
            case "Gemm" or "MatMul" or "MatMulInteger" or "FusedGemm" or "FusedMatMul" or "TransposeMatMul":
                Dense(node, layer, dataAt: 0, weightAt: 1);
                break;
            case "QLinearMatMul":
                Dense(node, layer, dataAt: 0, weightAt: 3);
                break;
            case "Conv" or "FusedConv":
                Convolution(node, layer, weightAt: 1, biasAt: 2);
                break;
            case "ConvInteger":
                Convolution(node, layer, weightAt: 1, biasAt: -1);
                break;
            case "QLinearConv":
                Convolution(node, layer, weightAt: 3, biasAt: 8);
                break;
            case "ConvTranspose":
                TransposedConvolution(node, layer);
                break;
            case "LSTM" or "GRU" or "RNN":
                Recurrent(node, layer);
                break;
            case "Gather":
                Embedding(node, layer);
                break;
            default:
                LeaveAlone(node, layer, $"the units of {node.OpType} are not followed");
                break;
        }
    }

    private void LeaveAlone(NodeProto node, int layer, string reason)
    {
        leftAlone[layer] = reason;
        units.Remove(layer);
        Stop(node);
    }

    private void Dense(NodeProto node, int layer, int dataAt, int weightAt)
    {
        var attributes = new AttributeReader(node);
        var (dataTransposed, weightTransposed) = (attributes.Int("transA", 0) == 1, attributes.Int("transB", 0) == 1);
        // [M, K] · [K, N]: the operand that is stored is the weight, on whichever side it stands.
        var isLeft = IsConstant(node, dataAt);
        if (isLeft)
            (dataAt, weightAt, dataTransposed, weightTransposed) = (weightAt, dataAt, weightTransposed, dataTransposed);
        if (InputShape(node, weightAt) is not { Length: >= 2 } weight || InputShape(node, dataAt) is not { } data
            || OutputShape(node) is not { } output)
        {
            LeaveAlone(node, layer, "its weight is no matrix");
            return;
        }
        var (readsAxis, makesAxis) =
            isLeft != weightTransposed ? (weight.Length - 1, weight.Length - 2) : (weight.Length - 2, weight.Length - 1);
        var dataAxis = data.Length == 1 || isLeft == dataTransposed ? data.Length - 1 : data.Length - 2;
        var outputAxis = isLeft && data.Length > 1 ? output.Length - 2 : output.Length - 1;
        Read(node, dataAt, dataAxis, weightAt, readsAxis);
        var made = Make(node, layer, weightAt, makesAxis, weight[makesAxis]);
        if (node.OpType == "QLinearMatMul")
            Quantize(node, made, weightAt + 1, weightAt + 2);
        else if (node.OpType == "MatMulInteger")
            Quantize(node, made, weightAt + 2);
        if (node.OpType is "Gemm" or "FusedGemm" && node.Input.Count > 2 && node.Input[2].Length > 0)
            made = Add(node, 2, made, outputAxis, output.Length);
        Define(node, new Channels(outputAxis, made));
    }

    private void Convolution(NodeProto node, int layer, int weightAt, int biasAt)
    {
        if (InputShape(node, weightAt) is not { Length: >= 3 } weight || OutputShape(node) is not { } output)
        {
            LeaveAlone(node, layer, "the shape of its weight is not known");
            return;
        }
        var groups = (int)new AttributeReader(node).Int("group", 1);
        var inputs = ChannelsOf(node, 0);
        int[] made;
        if (groups > 1)
            NoteReading(node, 0, 1, weightAt, 1, groups);
        if (groups > 1 && weight[1] == 1 && inputs is { Axis: 1 } && inputs.Signals.Length == groups
            && !inputs.Signals.Contains(Signals.None))
        {
            // Depthwise: each filter belongs to the channel it reads, as a normalization's scale does.
            var perChannel = weight[0] / groups;
            made = [.. Enumerable.Range(0, weight[0]).Select(filter => inputs.Signals[filter / perChannel])];
            Depthwise(node, weightAt, 0, layer, made, inputs.Signals);
        }
        else if (groups > 1)
        {
            made = Make(node, layer, weightAt, 0, weight[0]);
            Signals.Balance([.. made.Chunk(weight[0] / groups)]);
            ReadGroups(node, weightAt, inputs, groups, weight);
        }
        else
        {
            Read(node, 0, 1, weightAt, 1);
            made = Make(node, layer, weightAt, 0, weight[0]);
        }
        if (node.OpType == "QLinearConv")
            Quantize(node, made, weightAt + 1, weightAt + 2);
        else if (node.OpType == "ConvInteger")
            Quantize(node, made, weightAt + 2);
        if (biasAt >= 0 && biasAt < node.Input.Count && node.Input[biasAt].Length > 0)
            Use(node, biasAt, 0, made, ChannelPart.Adjusts);
        if (node.OpType == "FusedConv" && node.Input.Count > 3 && node.Input[3].Length > 0)
            made = Add(node, 3, made, 1, output.Length);
        Define(node, new Channels(1, made));
    }

    private void ReadGroups(NodeProto node, int weightAt, Channels? inputs, int groups, int[] weight)
    {
        if (inputs is not { Axis: 1 } || inputs.Signals.Length != groups * weight[1])
        {
            Stop(node);
            return;
        }
        Signals.Balance([.. inputs.Signals.Chunk(weight[1])]);
        Signals.KeepOne(inputs.Signals);
        var filters = weight[0] / groups;
        for (var group = 0; group < groups; group++)
            Use(node, weightAt, 1, inputs.Signals[(group * weight[1])..((group + 1) * weight[1])], ChannelPart.Reads,
                (group * filters, (group + 1) * filters), node.Input[0]);
    }

    /// <summary>Each filter belongs to the channel that it reads, as a normalization's scale does.</summary>
    private void Depthwise(NodeProto node, int weightAt, int axis, int layer, int[] made, int[] inputs)
    {
        if (Use(node, weightAt, axis, made, ChannelPart.Adjusts) && inFile.Contains(node))
            sizes.Add(new ChannelSize(node, -1, "group", 0, inputs));
        followers[layer] = made;
    }

    private void TransposedConvolution(NodeProto node, int layer)
    {
        var groups = new AttributeReader(node).Int("group", 1);
        int[] made;
        if (InputShape(node, 1) is [var first, 1, ..] && first == groups && groups > 1
            && ChannelsOf(node, 0) is { Axis: 1 } inputs && !inputs.Signals.Contains(Signals.None))
        {
            made = inputs.Signals;
            Depthwise(node, 1, 0, layer, made, made);
        }
        else if (InputShape(node, 1) is not { Length: >= 3 } weight || groups != 1)
        {
            LeaveAlone(node, layer, "the filters of a grouped ConvTranspose are not followed");
            return;
        }
        else
        {
            Read(node, 0, 1, 1, 0);
            made = Make(node, layer, 1, 1, weight[1]);
        }
        if (node.Input.Count > 2 && node.Input[2].Length > 0)
            Use(node, 2, 0, made, ChannelPart.Adjusts);
        Define(node, new Channels(1, made));
    }

    /// <summary>One direction: a unit is a row of every gate, of weight, recurrence and bias, and a column
    /// of the recurrence.</summary>
    private void Recurrent(NodeProto node, int layer)
    {
        if (InputShape(node, 1) is not { } weight || InputShape(node, 2) is not { } recurrence || weight[0] != 1
            || !IsConstant(node, 1) || !IsConstant(node, 2))
        {
            LeaveAlone(node, layer, "the units of a recurrent layer of two directions are not followed");
            return;
        }
        var hidden = recurrence[2];
        int[] Rows(int[] signals, int count) => [.. Enumerable.Range(0, count).Select(row => signals[row % hidden])];
        Read(node, 0, 2, 1, 2);
        var made = Signals.Open(hidden);
        if (new AttributeReader(node).Has("hidden_size"))
            sizes.Add(new ChannelSize(node, -1, "hidden_size", 0, made));
        Signals.KeepOne(made);
        var isEditable = Use(node, 1, 1, Rows(made, weight[1]), ChannelPart.Makes)
            && Use(node, 2, 1, Rows(made, recurrence[1]), ChannelPart.Makes)
            && Use(node, 2, 2, made, ChannelPart.Reads);
        foreach (var input in (int[])[3, 7])
        {
            if (isEditable && input < node.Input.Count && node.Input[input].Length > 0 && InputShape(node, input) is { } adjusted)
                isEditable = Use(node, input, 1, Rows(made, adjusted[1]), ChannelPart.Adjusts);
        }
        // What is stored of the state that it starts with belongs to the unit; a computed state stays, and the units with it.
        foreach (var input in Enumerable.Range(5, 2).Where(input => input < node.Input.Count && node.Input[input].Length > 0))
        {
            if (isEditable && IsConstant(node, input))
            {
                isEditable = Use(node, input, 2, made, ChannelPart.Adjusts);
                continue;
            }
            Escape(node.Input[input], $"it is a state of {node.OpType}");
            Escape(node, made, $"{node.OpType} starts with a computed state");
        }
        if (isEditable)
            units[layer] = made;
        else
            leftAlone[layer] = "its weights are shared or computed";
        for (var i = 0; i < node.Output.Count; i++)
            Define(node, new Channels(i == 0 ? 3 : 2, made), i);
    }

    private void Embedding(NodeProto node, int layer)
    {
        if (InputShape(node, 0) is not { Length: 2 } table || new AttributeReader(node).Int("axis", 0) != 0
            || OutputShape(node) is not { } output)
        {
            LeaveAlone(node, layer, "its table is no matrix");
            return;
        }
        Stop(node);
        Define(node, new Channels(output.Length - 1, Make(node, layer, 0, 1, table[1])));
    }

    /// <summary>Opens the units of a layer.</summary>
    private int[] Make(NodeProto node, int layer, int weightAt, int axis, int count)
    {
        var made = Signals.Open(count);
        if (Use(node, weightAt, axis, made, ChannelPart.Makes))
            units[layer] = made;
        else
            leftAlone[layer] = "its weight is shared or computed";
        return made;
    }

    /// <summary>Scales and zero points of a layer's weight: one for all of it, or one for each unit.</summary>
    private void Quantize(NodeProto node, int[] made, params ReadOnlySpan<int> inputs)
    {
        foreach (var input in inputs)
        {
            if (input >= node.Input.Count || node.Input[input].Length == 0 || InputShape(node, input) is [] or [1])
                continue;
            if (InputShape(node, input) is [_])
                Use(node, input, 0, made, ChannelPart.Accompanies);
            else
                Pin(new Channels(0, made), $"'{node.Input[input]}' of {node.OpType} is no scale for each node");
        }
    }

    private void NoteReading(NodeProto node, int dataAt, int dataAxis, int weightAt, int axis, int groups)
    {
        if (inFile.Contains(node) && paths.Of(node.Input[weightAt]) is { } path)
            readings.Add(new WeightReading(node.Input[dataAt], dataAxis, path, axis, groups));
    }

    /// <summary>The weights that read the channels of a layer's data.</summary>
    private void Read(NodeProto node, int dataAt, int dataAxis, int weightAt, int axis)
    {
        NoteReading(node, dataAt, dataAxis, weightAt, axis, 1);
        if (ChannelsOf(node, dataAt) is not { } data)
            return;
        if (data.Axis == dataAxis)
            Use(node, weightAt, axis, data.Signals, ChannelPart.Reads, data: node.Input[dataAt]);
        else
            Escape(node.Input[dataAt], $"{node.OpType} sums over another axis");
    }
}
