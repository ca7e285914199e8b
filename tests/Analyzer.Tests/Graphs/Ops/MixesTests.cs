using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>
/// The axes that an operator says it mixes along, against ONNX Runtime: each element of the first input is changed in turn. What
/// changes elsewhere on an axis is mixed along it, and an axis that is named must show it.
/// </summary>
public class MixesTests(ITestOutputHelper output)
{
    /// <summary>
    /// Operators that pick along an axis by indices: with stored ones, an element may stay where it was. A Slice backwards, a
    /// reversed sequence and a TopK exchange elements; attention and recurrence without their masks do not reach every axis.
    /// </summary>
    private const string NamesMore =
        "Scatter ScatterElements Gather GatherElements GatherND Compress Attention RNN GRU LSTM TopK";

    /// <summary>Sequences are no tensors, and random numbers tell nothing.</summary>
    private static readonly string[] Untold =
        ["SequenceConstruct", "SplitToSequence", "Bernoulli", "Multinomial", "RandomNormalLike", "RandomUniformLike"];

    private static IEnumerable<OperatorExample> Examples => OperatorExamples.All.Concat(SourceExamples.All).Concat(
    [
        .. OperatorExamples.Of("f2,3,2,2", "Softmax LogSoftmax Hardmax", 11, 1, AttributeProto.Of("axis", 1L)),
        .. OperatorExamples.Of("f2,3,4", "Softmax", 13, 1, AttributeProto.Of("axis", 0L)),
        .. OperatorExamples.Of("f4,3 i=-1 i=-9 i=0 i=-1", "Slice"),
        .. OperatorExamples.Of("f2,3,4,2 f3 f3", "InstanceNormalization"),
        .. OperatorExamples.Of("f2,3,4 f3,4", "LayerNormalization", 17, 1, AttributeProto.Of("axis", 1L)),
        .. OperatorExamples.Of("f2,3,4", "LpNormalization", 13, 1, AttributeProto.Of("axis", 1L)),
        .. OperatorExamples.Of("f1,3,4,4", "AveragePool MaxPool", 13, 1, AttributeProto.Of("kernel_shape", [3L, 3L]),
            AttributeProto.Of("pads", [1L, 1L, 1L, 1L])),
        .. OperatorExamples.Of("f4,3 i=1,0,-1,0", "Pad", 19, 1, AttributeProto.Of("mode", "wrap")),
        .. OperatorExamples.Of("f2,3,4,4 f3,3,3,3", "Conv", 13, 1, AttributeProto.Of("pads", [1L, 1L, 1L, 1L])),
    ]);

    public static TheoryData<string> Ops =>
        [.. Examples.Where(example =>
            !example.HasNoKernel
                && example.Inputs is [
                { IsSequence: false, Type: DataType.Float or DataType.Uint8 or DataType.Int64 or DataType.Bool }, ..])
        .Select(example => example.Op).Distinct().Except(Untold)];

    [Theory]
    [MemberData(nameof(Ops))]
    public void what_mixes_is_what_a_run_shows(string op)
    {
        var tried = 0;
        foreach (var example in Examples.Where(example => example.Op == op))
        {
            using var node = new OneNode(example, 0);
            int[] dims = [.. example.Inputs[0]!.Dims.Select(size => (int)size)];
            // Only where the output has the axes of the input does the shape not tell.
            if (!node.Plain[0].Dims.AsSpan().SequenceEqual(dims))
                continue;
            int[] said = [.. SourcesTests.RuleOf(op).Mixes(node.Call).Order()];
            var seen = Seen(example, node, dims);
            Assert.True(seen.All(said.Contains),
                $"{op} [{string.Join(',', dims)}] mixes along {string.Join(',', seen)} and names {string.Join(',', said)}");
            if (!NamesMore.Split(' ').Contains(op))
                Assert.Equal(said.Where(axis => dims[axis] > 1), seen);
            tried++;
        }
        output.WriteLine($"{op}: {tried} examples whose output has the axes of the input");
    }

    /// <summary>The axes along which a changed element changes others.</summary>
    private static int[] Seen(OperatorExample example, OneNode node, int[] dims)
    {
        var seen = new SortedSet<int>();
        for (var element = 0; element < node.Input.Length; element++)
        {
            foreach (var value in SourcesTests.Others(example.Inputs[0]!.Type, node.Input[element]))
            {
                double[] values = [.. node.Input];
                values[element] = value;
                var after = node.Run(values)[0].Values;
                foreach (var changed in Enumerable.Range(0, after.Length)
                    .Where(i => SourcesTests.Differs(after[i], node.Plain[0].Values[i])))
                    seen.UnionWith(Enumerable.Range(0, dims.Length)
                        .Where(axis => At(dims, changed, axis) != At(dims, element, axis)));
            }
        }
        return [.. seen];
    }

    private static int At(int[] dims, int element, int axis) =>
        element / dims[(axis + 1)..].Aggregate(1, (a, b) => a * b) % dims[axis];
}
