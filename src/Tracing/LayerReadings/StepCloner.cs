using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>Makes an expression that stands behind a pooling, a part or a concatenation apply to a layer's own values.</summary>
internal sealed class StepCloner(Trace trace, ValueGraph values, IReadOnlyDictionary<NodeProto, NodeContext> nodes)
{
    /// <summary>The expression with its constants laid out as the tensor that the layer is read from; null
    /// where they do not fit its channels.</summary>
    public AppliedStep? Clone(Expression expression, LayerBuilder layer)
    {
        if (expression.HasStatistics)
            return null;
        var result = ImmutableArray.CreateBuilder<NodeProto>();
        // What each value of the expression is called here; another shape of a value is the same.
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [values.Of(expression.Input)] = expression.Input };
        foreach (var node in expression.Nodes)
        {
            if (Pooling.Selects(nodes[node]))
            {
                names[values.Of(node.Output[0])] = names[values.Of(node.Input[0])];
                continue;
            }
            if (node.OpType == "BatchNormalization" && Channel(layer.Read) != 1)
            {
                if (Normalize(node, names[values.Of(node.Input[0])], layer, result) is not { } normalized)
                    return null;
                names[values.Of(node.Output[0])] = normalized;
                continue;
            }
            var copy = node.Clone();
            var isOnMeanings = nodes[node].IsOnMeanings;
            for (var i = 0; i < copy.Input.Count; i++)
            {
                if (names.TryGetValue(values.Of(copy.Input[i]), out var known))
                {
                    var integers = isOnMeanings ? null : IntegersOf(copy.Input[i], expression, layer);
                    if (integers is not null && !CanQuantize(integers.Value))
                        return null;
                    copy.Input[i] = integers is var (_, meaning) ? Converted("QuantizeLinear", known, meaning, result) : known;
                }
                else if (trace.Tensor(copy.Input[i]) is { HasShape: true, Count: > 1 } constant)
                {
                    if (Fitted(node, constant, layer, result) is not { } fitted)
                        return null;
                    copy.Input[i] = fitted;
                }
            }
            foreach (var output in node.Output.Where(output => output.Length > 0))
                names[values.Of(output)] = output;
            result.Add(copy);
            if (!isOnMeanings && trace.Tensor(node.Output[0]) is { Quantization: { } made })
                names[values.Of(node.Output[0])] = Converted("DequantizeLinear", node.Output[0], made, result);
        }
        return new AppliedStep(expression.Input, names[values.Of(expression.Output)], result.ToImmutable());
    }

    /// <summary>The type and meaning of the integers that a tensor of an expression holds, where the layer is read as what they
    /// stand for; else null.</summary>
    private (int Type, Quantization Meaning)? IntegersOf(string name, Expression expression, LayerBuilder layer)
    {
        if (trace.Tensor(name) is not { IsFloat: false } tensor)
            return null;
        // Where several were joined, what they stand for is known of the layer's own.
        var meaning = tensor.Quantization
            ?? (values.Of(name) == values.Of(expression.Input) && layer.Applied.IsEmpty ? layer.Read.Quantization : null);
        return meaning is null ? null : (tensor.ElementType, meaning);
    }

    /// <summary>Without a zero point there are integers of one type only.</summary>
    private static bool CanQuantize((int Type, Quantization Meaning) integers) =>
        integers.Meaning.ZeroPoint.Length > 0 || integers.Type == (int)TensorProto.Types.DataType.Uint8;

    private static string Converted(string op, string name, Quantization meaning, ImmutableArray<NodeProto>.Builder result)
    {
        var output = $"{name}: {op}";
        var node = new NodeProto { OpType = op, Input = { name, meaning.Scale }, Output = { output } };
        if (meaning.ZeroPoint.Length > 0)
            node.Input.Add(meaning.ZeroPoint);
        // The same value may be asked for twice.
        if (!result.Any(made => made.Output.Contains(output)))
            result.Add(node);
        return output;
    }

    /// <summary>A batch normalization in parts, as the operator has its channels on the second axis alone.</summary>
    private string? Normalize(NodeProto node, string input, LayerBuilder layer, ImmutableArray<NodeProto>.Builder result)
    {
        if (Channel(layer.Read) is not { } target || layer.Read.Axes[target].Size != (int)trace.Tensor(node.Input[1])!.Count)
            return null;
        var shape = Enumerable.Repeat(1L, layer.Read.Rank).ToArray();
        shape[target] = layer.Read.Axes[target].Size;
        var (scale, shift) = (Reshape(node.Input[1], shape, result), Reshape(node.Input[2], shape, result));
        var (mean, variance) = (Reshape(node.Input[3], shape, result), Reshape(node.Input[4], shape, result));
        var name = node.Output[0];
        var epsilon = TensorValues.FromFloats("", [], [nodes[node].Attributes.Float("epsilon", 1e-5f)]);
        result.Add(new NodeProto
        {
            OpType = "Constant",
            Output = { $"{name}: epsilon" },
            Attribute = { AttributeProto.Of("value", epsilon) }
        });
        foreach (var (op, a, b, output) in new[]
        {
            ("Add", variance, $"{name}: epsilon", "variance"), ("Sqrt", $"{name}: variance", "", "deviation"),
                ("Sub", input, mean, "centered"),
            ("Div", $"{name}: centered", $"{name}: deviation", "normal"), ("Mul", $"{name}: normal", scale, "scaled"),
                ("Add", $"{name}: scaled", shift, "shifted"),
        })
            result.Add(new NodeProto { OpType = op, Input = { b.Length > 0 ? [a, b] : [a] }, Output = { $"{name}: {output}" } });
        return $"{name}: shifted";
    }

    /// <summary>A constant of one number per channel, for the tensor that the layer is read from.</summary>
    private string? Fitted(NodeProto node, TracedTensor constant, LayerBuilder layer, ImmutableArray<NodeProto>.Builder result)
    {
        var (own, opset) = (layer.Read, nodes[node].Opset);
        if (trace.Tensor(node.Output[0]) is not { HasShape: true } behind)
            return null;
        var part = behind.Carries.FirstOrDefault(carry => carry.Layer == layer)?.Range;
        if (Channel(own) is not { } target || Channel(behind) is not { } source || behind.Axes[source].Size != constant.Count)
            return null;
        // Some operators say themselves along which axis their constants stand.
        int? along = node.OpType switch
        {
            "BatchNormalization" => 1,
            "QuantizeLinear" or "DequantizeLinear" => nodes[node].Attributes.Axis("axis", 1, behind.Rank),
            _ => null,
        };
        if (along is { } axis ? source != axis || target != axis || constant.Rank != 1
            : constant.Rank - 1 - Largest(constant) != behind.Rank - 1 - source)
            return null;
        var name = constant.Name;
        if (part is not null && part.Axis == source && constant.Count != own.Axes[target].Size)
            name = Slice(name, Largest(constant), part, opset, result);
        else if (constant.Count != own.Axes[target].Size)
            return null;
        if (along is not null)
            return name;
        var shape = Enumerable.Repeat(1L, own.Rank).ToArray();
        shape[target] = own.Axes[target].Size;
        return Reshape(name, shape, result);
    }

    /// <summary>The only axis that counts channels, and nothing else; null if there is no such axis.</summary>
    private static int? Channel(TracedTensor tensor)
    {
        int[] axes = [.. Enumerable.Range(0, tensor.Rank).Where(axis => tensor.Axes[axis].Has(AxisRole.Channel))];
        return axes is [var only] && tensor.Axes[only].Role == AxisRole.Channel ? only : null;
    }

    private static int Largest(TracedTensor tensor) => Enumerable.Range(0, tensor.Rank).MaxBy(axis => tensor.Axes[axis].Size);

    private static string Reshape(string constant, long[] shape, ImmutableArray<NodeProto>.Builder result)
    {
        var name = $"{constant} by channel";
        result.Add(Longs($"{name}: shape", shape));
        result.Add(new NodeProto { OpType = "Reshape", Input = { constant, $"{name}: shape" }, Output = { name } });
        return name;
    }

    private static string Slice(string constant, int axis, AxisRange part, int opset, ImmutableArray<NodeProto>.Builder result)
    {
        var name = $"{constant} from {part.Start} to {part.End}";
        var node = new NodeProto { OpType = "Slice", Input = { constant }, Output = { name } };
        if (opset < 10)
        {
            node.Attribute.Add(
                [AttributeProto.Of("axes", [axis]), AttributeProto.Of("starts", [part.Start]),
                AttributeProto.Of("ends", [part.End])]);
        }
        else
        {
            result.AddRange(Longs($"{name}: start", [part.Start]), Longs($"{name}: end", [part.End]),
                Longs($"{name}: axis", [axis]));
            node.Input.Add([$"{name}: start", $"{name}: end", $"{name}: axis"]);
        }
        result.Add(node);
        return name;
    }

    private static NodeProto Longs(string name, long[] values) => new()
    {
        OpType = "Constant",
        Output = { name },
        Attribute = { AttributeProto.Of("value", TensorValues.FromLongs("", [values.Length], values)) },
    };
}
