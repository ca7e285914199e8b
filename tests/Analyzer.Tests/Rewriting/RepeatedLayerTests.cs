using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>Operators with weights that stand twice in a file, on one value, are one layer: no exporter needs to have looked for
/// common subexpressions. g is a layer, s what is made of it once or twice, and y what is made of that.</summary>
public sealed class RepeatedLayerTests : IDisposable
{
    private const string Once = "MatMul g u m; Add m c s; Relu s p; MatMul p t k; MatMul p r l; Add k l z";

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Spellings { get; } = new()
    {
        { Once, "MatMul g u m; Add m c s; Relu s p; MatMul g u n; Add n c b; Relu b q; MatMul p t k; MatMul q r l; Add k l z" },
        { Once, "MatMul g u m; Add m c s; Relu s p; MatMul g u n; Add c n b; Relu b q; MatMul p t k; MatMul q r l; Add k l z" },
        {
            "Reshape g rows i; MatMul i u m; Mul m half s; Relu s p; MatMul p t k; MatMul p r l; Add k l z",
            "Reshape g rows i; MatMul i u m; Mul m half s; Relu s p; Reshape g rows1 j; MatMul j u n; Mul half1 n b; Relu b q; "
            + "MatMul p t k; MatMul q r l; Add k l z"
        },
        {
            Once,
            "MatMul g u m; Add m c s; Relu s p; Identity g i; Identity u v1; MatMul i v1 n; Add n c b; Relu b q; MatMul p t k; "
            + "MatMul q r l; Add k l z"
        },
        {
            "Gemm g u c s; Relu s p; MatMul p t k; MatMul p r l; Add k l z",
            "Gemm g u c s; Relu s p; Gemm g u c b; Relu b q; MatMul p t k; MatMul q r l; Add k l z"
        },
        {
            "Transpose u v1; MatMul g v1 m; Relu m p; MatMul p t k; Add k p z",
            "Transpose u v1; MatMul g v1 m; Relu m p; Transpose u v2; MatMul g v2 n; Relu n q; MatMul p t k; Add k q z"
        },
        {
            "MatMul g u m; Relu m p; Tanh m q; MatMul p t k; MatMul q r l; Add k l z",
            "MatMul g u m; Relu m p; MatMul g u n; Tanh n q; MatMul p t k; MatMul q r l; Add k l z"
        },
    };

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Spellings))]
    public void a_layer_spelled_twice_counts_once(string once, string twice)
    {
        var original = new Original("once", Model(once), folder, isWired: true);
        Assert.Empty(original.Compare(Model(twice), [], ConvNodes.Units).Differences);
    }

    [Theory]
    [InlineData("MatMul g u m; MatMul g u n; Add m n z", 3)]
    [InlineData("MatMul g u m; MatMul g w n; Add m n z", 4)]
    [InlineData("MatMul g u m; MatMul g u1 n; Add m n z", 4)]
    [InlineData("MatMul g u m; MatMul x u n; Add m n z", 4)]
    [InlineData("Gemm g u c m; Gemm g u d n; Add m n z", 4)]
    [InlineData("MatMul g u m; Dropout m half yes o; MatMul o t n; Dropout m half yes i; MatMul i t k; Add n k z", 5)]
    public void layers_that_differ_in_a_weight_or_in_what_they_read_are_two(string operators, int layers)
    {
        var path = folder.Path("two.onnx");
        ModelFile.Save(Model(operators), path);
        Assert.Equal(layers, LayerTracer.Trace(Checkpoint.Open(path), new TraceOptions()).Layers.Length);
    }

    private static ModelProto Model(string operators)
    {
        var model = PairNetworks.Rows(new TinyModel(17)).Weight("u", 4, 4).Weight("t", 4, 4).Weight("r", 4, 4)
            .Weight("c", 4).Weight("d", 4).Scalar("half", 0.5).Longs("rows", -1, 4)
            .Initializer("yes", [], [1], TensorProto.Types.DataType.Bool)
            .Node("MatMul", "x w", "e").Node("Relu", "e", "g");
        foreach (var copied in model.Proto.Graph.Initializer.Where(tensor => tensor.Name is "u" or "half" or "rows").ToArray())
        {
            var copy = copied.Clone();
            copy.Name += "1";
            model.Proto.Graph.Initializer.Add(copy);
        }
        foreach (var text in operators.Split("; "))
        {
            var words = text.Split(' ');
            model.Node(words[0], string.Join(' ', words[1..^1]), words[^1]);
        }
        model.Node("MatMul", "z v", "y").Output("y");
        foreach (var node in model.Proto.Graph.Node)
            node.Name = $"{node.OpType}@{node.Output[0]}";
        return model.Proto;
    }
}
