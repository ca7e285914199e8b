using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Networks;

/// <summary>
/// Follows the elements of a tensor through everything that is no layer: where each of them ends up. Shapes are those
/// of the trace.
/// </summary>
internal sealed class Routes(TracedModel model)
{
    private readonly ConstantFolder constants = model.Constants;
    private readonly int opset = model.Opset;

    /// <summary>The labels of <paramref name="to"/> in terms of the elements of <paramref name="from"/>; null where no route leads there.</summary>
    public Labels? Follow(string from, string to)
    {
        if (model.Tensors.GetValueOrDefault(from) is not { HasShape: true } start)
            return null;
        var known = new Dictionary<string, Labels>(StringComparer.Ordinal) { [from] = Labels.Start(start.Shape) };
        if (from == to)
            return known[from];
        var relevant = Before(to);
        foreach (var node in model.Nodes.Where(node => node.Output.Any(relevant.Contains) && node.Input.Any(known.ContainsKey) && !model.Unfit.Contains(node)))
        {
            Pass(node, known);
            if (known.TryGetValue(to, out var found))
                return found;
        }
        return null;
    }

    /// <summary>The tensor and all it is computed from.</summary>
    private HashSet<string> Before(string tensor)
    {
        var result = new HashSet<string>(StringComparer.Ordinal) { tensor };
        foreach (var node in model.Nodes.Reverse().Where(node => node.Output.Any(result.Contains)))
            result.UnionWith(node.Input);
        return result;
    }

    private void Pass(NodeProto node, Dictionary<string, Labels> known)
    {
        node = PlainForm.Of(node);
        var attributes = new AttributeReader(node);
        var rule = OpRules.Find(node.Domain, node.OpType);
        if (rule is null or { Kind: OpKind.Layer } && node.OpType != "Gather" || model.Builders.Any(layer => layer.Output == node.Output[0]))
        {
            PassSummand(node, known);
            return;
        }
        for (var i = 0; i < node.Input.Count; i++)
        {
            if (!known.TryGetValue(node.Input[i], out var labels) || rule is ElementwiseBinaryRule && IsStatistic(node, node.Input[i], known))
                continue;
            for (var o = 0; o < node.Output.Count; o++)
            {
                if (model.Tensors.GetValueOrDefault(node.Output[o]) is not { HasShape: true } output)
                    continue;
                if (Through(node, attributes, rule!, labels, i, o, output.Shape) is { } passed)
                    known[node.Output[o]] = known.TryGetValue(node.Output[o], out var other) ? other.With(passed) : passed;
            }
        }
    }

    /// <summary>A bias or summand that a layer's operator adds itself, as an Add behind it would.</summary>
    private void PassSummand(NodeProto node, Dictionary<string, Labels> known)
    {
        int[] inputs = node.OpType switch
        {
            "Gemm" or "FusedGemm" or "Conv" or "ConvTranspose" => [2],
            "FusedConv" => [2, 3],
            "DynamicQuantizeMatMul" => [4],
            "MatMulIntegerToFloat" => [6],
            _ => [],
        };
        foreach (var input in inputs.Where(input => input < node.Input.Count))
        {
            if (!known.TryGetValue(node.Input[input], out var labels) || model.Tensors.GetValueOrDefault(node.Output[0]) is not { HasShape: true } output)
                continue;
            var isByChannel = input == 2 && node.OpType.Contains("Conv", StringComparison.Ordinal) && labels.Dims.Length == 1;
            int[] dims = isByChannel ? [labels.Dims[0], .. Enumerable.Repeat(1, output.Rank - 2)] : labels.Dims;
            // Of a damaged file the sizes may not fit.
            if (dims.Length > output.Rank || dims.Index().Any(dim => dim.Item != 1 && dim.Item != output.Shape[output.Rank - dims.Length + dim.Index]))
                continue;
            known[node.Output[0]] = labels.Reshaped(dims).Gathered(IndexMaps.Expand(dims, output.Shape));
        }
    }

    /// <summary>
    /// A mean or deviation of the very tensor it is put together with: the step of a normalisation spelt out, which is
    /// transparent as the operator would be.
    /// </summary>
    private bool IsStatistic(NodeProto node, string input, Dictionary<string, Labels> known) =>
        model.Tensors[input] is { Carries: [_, ..] } tensor && !tensor.Carries.Any(carry => carry.IsAligned)
        || node.Input.Any(other => other != input && known.TryGetValue(other, out var whole) && whole.Count > known[input].Count);

