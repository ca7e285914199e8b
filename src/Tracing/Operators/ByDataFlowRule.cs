using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Operators of the standard that hold no layer and whose output is traced by data flow alone: what follows is fed by
/// every layer before, node by node correspondence is lost, and the shape is what a run of the model shows.
/// </summary>
internal sealed class ByDataFlowRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops =>
    [
        "NonZero", "NonMaxSuppression", "Unique", "Det", "Multinomial",
        "BlackmanWindow", "HannWindow", "HammingWindow", "DFT", "STFT", "MelWeightMatrix", "ImageDecoder",
        "StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch", "TfIdfVectorizer",
        "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap",
        "SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement",
        "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss", "Adagrad", "Adam", "Momentum", "Gradient",
    ];

    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        if (call.Op == "Unique")
            return From(0, call.Shape(0));
        if (call.Op != "DFT")
            return [];
        // From opset 20 on the axis is an input.
        var dims = call.Shape(0);
        return call.IsKnown(2) && call.Opset >= 20 ? [Shapes.Axis(ConstantValues.ToInt(call.Number(2)), dims.Length)]
            : call.Attributes.Has("axis") || !call.Has(2) ? [call.Attributes.Axis("axis", call.Opset >= 20 ? -2 : 1, dims.Length)]
            : From(0, dims);
    }

    public override void Apply(NodeContext node)
    {
        if (node.Op == "NonZero" && node.Trace.IsConstant(node.Node)
            && node.Trace.Constants.Evaluate(node.OutputName(0)) is { } known)
            node.Output(node.NewTensor([.. known.Dims.Select(size => Axis.Of(size, null))], known.ElementType));
        else
            Flow(node, node.Inputs);
    }

    public override ConstantTensor[]? Fold(OperatorCall call) => call.Op == "NonZero" ? [NonZero(call.Known(0))] : null;

    /// <summary>The places of what is not zero, as [axes, places].</summary>
    private static ConstantTensor NonZero(ConstantTensor tensor)
    {
        int[] found = [.. Enumerable.Range(0, tensor.Values.Length).Where(i => tensor.Values[i] != 0)];
        var strides = ElementMaps.Strides(tensor.Dims);
        var places = tensor.Dims.SelectMany((size, axis) => found.Select(i => (double)(i / strides[axis] % size)));
        return new ConstantTensor([tensor.Dims.Length, found.Length], [.. places], (int)TensorProto.Types.DataType.Int64);
    }

    /// <summary>Outputs that carry every layer of the inputs, with the shapes that a run has shown.</summary>
    public static void Flow(NodeContext node, IEnumerable<TracedTensor> inputs)
    {
        var sources = inputs.ToArray();
        for (var i = 0; i < node.Node.Output.Count; i++)
        {
            var type = node.Trace.UnknownShapes.ElementTypeOf(node.OutputName(i));
            node.Output(i,
                node.NewTensor(default,
                type != 0 ? type : sources.FirstOrDefault()?.ElementType ?? 0) with
                { Carries = Trace.Mix(sources) });
        }
    }
}
