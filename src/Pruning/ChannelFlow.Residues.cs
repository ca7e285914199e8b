using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

/// <summary>What an element of a channel becomes all of whose units are removed.</summary>
/// <param name="Values">The values that it may have; null where that is not known.</param>
/// <param name="Op">The operator that made something else of zero, or of which it is not known.</param>
internal sealed record Residue(double[]? Values, string Op)
{
    /// <summary>Nothing is left of it.</summary>
    public static Residue Zero { get; } = new([0], "");

    public bool IsZero => Values is not null && Array.TrueForAll(Values, value => value == 0);
}

internal sealed partial class ChannelFlow
{
    // Different values of a constant's elements: this many of them are followed, the smallest and the largest included.
    private const int MostValues = 64;

    // What may stand at the place of a channel that is not removed.
    private static readonly double[] Live = [-1.37, 0.71, 2.3];

    /// <summary>
    /// Finds what a node makes of removed channels. Layers are left alone of which a zeroed unit would give an infinity or
    /// NaN: what reads it with weights of zero would give NaN.
    /// </summary>
    private void NoteResidues(NodeProto node, bool isLayer)
    {
        foreach (var output in node.Output)
        {
            if (!channels.TryGetValue(output, out var data))
                continue;
            var residue = isLayer ? OfLayer(node) : Of(node);
            if (residue.Values is { } values && !Array.TrueForAll(values, double.IsFinite))
            {
                Spare(data.Signals, $"{node.OpType} of zero is not finite");
                residue = new Residue(null, node.OpType);
            }
            residues[output] =
                residue.IsZero ? Residue.Zero : residue with { Op = residue.Op.Length > 0 ? residue.Op : node.OpType };
        }
    }

    /// <summary>Notes what is left of a removed channel where it becomes a part of another, or is read.</summary>
    private void Remain(string tensor, int signal, int into, string reason)
    {
        if (residues.GetValueOrDefault(tensor) is { IsZero: false } residue)
            Signals.Leave(new Remnant(signal, into, residue.Op, residue.Values is not null, reason));
    }

    private void Spare(int[] signals, string reason)
    {
        var fed = Signals.UnitsOf(signals);
        foreach (var layer in units.Keys.Where(layer => units[layer].Any(fed.Contains)).ToArray())
        {
            units.Remove(layer);
            leftAlone[layer] = reason;
        }
    }

    private static Residue OfLayer(NodeProto node) =>
        node.OpType is "LSTM" or "GRU" or "RNN" && new AttributeReader(node).Strings("activations") is not null
            ? new Residue(null, node.OpType)
            : Residue.Zero;

    private Residue Of(NodeProto node)
    {
        if (node.OpType is "BatchNormalization" or "InstanceNormalization"
            || OpRules.Find(node.Domain, node.OpType) is NormalizationRule or SkipNormalizationRule)
            return Normalized(node);
        if (model.FunctionOf(node) is { } function && OpRules.Find(node.Domain, node.OpType) is not PassThroughRule { }
            || node.OpType is "QuantizeLinear" or "DequantizeLinear" or "Cast" or "Identity" or "Dropout")
            return Computed(node, model.FunctionOf(node)!);
        var read = node.Input.Where(channels.ContainsKey)
            .Select(input => residues.GetValueOrDefault(input) ?? new Residue(null, node.OpType))
            .ToArray();
        if (node.OpType is "MatMul")
            return read.Any(residue => residue.IsZero) ? Residue.Zero : new Residue(null, node.OpType);
        var merged = read.FirstOrDefault(residue => residue.Values is null)
            ?? new Residue(Distinct(read.SelectMany(residue => residue.Values!)),
                read.Select(residue => residue.Op).FirstOrDefault(op => op.Length > 0) ?? "");
        if (merged.Values is not { } values)
            return merged;
        return node.OpType switch
        {
            "Pad" => Padded(node, merged, values),
            "Softmax" or "LogSoftmax" => Shared(node, values),
            "Hardmax" or "LpPool" or "GlobalLpPool" or "CumSum" or "CumProd" =>
                merged.IsZero && node.OpType != "Hardmax" ? Residue.Zero : new Residue(null, node.OpType),
            _ when node.OpType.StartsWith("Reduce", StringComparison.Ordinal) =>
                merged with { Values = Distinct(values.Select(Reduction(node))) },
            _ => merged,
        };
    }

    /// <summary>A softmax over positions that are all the same; not over channels, of which others are not removed.</summary>
    private Residue Shared(NodeProto node, double[] values)
    {
        var shape = OutputShape(node);
        var axis = shape is null || model.Opset < 13 ? -1 : new AttributeReader(node).Axis("axis", -1, shape.Length);
        if (axis < 0 || axis == channels[node.Output[0]].Axis || values.Length != 1)
            return new Residue(null, node.OpType);
        return new Residue([node.OpType == "Softmax" ? 1.0 / shape![axis] : -Math.Log(shape![axis])], node.OpType);
    }

    private Residue Padded(NodeProto node, Residue merged, double[] values)
    {
        var constant = node.Input.Count > 2 && node.Input[2].Length > 0
            ? model.Constants.Evaluate(node.Input[2])?.Values
            : [new AttributeReader(node).Float("value", 0)];
        return constant is null ? new Residue(null, node.OpType) : merged with { Values = Distinct([.. values, .. constant]) };
    }