    private Labels? Through(NodeProto node, AttributeReader attributes, OpRule rule, Labels labels, int input, int output, int[] shape)
    {
        double[]? Constant(int i) => i < node.Input.Count && node.Input[i].Length > 0 ? constants.Evaluate(node.Input[i])?.Values : null;
        if (rule is BodyBorderRule)
            return BodyBorderRule.Through(node.OpType, attributes, labels, input, shape);
        switch (node.OpType)
        {
            case "Transpose":
                return labels.Gathered(IndexMaps.Transpose(labels.Dims, Shapes.Permutation(labels.Dims.Length, attributes)));
            case "Reshape" or "Flatten" or "Squeeze" or "Unsqueeze":
                return input == 0 ? labels.Reshaped(shape) : null;
            case "Slice":
                return labels.Gathered(IndexMaps.Slice(labels.Dims, SliceRange.All(labels.Dims, opset, attributes, Constant(1), Constant(2), Constant(3), Constant(4))));
            case "Split":
                return labels.Gathered(IndexMaps.Slice(labels.Dims, SplitPart(node, attributes, labels.Dims, output, Constant(1))));
            case "Gather" when input == 0 && Constant(1) is { } picked:
                var axis = attributes.Axis("axis", 0, labels.Dims.Length);
                return labels.Gathered(IndexMaps.Gather(labels.Dims, axis, model.Tensors[node.Input[1]].Shape, [.. picked.Select(ConstantOperators.ToInt)]));
            case "Concat":
                var at = attributes.Axis("axis", 1, shape.Length);
                return labels.Placed(shape, at, node.Input.Take(input).Sum(name => model.Tensors[name].Shape[at]));
            case "Pad":
                var pads = (opset < 11 ? attributes.Ints("pads")?.Select(pad => (double)pad).ToArray() : Constant(1)) ?? [];
                return Padded(labels, shape, opset >= 18 ? Constant(3) : null, pads);
            case "DepthToSpace" or "SpaceToDepth":
                return Blocks(node.OpType, attributes, labels, shape);
            case "Resize" or "Upsample":
                return input == 0 ? labels.Gathered(Nearest(labels.Dims, shape)) : null;
            case "MaxPool" or "AveragePool" or "LpPool":
                return output == 0 ? Pooled(node, labels, shape) : null;
            case "Expand" or "Tile":
                return input == 0 ? labels.Gathered(Repeated(labels.Dims, shape)) : null;
        }
        if (rule is ReduceRule && node.OpType.StartsWith("Arg", StringComparison.Ordinal) || rule.Kind == OpKind.NotALayer)
            return null;
        if (rule is ReduceRule || node.OpType.StartsWith("Global", StringComparison.Ordinal))
            return input == 0 ? Reduced(labels, shape) : null;
        // Elementwise, normalising, converting: the same element, broadcast where the result is larger.
        if (input > 0 && rule is not (ElementwiseBinaryRule or SelectRule or SkipNormalisationRule))
            return null;
        return Shapes.Count(shape) == labels.Count ? labels.Reshaped(shape)
            : labels.Dims.Length <= shape.Length ? labels.Gathered(IndexMaps.Expand(labels.Dims, shape)) : null;
    }

    private static SliceRange[] SplitPart(NodeProto node, AttributeReader attributes, int[] dims, int output, double[]? sizes)
    {
        var axis = attributes.Axis("axis", 0, dims.Length);
        var parts = Shapes.SplitSizes(dims[axis], node.Output.Count, attributes, sizes);
        var ranges = dims.Select(size => new SliceRange(0, 1, size)).ToArray();
        ranges[axis] = new SliceRange(parts.Take(output).Sum(), 1, parts[output]);
        return ranges;
    }

    private static Labels Padded(Labels labels, int[] shape, double[]? axes, double[] pads)
    {
        var begin = new int[shape.Length];
        var count = pads.Length / 2;
        for (var i = 0; i < count; i++)
            begin[axes is null ? i : Shapes.Axis((int)axes[i], shape.Length)] = (int)pads[i];
        return labels.Gathered((shape, MapEach(shape, labels.Dims, (axis, position) => position - begin[axis])));
    }

