using System.Collections.Immutable;
using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Rewriting.Draft;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Normalizations as one operator or in parts, and those by constants as part of the weights.</summary>
internal static class Normalizations
{
    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("BatchNormalization as Mul and Add", ScaleAndShift) { KeepsParameters = false },
        new("BatchNormalization as Sub, Div, Mul and Add", BatchInParts) { KeepsParameters = false },
        new("BatchNormalization folded into Conv or Gemm", Fold) { KeepsParameters = false },
        new("LayerNormalization in parts, variance by Mul", draft => LayerInParts(draft, byPow: false)),
        new("LayerNormalization in parts, variance by Pow", draft => LayerInParts(draft, byPow: true)),
        new("LayerNormalization in parts, its scale on the deviation", LayerByFactor),
        new("Add and LayerNormalization as SkipLayerNormalization", FuseSkip),
        new("InstanceNormalization in parts", InstanceInParts),
        new("GroupNormalization by InstanceNormalization", GroupInParts) { KeepsParameters = false },
        new("RMSNormalization in parts", RmsInParts),
    ];

    private static NodeProto? Batch(Draft draft) => draft.Nodes("BatchNormalization")
        .FirstOrDefault(node => node.Output.Count == 1 && Enumerable.Range(1, 4)
            .All(input => draft.ValuesOf(node.Input[input]) is not null));

    /// <summary>The factor and the summand of a normalization by running statistics, by channel.</summary>
    public static (double[] Factor, double[] Summand) Folded(Draft draft, NodeProto node)
    {
        var (scale, shift) = (draft.ValuesOf(node.Input[1])!, draft.ValuesOf(node.Input[2])!);
        var (mean, variance) = (draft.ValuesOf(node.Input[3])!, draft.ValuesOf(node.Input[4])!);
        double[] factor = [.. scale.Zip(variance, (gamma, v) => gamma / Math.Sqrt(v + FloatOf(node, "epsilon", 1e-5f)))];
        return (factor, [.. shift.Select((beta, c) => beta - mean[c] * factor[c])]);
    }

    private static bool ScaleAndShift(Draft draft)
    {
        if (Batch(draft) is not { } node || draft.FormOf(node.Output[0]) is not { } form)
            return false;
        var (factor, summand) = Folded(draft, node);
        var dims = Products.AlongChannels(form, factor.Length);
        return draft.Replace(node, () => draft.Emit("Add",
            [draft.Emit("Mul", [node.Input[0], draft.Constant(factor, dims, form.Type)]),
                draft.Constant(summand, dims, form.Type)]));
    }

    private static bool BatchInParts(Draft draft)
    {
        if (Batch(draft) is not { } node || draft.FormOf(node.Output[0]) is not { } form)
            return false;
        string Constant(IEnumerable<double> values)
        {
            double[] all = [.. values];
            return draft.Constant(all, Products.AlongChannels(form, all.Length), form.Type);
        }
        var deviation = draft.ValuesOf(node.Input[4])!.Select(v => Math.Sqrt(v + FloatOf(node, "epsilon", 1e-5f)));
        return draft.Replace(node, () =>
        {
            var centered = draft.Emit("Sub", [node.Input[0], Constant(draft.ValuesOf(node.Input[3])!)]);
            var normal = draft.Emit("Div", [centered, Constant(deviation)]);
            return draft.Emit("Add", [draft.Emit("Mul", [Constant(draft.ValuesOf(node.Input[1])!), normal]),
                Constant(draft.ValuesOf(node.Input[2])!)]);
        });
    }

    private static bool Fold(Draft draft)
    {
        foreach (var node in draft.Nodes("BatchNormalization"))
        {
            if (draft.Producer(node.Input[0]) is not { OpType: "Conv" or "Gemm" } layer || draft.OnlyReader(node.Input[0]) is null
                || layer.OpType == "Gemm" && (FloatOf(layer, "alpha", 1) != 1 || FloatOf(layer, "beta", 1) != 1)
                || draft.FormOf(node.Output[0]) is not { } form
                || draft.ValuesOf(layer.Input[1]) is not { } weight || draft.Stored(layer.Input[1]) is not { } stored
                || layer.Input.Count > 2 && draft.ValuesOf(layer.Input[2]) is null || Batch(draft) is null)
            {
                continue;
            }
            var (factor, summand) = Folded(draft, node);
            var isLast = layer.OpType == "Gemm" && IntOf(layer, "transB", 0) == 0;
            var bias = layer.Input.Count > 2 ? draft.ValuesOf(layer.Input[2])! : new double[factor.Length];
            double[] scaled = [.. weight.Select((w, i) => w * factor[isLast ? i % factor.Length
                : i / (weight.Length / factor.Length)])];
            double[] shifted = [.. summand.Select((shift, c) => shift + factor[c] * bias[c % bias.Length])];
            return draft.Replace(node, () =>
            {
                string[] inputs = [layer.Input[0], draft.Constant(scaled, [.. stored.Dims], form.Type),
                    draft.Constant(shifted, [factor.Length], form.Type)];
                draft.Remove(layer);
                draft.MoveTo(node);
                return draft.Named(layer.Name, layer.OpType, inputs, [.. layer.Attribute]);
            });
        }
        return false;
    }

    private static bool LayerInParts(Draft draft, bool byPow) => Layer(draft) is { } node && draft.Replace(node, () =>
    {
        var (_, centered, deviation) = Deviation(draft, node, byPow);
        return Affine(draft, draft.Emit("Div", [centered, deviation]), node.Input[1], ShiftOf(node));
    });

    /// <summary>The deviation and the scale are one factor, which multiplies the centered values, or those as they are and their
    /// mean.</summary>
    private static bool LayerByFactor(Draft draft) => Layer(draft) is { } node && draft.Replace(node, () =>
    {
        var (mean, centered, deviation) = Deviation(draft, node, byPow: false);
        var inverse = draft.Emit("Reciprocal", [deviation]);
        var factor = draft.Emit("Mul", draft.Pick<string[]>([inverse, node.Input[1]], [node.Input[1], inverse]));
        if (ShiftOf(node) is { } shift && draft.Random.Next(2) == 0)
        {
            var moved = draft.Emit("Sub", [shift, draft.Emit("Mul", [mean, factor])]);
            return draft.Emit("Add", [draft.Emit("Mul", [node.Input[0], factor]), moved]);
        }
        return Affine(draft, centered, factor, ShiftOf(node));
    });

    private static NodeProto? Layer(Draft draft) => draft.Nodes("LayerNormalization").FirstOrDefault(node =>
        node.Output.Count == 1 && IntOf(node, "axis", -1) == -1);

    private static string? ShiftOf(NodeProto layerNormalization) =>
        layerNormalization.Input.Count > 2 ? layerNormalization.Input[2] : null;

    private static (string Mean, string Centered, string Deviation) Deviation(Draft draft, NodeProto node, bool byPow)
    {
        var mean = draft.Mean(node.Input[0], -1);
        var centered = draft.Emit("Sub", [node.Input[0], mean]);
        var squared = byPow ? draft.Emit("Pow", [centered, draft.Scalar(2)]) : draft.Emit("Mul", [centered, centered]);
        return (mean, centered, draft.Emit("Sqrt",
            [draft.Emit("Add", [draft.Mean(squared, -1), draft.Scalar(FloatOf(node, "epsilon", 1e-5f))])]));
    }

    private static bool FuseSkip(Draft draft)
    {
        foreach (var node in draft.Nodes("LayerNormalization"))
        {
            if (node.Output.Count > 1 || node.Input.Count < 3 || IntOf(node, "axis", -1) != -1
                || draft.Producer(node.Input[0]) is not { OpType: "Add" } add || !add.Input.All(draft.IsComputed)
                || draft.FormOf(add.Output[0]) is not { Rank: 3 } form
                || !add.Input.All(input => draft.FormOf(input) is { } part && part.Dims.SequenceEqual(form.Dims)))
            {
                continue;
            }
            draft.MoveTo(node);
            var fused = new NodeProto
            {
                Name = draft.Fresh("spelled"),
                Domain = "com.microsoft",
                OpType = "SkipLayerNormalization",
                Input = { add.Input[0], add.Input[1], node.Input[1], node.Input[2] },
                // The fourth result is the sum.
                Output = { node.Output[0], "", "", add.Output[0] },
                Attribute = { AttributeProto.Of("epsilon", FloatOf(node, "epsilon", 1e-5f)) },
            };
            draft.Import("com.microsoft");
            draft.Insert(fused);
            draft.Remove(node);
            draft.Remove(add);
            return true;
        }
        return false;
    }

    private static bool InstanceInParts(Draft draft)
    {
        var node = draft.Nodes("InstanceNormalization").FirstOrDefault(node => draft.FormOf(node.Input[0]) is { Rank: 4 });
        return node is not null && draft.Replace(node, () =>
        {
            var centered = draft.Emit("Sub", [node.Input[0], draft.Mean(node.Input[0], 2, 3)]);
            var variance = draft.Mean(draft.Emit("Mul", [centered, centered]), 2, 3);
            var deviation = draft.Emit("Sqrt", [draft.Emit("Add", [variance, draft.Scalar(FloatOf(node, "epsilon", 1e-5f))])]);
            return Affine(draft, draft.Emit("Div", [centered, deviation]), ByChannel(draft, node.Input[1]),
                ByChannel(draft, node.Input[2]));
        });
    }

    private static bool GroupInParts(Draft draft)
    {
        var node = draft.Opset < 21 ? null : draft.Nodes("GroupNormalization")
            .FirstOrDefault(node => draft.FormOf(node.Input[0]) is { Rank: 4 });
        return node is not null && draft.Replace(node, () =>
        {
            var (dims, groups) = (draft.FormOf(node.Input[0])!.Dims, IntOf(node, "num_groups", 1));
            var grouped = draft.Emit("Reshape", [node.Input[0], draft.Longs(0, groups, -1)]);
            var ones = draft.Constant(new double[groups].Select(_ => 1.0).ToArray(), [groups]);
            var normal = draft.Emit("InstanceNormalization", [grouped, ones, draft.Constant(new double[groups], [groups])],
                AttributeProto.Of("epsilon", FloatOf(node, "epsilon", 1e-5f)));
            var whole = draft.Emit("Reshape", [normal, draft.Longs(0, dims[1], dims[2], dims[3])]);
            return Affine(draft, whole, ByChannel(draft, node.Input[1]), ByChannel(draft, node.Input[2]));
        });
    }

    private static bool RmsInParts(Draft draft)
    {
        var node = draft.Nodes("RMSNormalization").FirstOrDefault();
        return node is not null && draft.Replace(node, () =>
        {
            var square = draft.Mean(draft.Emit("Pow", [node.Input[0], draft.Scalar(2)]), -1);
            var root = draft.Emit("Sqrt", [draft.Emit("Add", [square, draft.Scalar(FloatOf(node, "epsilon", 1e-5f))])]);
            var normal = draft.Random.Next(2) == 0
                ? draft.Emit("Div", [node.Input[0], root])
                : draft.Emit("Mul", [node.Input[0], draft.Emit("Reciprocal", [root])]);
            return Affine(draft, normal, node.Input[1], null);
        });
    }

    private static string Affine(Draft draft, string x, string scale, string? shift)
    {
        var scaled = draft.Emit("Mul", draft.Pick<string[]>([x, scale], [scale, x]));
        return shift is null ? scaled : draft.Emit("Add", [scaled, shift]);
    }

    /// <summary>The same stored numbers, once for each channel of an image.</summary>
    private static string ByChannel(Draft draft, string vector)
    {
        var values = draft.ValuesOf(vector)!;
        return draft.Constant(values, [values.Length, 1, 1], draft.FormOf(vector)!.Type);
    }
}
