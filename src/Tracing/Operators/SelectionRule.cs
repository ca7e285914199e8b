using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Operators that choose elements by their values or by a condition: what follows is fed by what is chosen from and by the
/// choice; node by node correspondence is lost.
/// </summary>
internal sealed class SelectionRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops => ["TopK", "OneHot", "Compress"];

    public override ValueFlow? Flow(OperatorCall call) =>
        call.Op == "Compress" && call.IsConstant(1) ? ValueFlow.Selection : null;

    public override IEnumerable<int> Mixes(OperatorCall call) => call.Op switch
    {
        "TopK" => [call.Attributes.Axis("axis", -1, call.Shape(0).Length)],
        "Compress" =>
            call.Attributes.Has("axis") ? [call.Attributes.Axis("axis", 0, call.Shape(0).Length)] : From(0, call.Shape(0)),
        _ => [],
    };

    public override bool OnlyShapes(NodeContext node, int input) => (node.Op, input) is ("TopK" or "OneHot", 1);

    public override void Apply(NodeContext node)
    {
        switch (node.Op)
        {
            case "TopK":
                var axes = TopK(node);
                node.Output(0, node.NewTensor(axes, node.Input(0).ElementType) with { Carries = Trace.Mix([node.Input(0)]) });
                node.Output(1, node.NewTensor(axes, (int)DataType.Int64) with { Carries = Trace.Mix([node.Input(0)]) });
                break;
            case "OneHot":
                node.Output(node.NewTensor(OneHot(node),
                    node.Input(2).ElementType) with
                { Carries = Trace.Mix([node.Input(0)]) });
                break;
            default:
                node.Output(node.NewTensor(Compressed(node),
                    node.Input(0).ElementType) with
                { Carries = Trace.Mix([node.Input(0)]) });
                break;
        }
    }

    private static ImmutableArray<Axis> TopK(NodeContext node)
    {
        var input = node.Shaped(0);
        var axis = node.Attributes.Axis("axis", -1, input.Rank);
        var count = node.Opset < 10
            ? node.Attributes.Int("k", 1)
            : node.Optional(1) is { IsConstant: true }
            ? ConstantValues.ToInt(node.Call.Number(1))
            : -1;
        return count < 0 ? default : input.Axes.SetItem(axis, input.Axes[axis].Resized((int)count));
    }

    private static ImmutableArray<Axis> OneHot(NodeContext node)
    {
        if (node.Input(1) is not { IsConstant: true })
            return default;
        var indices = node.Shaped(0);
        var axis = node.Attributes.Axis("axis", -1, indices.Rank + 1);
        return indices.Axes.Insert(axis, Axis.Of(ConstantValues.ToInt(node.Call.Number(1)), null));
    }

    private static ImmutableArray<Axis> Compressed(NodeContext node)
    {
        var input = node.Shaped(0);
        if (node.Input(1) is not { IsConstant: true })
            return default;
        var kept = node.Call.Known(1).Values.Count(chosen => chosen != 0);
        if (!node.Attributes.Has("axis"))
            return [Axis.Of(kept, null)];
        var axis = node.Attributes.Axis("axis", 0, input.Rank);
        return input.Axes.SetItem(axis, input.Axes[axis].Resized(kept));
    }
}
