using System.Collections.Immutable;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Quantizers between layers: with the function that their saturation is, or without; in parts; of another integer
/// type.</summary>
internal static class Quantizers
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("Relu folded into a quantizer's saturation", DropRelu),
        new("Relu in front of a quantizer that saturates at 0", AddRelu),
        new("quantizer as Div, Round, Clip, Mul", InParts),
        new("quantizer of another integer type", OtherType),
        new("quantizer twice", draft => Pairs(draft).FirstOrDefault() is { Quantize: { } q, Dequantize: { } d }
            && draft.Follow(d.Output[0], raw =>
            draft.Emit("DequantizeLinear", [draft.Emit("QuantizeLinear", [raw, .. q.Input.Skip(1)]), .. q.Input.Skip(1)]))),
    ];

    private static IEnumerable<(NodeProto Quantize, NodeProto Dequantize, double Step, int Zero,
        DataType Type)> Pairs(Draft draft)
    {
        foreach (var quantize in draft.Nodes("QuantizeLinear"))
        {
            if (draft.IsComputed(quantize.Input[0])
                && draft.OnlyReader(quantize.Output[0]) is { OpType: "DequantizeLinear" } dequantize
                && draft.ScalarOf(quantize.Input[1]) is { } step && draft.Stored(quantize.Input[2]) is { } zero)
            {
                var type = (DataType)zero.DataType;
                yield return (quantize, dequantize, step, (int)Emergence.Checkpoints.TensorValues.ToLongs(zero,
                    draft.Directory)[0], type);
            }
        }
    }

    private static bool SaturatesAtZero((NodeProto, NodeProto, double, int Zero, DataType Type) pair) =>
        pair.Zero == (pair.Type == DataType.Int8 ? -128 : 0);

    private static bool DropRelu(Draft draft)
    {
        foreach (var pair in Pairs(draft).Where(pair => SaturatesAtZero(pair)))
        {
            if (draft.Producer(pair.Quantize.Input[0]) is not { OpType: "Relu" } relu || draft.OnlyReader(relu.Output[0]) is null)
                continue;
            pair.Quantize.Input[0] = relu.Input[0];
            draft.Remove(relu);
            return true;
        }
        return false;
    }

    private static bool AddRelu(Draft draft) =>
        Pairs(draft).FirstOrDefault(pair => SaturatesAtZero(pair)
            && draft.Producer(pair.Quantize.Input[0])?.OpType != "Relu").Quantize is { } quantize
        && draft.Precede(quantize, 0, x => draft.Emit("Relu", [x]));

    private static bool InParts(Draft draft) => Pairs(draft)
        .FirstOrDefault() is { Quantize: { } quantize, Dequantize: { } dequantize } pair
        && draft.Replace(dequantize, () =>
        {
            var least = pair.Type == DataType.Int8 ? -128 : 0;
            var rounded = draft.Emit("Round", [draft.Emit("Div", [quantize.Input[0], draft.Scalar(pair.Step)])]);
            var kept = draft.Clip(rounded, least - pair.Zero, least + 255 - pair.Zero);
            draft.Remove(quantize);
            draft.MoveTo(dequantize);
            return draft.Emit("Mul", [kept, draft.Scalar(pair.Step)]);
        });

    private static bool OtherType(Draft draft)
    {
        if (Pairs(draft).FirstOrDefault() is not { Quantize: { } quantize, Dequantize: { } dequantize } pair)
            return false;
        var (type, zero) = pair.Type == DataType.Int8 ? (DataType.Uint8, pair.Zero + 128) : (DataType.Int8, pair.Zero - 128);
        var name = draft.Constant([zero], [], type);
        (quantize.Input[2], dequantize.Input[2]) = (name, name);
        return true;
    }
}
