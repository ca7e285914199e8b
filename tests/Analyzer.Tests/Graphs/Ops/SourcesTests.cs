using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Operators;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>
/// Where an operator says its elements come from, against ONNX Runtime: each element of an input is changed in turn, and the
/// elements of the outputs that change must be those that name it.
/// </summary>
public class SourcesTests(ITestOutputHelper output)
{
    /// <summary>
    /// Operators of the standard whose elements nothing is said of, on purpose: layers, whose weights say more; indices,
    /// shapes and choices, which hold no activations; and what the data decide.
    /// </summary>
    private const string Unknown = """
        AffineGrid And ArgMax ArgMin Attention Bernoulli BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow
        Col2Im Compress ConcatFromSequence Constant ConstantOfShape Conv ConvInteger ConvTranspose DFT DeformConv Det Einsum Equal EyeLike
        GRU Gemm Greater GreaterOrEqual HammingWindow HannWindow If ImageDecoder IsInf IsNaN LSTM Less LessOrEqual Loop
        MatMul MatMulInteger MaxRoiPool MaxUnpool MelWeightMatrix Multinomial NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not
        OneHot Optional OptionalGetElement OptionalHasElement Or QLinearConv QLinearMatMul RNN RandomNormal RandomNormalLike
        RandomUniform RandomUniformLike Range RegexFullMatch RoiAlign RotaryEmbedding STFT Scan SequenceAt SequenceConstruct SequenceEmpty
        SequenceErase SequenceInsert SequenceLength SequenceMap Shape Size SoftmaxCrossEntropyLoss SplitToSequence StringConcat
        StringNormalizer StringSplit TensorScatter TfIdfVectorizer TopK Unique Xor
        """;

    /// <summary>Statistics of the whole are no sources of its elements: more may change than the element
    /// that names the changed one.</summary>
    private const string Normalizing = """
        BatchNormalization InstanceNormalization LayerNormalization GroupNormalization RMSNormalization LRN MeanVarianceNormalization
        LpNormalization Softmax LogSoftmax Hardmax DynamicQuantizeLinear com.microsoft::SkipLayerNormalization
        """;

    private static IEnumerable<OperatorExample> Examples => OperatorExamples.All.Concat(SourceExamples.All);

    public static TheoryData<string> Ops =>
        [.. Examples.Select(example => example.Op).Distinct().Where(op => !Words(Unknown).Contains(op))];

    [Theory]
    [MemberData(nameof(Ops))]
    public void sources_are_what_a_run_shows(string op)
    {
        var (answers, elements) = (0, 0);
        foreach (var example in Examples.Where(example => example.Op == op))
        {
            for (var input = 0; input < example.Inputs.Length; input++)
            {
                if (example.Inputs[input] is null)
                    continue;
                using var node = new OneNode(example, input);
                for (var y = 0; y < example.Outputs; y++)
                {
                    if (RuleOf(op).Sources(node.Call, input, y) is not { } map)
                        continue;
                    Assert.Equal((node.Plain[y].Values.Length, node.Input.Length), (map.From, map.To));
                    Check(example, node, input, y, map.Reversed());
                    answers++;
                    elements += map.To;
                }
            }
        }
        output.WriteLine($"{op}: {answers} answers, {elements} elements changed");
        // An answer for a tensor of no elements says nothing either.
        Assert.True(elements > 0, $"{op} says nothing of its elements, and is not among those that are unknown on purpose");
    }

    [Fact]
    public void every_operator_of_the_standard_answers_or_is_unknown_on_purpose() => Assert.Equal(
        OperatorListTests.All.Order(StringComparer.Ordinal),
        Ops.Select(op => op.Data)
            .Where(op => !op.Contains(':', StringComparison.Ordinal))
            .Concat(Words(Unknown))
            .Order(StringComparer.Ordinal));

    private static void Check(OperatorExample example, OneNode node, int input, int y, ElementMap elements)
    {
        for (var element = 0; element < elements.From; element++)
        {
            var changed = new HashSet<int>();
            foreach (var value in Others(example.Inputs[input]!.Type, node.Input[element]))
            {
                double[] values = [.. node.Input];
                values[element] = value;
                var after = node.Run(values)[y].Values;
                changed.UnionWith(Enumerable.Range(0, after.Length).Where(i => Differs(after[i], node.Plain[y].Values[i])));
            }
            var named = elements[element].ToArray().ToHashSet();
            var text = $"{Text(example)}, input {input}, element {element}: named by {string.Join(',', named.Order())}, "
                + $"changed {string.Join(',', changed.Order())}";
            Assert.True(example.Op == "Where" || named.IsSubsetOf(changed), text);
            Assert.True(Words(Normalizing).Contains(example.Op) || changed.IsSubsetOf(named), text);
        }
    }

    // A sum over other elements may come out in another order.
    internal static bool Differs(double a, double b) => !a.Equals(b) && !(Math.Abs(a - b) <= 1e-5 * Math.Abs(b));

    /// <summary>Values that a function may answer in another way: some near by, some far, of either sign.</summary>
    internal static IEnumerable<double> Others(DataType type, double value) => type switch
    {
        DataType.Bool => [value == 0 ? 1 : 0],
        DataType.Float => [value + 0.5, value - 0.5, 100, -100, 1, 0],
        DataType.Uint8 => [value + 1, 0, 90, 255],
        _ => [value + 1, value - 1],
    };

    internal static OpRule RuleOf(string op) =>
        op.Split("::") is [var domain, var name] ? OpRules.Find(domain, name)! : OpRules.Find("", op)!;

    private static string Text(OperatorExample example) =>
        $"{example.Op} "
        + string.Join(' ', example.Inputs.Select(input => input is null ? "-" : $"[{string.Join(',', input.Dims)}]")) + " "
        + string.Join(' ', example.Attributes.Select(attribute =>
            $"{attribute.Name}={attribute.S.ToStringUtf8()}{attribute.I}{string.Join(',', attribute.Ints)}"));

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