    private static (int[] Dims, int[] Indices) Nearest(int[] dims, int[] shape) =>
        (shape, MapEach(shape, dims, (axis, position) => (int)((long)position * dims[axis] / shape[axis])));

    private static (int[] Dims, int[] Indices) Repeated(int[] dims, int[] shape)
    {
        var lead = shape.Length - dims.Length;
        int[] full = [.. Enumerable.Repeat(1, lead), .. dims];
        return (shape, MapEach(shape, full, (axis, position) => position % full[axis]));
    }

    /// <summary>For each element of <paramref name="shape"/>, the flat index whose coordinate on each axis the function gives; -1 outside.</summary>
    private static int[] MapEach(int[] shape, int[] dims, Func<int, int, int> coordinate)
    {
        var (strides, sourceStrides) = (IndexMaps.Strides(shape), IndexMaps.Strides(dims));
        var map = new int[Shapes.Count(shape)];
        for (var i = 0; i < map.Length; i++)
        {
            for (var axis = 0; axis < shape.Length; axis++)
            {
                var c = coordinate(axis, i / strides[axis] % shape[axis]);
                if (c < 0 || c >= dims[axis])
                {
                    map[i] = -1;
                    break;
                }
                map[i] += c * sourceStrides[axis];
            }
        }
        return map;
    }

    private static Labels Blocks(string op, AttributeReader attributes, Labels labels, int[] shape)
    {
        var b = attributes.Int("blocksize", 1);
        var (n, c, h, w) = (labels.Dims[0], labels.Dims[1], labels.Dims[2], labels.Dims[3]);
        var isColumnRow = attributes.Text("mode", "DCR") == "CRD";
        var (split, perm) = op == "SpaceToDepth"
            ? (new[] { n, c, h / b, b, w / b, b }, new[] { 0, 3, 5, 1, 2, 4 })
            : isColumnRow ? (new[] { n, c / (b * b), b, b, h, w }, new[] { 0, 1, 4, 2, 5, 3 }) : (new[] { n, b, b, c / (b * b), h, w }, new[] { 0, 3, 4, 1, 5, 2 });
        return labels.Reshaped(split).Gathered(IndexMaps.Transpose(split, perm)).Reshaped(shape);
    }

    /// <summary>A reduction over axes, which the result has with length one or not at all.</summary>
    private static Labels Reduced(Labels labels, int[] shape)
    {
        var kept = shape;
        if (shape.Length != labels.Dims.Length)
        {
            // Find the axes that are gone: the first way to read the shape as the input's with some axes of length one.
            var next = 0;
            kept = [.. labels.Dims.Select(size => next < shape.Length && shape[next] == size ? shape[next++] : 1)];
        }
        var target = IndexMaps.Expand(kept, labels.Dims).Indices;
        var windows = new List<int>[Shapes.Count(kept)];
        for (var i = 0; i < target.Length; i++)
            (windows[target[i]] ??= []).Add(i);
        return labels.Windowed(shape, windows.Select(window => window.ToArray()));
    }

    private Labels Pooled(NodeProto node, Labels labels, int[] shape)
    {
        var spatial = labels.Dims.Length - 2;
        var window = Window.Of(new AttributeReader(node), labels.Dims.AsSpan(2), []);
        var (strides, outStrides) = (IndexMaps.Strides(labels.Dims), IndexMaps.Strides(shape));
        var offsets = Shapes.Count(window.Kernel);
        var kernelStrides = IndexMaps.Strides(window.Kernel);
        return labels.Windowed(shape, Enumerable.Range(0, Shapes.Count(shape)).Select(element =>
        {
            var members = new List<int>(offsets);
            var origin = element / outStrides[1] / shape[1] * strides[0] + element / outStrides[1] % shape[1] * strides[1];
            for (var k = 0; k < offsets; k++)
            {
                var index = origin;
                for (var axis = 0; axis < spatial && index >= 0; axis++)
                {
                    var position = element / outStrides[axis + 2] % shape[axis + 2] * window.Strides[axis]
                        + k / kernelStrides[axis] % window.Kernel[axis] * window.Dilations[axis] - window.PadBegin[axis];
                    index = position < 0 || position >= labels.Dims[axis + 2] ? -1 : index + position * strides[axis + 2];
                }
                if (index >= 0)
                    members.Add(index);
            }
            return members.ToArray();
        }));
    }
}
