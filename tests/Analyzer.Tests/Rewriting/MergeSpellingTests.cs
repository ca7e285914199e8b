using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// Branches merged in several operators are merged as by one: whatever the association and the order, the latest branch owns
/// the whole. h is a layer, p and q are two that it feeds, and s is what they make; a Relu stands behind.
/// </summary>
public sealed class MergeSpellingTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Spellings { get; } = new()
    {
        { "Sum h p q s", "Add h p a; Add a q s" },
        { "Sum h p q s", "Add q h a; Add p a s" },
        { "Sum h p q s", "Sum q p a; Add h a s" },
        { "Sum h p q s", "Add p q a; Identity a b; Sum b h s" },
        { "Sum h p q c s", "Add h p a; Add c a b; Add b q s" },
        { "Sum h p q h s", "Add h p a; Add h q b; Add a b s" },
        { "Sub h p a; Sub a q s", "Add p q a; Sub h a s" },
        { "Mul h p a; Mul a q s", "Mul p q a; Mul h a s" },
        { "Max h p q s", "Max h q a; Max p a s" },
        { "Sum h p q s", "Unsqueeze h axis a; Unsqueeze p axis b; Unsqueeze q axis f; Concat a b f k; ReduceSum k axis s" },
        { "Mean h p q s", "Unsqueeze q axis a; Unsqueeze p axis b; Unsqueeze h axis f; Concat a b f k; ReduceMean k s" },
        { "Max p q s", "Unsqueeze p axis a; Unsqueeze q axis b; Concat a b k; Identity k l; ReduceMax l s" },
        { "Sum h p q s", "Concat h p q k; Reshape k stack l; ReduceSum l axis s" },
        { "Mean h p q s", "Concat q h p k; Identity k i; Reshape i stack l; ReduceMean l s" },
        { "Max p q s", "Unsqueeze p axis a; Unsqueeze q axis b; Concat a b k; Reshape k pair l; ReduceMax l s" },
        {
            "Relu p a; Relu q b; Min a b s",
            "Relu p f; Relu q g; Unsqueeze f axis a; Unsqueeze g axis b; Concat a b k; ReduceMin k s"
        },
        { "Max h p q s", "Greater h p g; Where g h p a; Less a q l; Where l q a s" },
        { "Min h p q s", "Min q p a; Min a h s" },
        { "Min h p q s", "Greater h p g; Where g p h a; Min q a s" },
        { "Max p q s", "Greater p q g; Where g p q s" },
        { "Max p q s", "GreaterOrEqual q p g; Where g q p s" },
        { "Max p q s", "Less p q g; Where g q p s" },
        { "Max p q s", "LessOrEqual q p g; Not g n; Where n q p s" },
        { "Min p q s", "Greater p q g; Where g q p s" },
        { "Min p q s", "GreaterOrEqual p q g; Not g n; Where n p q s" },
        { "Min p q s", "Less q p g; Where g q p s" },
        { "Min p q s", "LessOrEqual p q g; Not g n; Not n m; Where m p q s" },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Spellings))]
    public void branches_merge_as_by_one_operator(string one, string other)
    {
        var original = new Original("one", PairNetworks.Layered(Merged(one).Proto), folder, isWired: true);
        Assert.Empty(original.Compare(PairNetworks.Layered(Merged(other).Proto), [], ConvNodes.Units).Differences);
    }

    [Theory]
    [InlineData("Add h p a; com.microsoft::SkipLayerNormalization a q c d n")]
    [InlineData("Add q h a; com.microsoft::SkipLayerNormalization p a c d n")]
    [InlineData("com.microsoft::SkipLayerNormalization p q c d n", "Add p q s; LayerNormalization s c d n")]
    [InlineData("Add h p a; Add a e b; com.microsoft::SkipLayerNormalization b q c d n",
        "Sum h p q e s; LayerNormalization s c d n")]
    public void a_fused_normalization_merges_as_the_sum_in_front_of_it(
        string fused, string parts = "Sum h p q s; LayerNormalization s c d n")
    {
        ModelProto Model(string operators) => PairNetworks.Layered(Merged(operators, "n").Proto);
        var original = new Original("one", Model(parts), folder, isWired: true);
        Assert.Empty(original.Compare(Model(fused), [], ConvNodes.Units).Differences);
    }

    private static TinyModel Merged(string operators, string result = "s")
    {
        var model = PairNetworks.Rows(new TinyModel(17)).Weight("u", 4, 4).Weight("t", 4, 4)
            .Weight("c", 4).Weight("d", 4).Weight("e", 4).Longs("axis", 1).Longs("stack", -1, 3, 4)
            .Longs("pair", -1, 2, 4)
            .Node("MatMul", "x w", "h0").Node("Relu", "h0", "h").Node("MatMul", "h u", "p").Node("MatMul", "h t", "q");
        foreach (var text in operators.Split("; "))
        {
            var words = text.Split(' ');
            model.Node(words[0], string.Join(' ', words[1..^1]), words[^1], AttributesOf(words[0]));
        }
        return model.Node("Relu", result, "r").Node("MatMul", "r v", "y").Output("y");
    }

    private static AttributeProto[] AttributesOf(string op) => op switch
    {
        "Concat" => [AttributeProto.Of("axis", 1)],
        "ReduceSum" => [AttributeProto.Of("keepdims", 0)],
        "ReduceMean" or "ReduceMax" or "ReduceMin" => [AttributeProto.Of("axes", [1L]), AttributeProto.Of("keepdims", 0)],
        _ => [],
    };
}
