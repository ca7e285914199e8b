using Emergence.Checkpoints;
using Emergence.Tracing.Operators;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>
/// What an operator says of its weights, against ONNX Runtime: with the data zero everywhere but at one index of the summed
/// axis, only weights of that index change the result, and each changes the output feature that its place names.
/// </summary>
public class LayerWeightsTests(ITestOutputHelper output)
{
    private static IReadOnlyList<OperatorExample> Examples { get; } =
    [
        .. OperatorExamples.Of("f2,3 f3,4 f4", "Gemm"),
        .. OperatorExamples.Of("f3,2 f4,3 f4", "Gemm", 21, 1, Int("transA", 1), Int("transB", 1)),
        .. OperatorExamples.Of("f2,3 f3,4", "MatMul"), .. OperatorExamples.Of("f3 f3,4", "MatMul"),
        .. OperatorExamples.Of("f2,5,3 f3,4", "MatMul"), .. OperatorExamples.Of("f2,5,3 f1,3,4", "MatMul"),
        .. OperatorExamples.Of("f3 f1,1,3,4", "MatMul"),
        .. OperatorExamples.Of("f2,3 f3,4", "com.microsoft::FusedMatMul", 13, 1),
        .. OperatorExamples.Of("f3,2 f4,3", "com.microsoft::FusedMatMul", 13, 1, Int("transA", 1), Int("transB", 1)),
        .. OperatorExamples.Of("u2,3 u3,4 u: u:", "MatMulInteger"),
        .. OperatorExamples.Of("f2,3 f3,4", "Einsum", 21, 1, Text("equation", "ab,bc->ac")),
        .. OperatorExamples.Of("f2,5,3 f4,3", "Einsum", 21, 1, Text("equation", "...k,nk->...n")),
        .. OperatorExamples.Of("f2,5,3 f4,1,3", "Einsum", 21, 1, Text("equation", "btk,nak->abtn")),
        .. OperatorExamples.Of("f1,3,5,5 f4,3,3,3 f4", "Conv"),
        .. OperatorExamples.Of("f1,4,6 f6,2,3", "Conv", 21, 1, Int("group", 2), Ints("pads", 1, 1)),
        .. OperatorExamples.Of("f1,3,4,4 f3,2,2,2 f2", "ConvTranspose"),
        .. OperatorExamples.Of("f1,4,5 f4,3,2", "ConvTranspose", 21, 1, Int("group", 2)),
        .. OperatorExamples.Of("u1,3,5,5 u4,3,3,3 u: u:", "ConvInteger"),
        .. OperatorExamples.Of("f1,1,2 f1,4,2 f1,4,4 f1,8", "RNN", 21, 1, Int("hidden_size", 4)),
    ];

    /// <summary>Weighted operators that are left out here: packed, quantized twice, or with no one axis to sum over.</summary>
    private const string NotTried = """
        DeformConv GRU LSTM QLinearConv QLinearMatMul GatherElements GatherND Gather
        """;

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, Examples.Count)];

    [Theory]
    [MemberData(nameof(Indices))]
    public void weights_are_what_a_run_shows(int index)
    {
        var example = Examples[index];
        using var probe = new OneNode(example, 0);
        var weights = Assert.IsType<LayerWeights>(SourcesTests.RuleOf(example.Op).Weights(probe.Call));
        using var node = new OneNode(example, weights.Weight);
        int[] dims = [.. example.Inputs[weights.Weight]!.Dims.Select(size => (int)size)];
        var data = example.Inputs[weights.Data]!;
        var tried = 0;
        for (var element = 0; element < node.Input.Length; element++)
        {
            var (input, feature) = (At(dims, element, weights.InputAxis), At(dims, element, weights.OutputAxis));
            if (weights.Groups > 1)
                (input, feature) = Grouped(weights, dims, element, input, feature);
            if (weights.Recurrence >= 0)
                feature %= dims[weights.OutputAxis];
            for (var k = 0; k < data.Dims[weights.DataAxis]; k++)
            {
                var changed = Changed(example, weights, element, k);
                Assert.Equal(k == input, changed.Elements.Count > 0);
                Assert.True(changed.Elements.Count == 0 || IsFeature(changed, feature),
                    $"{example.Op}: weight {element} is not of output feature {feature}");
                tried++;
            }
        }
        output.WriteLine($"{example.Op}: {tried} weights and inputs");
    }

    [Fact]
    public void every_weighted_operator_of_the_standard_is_tried_or_left_out_on_purpose() => Assert.Equal(
        OperatorListTests.All.Where(op => OpRules.Find("", op)!.Kind == OpKind.Layer).Order(StringComparer.Ordinal),
        Examples.Select(example => example.Op).Concat(NotTried.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(op => !op.Contains(':', StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal));

    /// <summary>The outputs that one weight changes, with the data zero but at one index of the summed axis.</summary>
    private static (HashSet<int> Elements, int[] Dims) Changed(OperatorExample example, LayerWeights weights, int element,
        int index)
    {
        var data = example.Inputs[weights.Data]!;
        int[] dims = [.. data.Dims.Select(size => (int)size)];
        // Integers stand for their distance to the zero point.
        var zero = data.Type == TensorProto.Types.DataType.Uint8 ? 3.0 : 0;
        double[] masked = [.. Enumerable.Range(0, dims.Aggregate(1, (a, b) => a * b))
            .Select(i => At(dims, i, weights.DataAxis) == index ? zero + 2 + i : zero)];
        var inputs = example.Inputs.ToArray();
        inputs[weights.Data] = data with { Values = masked };
        using var node = new OneNode(example with { Inputs = inputs }, weights.Weight);
        double[] values = [.. node.Input];
        values[element] += 7;
        var after = node.Run(values)[0];
        return (Enumerable.Range(0, after.Values.Length)
            .Where(i => !after.Values[i].Equals(node.Plain[0].Values[i]))
            .ToHashSet(), after.Dims);
    }

    /// <summary>True where all changed elements stand at one index of some axis, and others than they do
    /// not exist there.</summary>
    private static bool IsFeature((HashSet<int> Elements, int[] Dims) changed, int feature) =>
        Enumerable.Range(0, changed.Dims.Length)
        .Any(axis => changed.Elements.All(element => At(changed.Dims, element, axis) == feature));

    /// <summary>The channel of the data and the filter that a weight of a grouped convolution belongs to.</summary>
    private static (int Input, int Feature) Grouped(LayerWeights weights, int[] dims, int element, int input, int feature)
    {
        var group = At(dims, element, 0) / (dims[0] / weights.Groups);
        return weights.IsTransposed ? (input, group * dims[1] + feature) : (group * dims[1] + input, feature);
    }

    private static int At(int[] dims, int element, int axis) =>
        element / dims[(axis + 1)..].Aggregate(1, (a, b) => a * b) % dims[axis];

    private static AttributeProto Int(string name, long value) => AttributeProto.Of(name, value);

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);

    private static AttributeProto Text(string name, string value) => AttributeProto.Of(name, value);
}
