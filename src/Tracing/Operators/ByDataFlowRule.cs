using System.Collections.Immutable;
using Emergence.Tracing.Model;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Operators of the standard that hold no layer and whose output is traced by data flow alone: what follows is fed by
/// every layer before, node by node correspondence is lost, and the shape is what the model declares.
/// </summary>
internal sealed class ByDataFlowRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops =>
    [
        "NonZero", "NonMaxSuppression", "TopK", "Unique", "OneHot", "GatherElements", "GatherND", "Det", "Multinomial",
        "BlackmanWindow", "HannWindow", "HammingWindow", "DFT", "STFT", "MelWeightMatrix", "ImageDecoder",
        "StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch", "TfIdfVectorizer",
        "SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceLength", "SequenceMap",
        "SplitToSequence", "ConcatFromSequence", "Optional", "OptionalGetElement", "OptionalHasElement",
        "NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss", "Adagrad", "Adam", "Momentum", "Gradient",
    ];

    public override void Apply(NodeContext node) => Flow(node, node.Inputs);

    /// <summary>Outputs that carry every layer of the inputs, with the shapes the model declares, if it does.</summary>
    public static void Flow(NodeContext node, IEnumerable<TracedTensor> inputs)
    {
        var sources = inputs.ToArray();
        for (var i = 0; i < node.Node.Output.Count; i++)
        {
            var (axes, type) = node.Trace.Declared(node.OutputName(i));
            node.Output(i, node.NewTensor(axes, type != 0 ? type : sources.FirstOrDefault()?.ElementType ?? 0) with { Carries = Trace.Mix(sources) });
        }
    }
}
