using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// A normalization of h whose scale is multiplied onto the statistic is the one whose scale is multiplied onto the values: it
/// is applied, and scale and shift are parameters of the layer. m, d and i are the mean, the centered values and the inverse
/// deviation of h, g and b scale and shift; n is the result, a Relu stands behind.
/// </summary>
public sealed class NormalizationSpellingTests : IDisposable
{
    private const string Plain = "Mul d i z; Mul z g s; Add s b n";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Spellings { get; } = new()
    {
        { Plain, "Mul i g k; Mul d k s; Add s b n" },
        { Plain, "Mul g i k; Mul k d s; Add b s n" },
        { Plain, "Mul i g k; Mul h k s; Mul m k o; Sub b o p; Add s p n" },
        { Plain, "Mul i g k; Mul k h s; Mul k m o; Sub s o p; Add p b n" },
        { "Mul d g s; Add s b n", "Mul h g s; Mul g m o; Sub b o p; Add s p n" },
        { "Mul h i z; Mul z g n", "Mul i g k; Mul k h n" },
        { "ReduceL2 h l; Div h l z; Mul z g n", "ReduceL2 h l; Div g l k; Mul h k n" },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Spellings))]
    public void a_scale_on_the_statistic_is_one_on_the_values(string one, string other)
    {
        var original = new Original("one", PairNetworks.Layered(Normalized(one).Proto), folder, isWired: true);
        Assert.Empty(original.Compare(PairNetworks.Layered(Normalized(other).Proto), [], ConvNodes.Units).Differences);
    }

    private static TinyModel Normalized(string operators)
    {
        var last = AttributeProto.Of("axes", [-1L]);
        var model = PairNetworks.Rows(new TinyModel(16)).Scalar("epsilon", 0.01)
            .Initializer("g", [4], [1, 0.5, -2, 1.5]).Initializer("b", [4], [0.25, -0.5, 0, 0.125])
            .Node("MatMul", "x w", "h").Node("ReduceMean", "h", "m", last).Node("Sub", "h m", "d").Node("Mul", "d d", "d2")
            .Node("ReduceMean", "d2", "d3", last).Node("Add", "d3 epsilon", "d4").Node("Sqrt", "d4", "e")
            .Node("Reciprocal", "e", "i");
        foreach (var text in operators.Split("; "))
        {
            var words = text.Split(' ');
            AttributeProto[] attributes = words[0] == "ReduceL2" ? [last] : [];
            model.Node(words[0], string.Join(' ', words[1..^1]), words[^1], attributes);
        }
        return model.Node("Relu", "n", "r").Node("MatMul", "r v", "y").Output("y");
    }
}
