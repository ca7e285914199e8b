using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>Operators that make tensors from shapes and numbers: their results are known before the model runs.</summary>
internal sealed class ShapeRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops =>
        ["Shape", "Size", "Constant", "ConstantOfShape", "Range", "EyeLike", "RandomNormal", "RandomNormalLike", "RandomUniform",
            "RandomUniformLike", "Bernoulli"];

    public override void Apply(NodeContext node)
    {
        switch (node.Op)
        {
            case "Shape" or "Size":
                Known(node, Measure(node.Call));
                break;
            case "Constant":
                // Numbers are stored tensors and never come here; strings and the like hold no activations.
                node.Output(node.NewTensor(default, (int)TensorProto.Types.DataType.String));
                break;
            case "ConstantOfShape":
                var dims = node.Call.Known(0).Values.Select(ConstantValues.ToInt);
                node.Output(Fresh(node, dims,
                    node.Attributes.Tensor("value")?.DataType ?? (int)TensorProto.Types.DataType.Float));
                break;
            case "Range":
                var (from, to, step) = (node.Call.Number(0), node.Call.Number(1), node.Call.Number(2));
                node.Output(Fresh(node, [(int)Math.Max(0, Math.Ceiling((to - from) / step))], node.Input(0).ElementType));
                break;
            case "RandomNormal" or "RandomUniform":
                node.Output(Fresh(node, (node.Attributes.Ints("shape") ?? []).Select(dim => (int)dim),
                    node.Attributes.Int("dtype", 1)));
                break;
            default:
                node.Output(node.Input(0) with { Carries = [] });
                break;
        }
    }

    public override bool OnlyShapes(NodeContext node, int input) =>
        node.Op is "Shape" or "Size" or "ConstantOfShape" or "EyeLike" or "RandomNormalLike" or "RandomUniformLike";

    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        switch (call.Op)
        {
            case "Shape" or "Size":
                return [Measure(call)];
            case "ConstantOfShape":
                var dims = call.Integers(0) ?? throw new TraceException("the shape is missing");
                var filling = call.Attributes.Tensor("value");
                var (value, type) =
                    filling is null ? (0.0, (int)TensorProto.Types.DataType.Float) : (FirstOf(filling), filling.DataType);
                return [new ConstantTensor(dims, [.. Enumerable.Repeat(value, ConstantValues.Bounded(dims))], type)];
            case "Range":
                var (from, to, step) = (call.Number(0), call.Number(1), call.Number(2));
                if (step == 0)
                    throw new TraceException("a range in steps of 0");
                var count = ConstantValues.Bounded(Math.Max(0, ConstantValues.ToInt(Math.Ceiling((to - from) / step))));
                return [new ConstantTensor([count], [.. Enumerable.Range(0, count).Select(i => from + i * step)],
                    call.Known(0).ElementType)];
            default:
                return null;
        }
    }

    /// <summary>The shape of a tensor, or its number of elements.</summary>
    private static ConstantTensor Measure(OperatorCall call)
    {
        var dims = call.Shape(0);
        if (call.Op == "Size")
            return new ConstantTensor([], [Shapes.Count(dims)], (int)TensorProto.Types.DataType.Int64);
        var (start, end) = Shapes.ShapeSlice(dims.Length, call.Attributes);
        return new ConstantTensor([end - start], [.. dims[start..end].Select(size => (double)size)],
            (int)TensorProto.Types.DataType.Int64);
    }

    private static double FirstOf(TensorProto filling) => Checkpoints.TensorValues.ToDoubles(filling, null) is [var number, ..]
        ? number
        : throw new TraceException("the value to fill with is empty");

    private static void Known(NodeContext node, ConstantTensor value)
    {
        node.Trace.Constants.Set(node.OutputName(0), value);
        node.Output(node.NewTensor([.. value.Dims.Select(size => Axis.Of(size, null))], value.ElementType));
    }

    private static TracedTensor Fresh(NodeContext node, IEnumerable<int> dims, int type) =>
        node.NewTensor([.. dims.Select(size => Axis.Of(size, null))], type);
}