    /// <summary>What a reduction over positions makes of elements that are all the same.</summary>
    private Func<double, double> Reduction(NodeProto node)
    {
        var (before, after) = (InputShape(node, 0), OutputShape(node));
        var count = before is null || after is null
            ? double.NaN
            : (double)Shapes.Count(before) / Math.Max(1, Shapes.Count(after));
        return node.OpType switch
        {
            "ReduceSum" => x => x * count,
            "ReduceL1" => x => Math.Abs(x) * count,
            "ReduceL2" => x => Math.Abs(x) * Math.Sqrt(count),
            "ReduceSumSquare" => x => x * x * count,
            "ReduceProd" => x => Math.Pow(x, count),
            "ReduceLogSum" => x => Math.Log(x * count),
            "ReduceLogSumExp" => x => x + Math.Log(count),
            _ => x => x,
        };
    }

    private Residue Normalized(NodeProto node)
    {
        var input = residues.GetValueOrDefault(node.Input[0]) ?? new Residue(null, node.OpType);
        var hasStatistics =
            node.OpType is not ("BatchNormalization" or "LRN" or "LpNormalization" or "MeanVarianceNormalization");
        if (hasStatistics && input.Values is not null && new AttributeReader(node).Float("epsilon", 1e-5f) == 0
            && (channels[node.Input[0]].Axis == 1 || node.OpType != "GroupNormalization"))
            return new Residue([double.NaN], node.OpType);
        var isCleared = node.OpType is "BatchNormalization" or "InstanceNormalization" or "GroupNormalization"
            or "LayerNormalization" or "RMSNormalization" or "SimplifiedLayerNormalization"
            && Enumerable.Range(1, Math.Min(2, node.Input.Count - 1))
                .All(at => node.Input[at].Length == 0 || adjusted.Contains((node.Output[0], at)));
        return isCleared || (input.IsZero && node.OpType is "LRN" or "LpNormalization")
            ? Residue.Zero
            : new Residue(null, node.OpType);
    }

    /// <summary>What an elementwise operator makes of removed channels; and of those of one input while the
    /// others are not removed.</summary>
    private Residue Computed(NodeProto node, Func<double[], double> function)
    {
        var inputs = node.Input.Select((_, input) => ValuesOf(node, input)).ToArray();
        var isSpared = false;
        for (var input = 0; input < inputs.Length && inputs.Length <= 3; input++)
        {
            if (inputs[input] is { } own && ChannelsOf(node, input) is { } data
                && (inputs.Contains(null) || !data.Signals.SequenceEqual(channels[node.Output[0]].Signals)))
                isSpared |= SpareAlone(node, function, inputs, input, own, data);
        }
        // Where one operand's layers are left alone, the others' never meet its zero.
        if (isSpared || inputs.Contains(null))
            return new Residue(null, Maker(node));
        return new Residue(Distinct(Combinations(inputs!).Select(function)), Maker(node));
    }

    private bool SpareAlone(NodeProto node, Func<double[], double> function, double[]?[] inputs, int input, double[] own,
        Channels data)
    {
        double[][] Alone(double value) =>
            [.. inputs.Select((values, other) =>
                other == input ? [value] : ChannelsOf(node, other) is null ? values ?? Live : Live)];
        // A live value may be one that the function does not take: only what is never finite is said to be caused by the zero.
        var diverges =
            own.Any(value => Combinations(Alone(value)).Select(function).Select(double.IsFinite).ToHashSet() is var finite
            && (node.OpType == "Pow" && input == 0 && value == 0 ? finite.Contains(false) : !finite.Contains(true)));
        if (diverges)
            Spare(data.Signals, $"{node.OpType} of zero is not finite");
        return diverges;
    }

    private string Maker(NodeProto node) =>
        node.Input.Select(input => residues.GetValueOrDefault(input)?.Op).FirstOrDefault(op => op is { Length: > 0 })
            ?? node.OpType;

    /// <summary>The values that an input may have where its channel is removed; null where they are not known.</summary>
    private double[]? ValuesOf(NodeProto node, int input)
    {
        var name = node.Input[input];
        if (name.Length == 0)
            return [double.NaN];
        if (channels.ContainsKey(name))
            return residues.GetValueOrDefault(name)?.Values;
        if (adjusted.Contains((node.Output[0], input)))
            return [0];
        return IsConstant(node, input) && model.Constants.Evaluate(name)?.Values is { Length: > 0 } values ? values : null;
    }

    /// <summary>Every combination of the inputs' values; those of several long constants element by element.</summary>
    private static IEnumerable<double[]> Combinations(double[][] inputs)
    {
        var length = inputs.Max(values => values.Length);
        if (inputs.Aggregate(1L, (product, values) => Math.Min(product * values.Length, 1L << 40)) <= Math.Max(4096, length))
        {
            return inputs.Aggregate(
                (IEnumerable<double[]>)[[]],
                    (rows, values) => rows.SelectMany(_ => values, (row, value) => (double[])[.. row, value]));
        }
        return Enumerable.Range(0, length).Select(i => Array.ConvertAll(inputs, values => values[i % values.Length]));
    }

    private static double[] Distinct(IEnumerable<double> values)
    {
        double[] distinct = [.. values.Distinct().Order()];
        return distinct.Length <= MostValues
            ? distinct
            : [.. Enumerable.Range(0, MostValues)
                .Select(i => distinct[(int)((long)i * (distinct.Length - 1) / (MostValues - 1))])];
    }
}
