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
        ["Shape", "Size", "Constant", "ConstantOfShape", "Range", "EyeLike", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli"];

    public override void Apply(NodeContext node)
    {
        switch (node.Op)
        {
            case "Shape":
                var input = node.Shaped(0);
                var (start, end) = Shapes.ShapeSlice(input.Rank, node.Attributes);
                Known(node, ConstantOperators.Vector([.. input.Shape[start..end].Select(size => (double)size)]));
                break;
            case "Size":
                Known(node, new ConstantTensor([], [node.Shaped(0).Count], (int)TensorProto.Types.DataType.Int64));
                break;
            case "Constant":
                // Numbers are stored tensors and never come here; strings and the like hold no activations.
                node.Output(node.NewTensor(default, (int)TensorProto.Types.DataType.String));
                break;
            case "ConstantOfShape":
                var dims = node.Known(0).Select(ConstantOperators.ToInt);
                node.Output(Fresh(node, dims, node.Attributes.Tensor("value")?.DataType ?? (int)TensorProto.Types.DataType.Float));
                break;
            case "Range":
                var (from, to, step) = (node.Number(0), node.Number(1), node.Number(2));
                node.Output(Fresh(node, [(int)Math.Max(0, Math.Ceiling((to - from) / step))], node.Input(0).ElementType));
                break;
            case "RandomNormal" or "RandomUniform":
                node.Output(Fresh(node, (node.Attributes.Ints("shape") ?? []).Select(dim => (int)dim), (int)node.Attributes.Int("dtype", 1)));
                break;
            default:
                node.Output(node.Input(0) with { Carries = [] });
                break;
        }
    }

    public override bool OnlyShapes(NodeContext node, int input) =>
        node.Op is "Shape" or "Size" or "ConstantOfShape" or "EyeLike" or "RandomNormalLike" or "RandomUniformLike";

    private static void Known(NodeContext node, ConstantTensor value)
    {
        node.Trace.Constants.Set(node.OutputName(0), value);
        node.Output(node.NewTensor([.. value.Dims.Select(size => Axis.Of(size, null))], value.ElementType));
    }

    private static TracedTensor Fresh(NodeContext node, IEnumerable<int> dims, int type) =>
        node.NewTensor([.. dims.Select(size => Axis.Of(size, null))], type);
}
