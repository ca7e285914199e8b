using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>
/// No input is dropped in silence. Each input of each operator is made the result of a layer in turn: that layer must then be
/// carried by an output or feed the layer that the operator opens, or the input only decides a shape.
/// </summary>
public class CarriedOrNamedTests(ITestOutputHelper output)
{
    /// <summary>The inputs whose values decide no more than a shape or a type, by the standard.</summary>
    private const string ShapeOnly = """
        Shape:0 Size:0 EyeLike:0 RandomNormalLike:0 RandomUniformLike:0 ConstantOfShape:0 CastLike:1 Reshape:1 Squeeze:1 Unsqueeze:1
        Expand:1 Tile:1 Split:1 CenterCropPad:1 AffineGrid:1 Resize:3 MaxUnpool:2 TopK:1 OneHot:1
        """;

    public static TheoryData<string> Ops => [.. OperatorExamples.All.Select(example => example.Op).Distinct()];

    [Fact]
    public void every_operator_of_the_standard_has_an_example_but_those_with_bodies() => Assert.Equal(
        OperatorListTests.All.Except(["If", "Loop", "Scan", "SequenceMap"]).Order(StringComparer.Ordinal),
        OperatorExamples.All.Select(example => example.Op).Distinct().Order(StringComparer.Ordinal));

    /// <summary>An example that the runtime does not take shows nothing.</summary>
    [Theory]
    [MemberData(nameof(Ops))]
    public void the_examples_are_valid(string op)
    {
        foreach (var example in OperatorExamples.All.Where(example => example.Op == op))
        {
            var model = Model(example, computed: -1, othersStored: true);
            if (example.HasNoKernel)
                Assert.Throws<OnnxRuntimeException>(() => Load(model));
            else
                Load(model);
        }
    }

    [Theory]
    [MemberData(nameof(Ops))]
    public void each_computed_input_is_carried_or_only_decides_a_shape(string op)
    {
        foreach (var example in OperatorExamples.All.Where(example => example.Op == op))
        {
            for (var input = 0; input < example.Inputs.Length; input++)
            {
                if (example.Inputs[input] is null)
                    continue;
                foreach (var othersStored in (bool[])[true, false])
                {
                    // A shape that is computed from activations is named, as it is not known before the model runs.
                    var fate = Fate(example, input, othersStored);
                    Assert.True(fate == Expected(op, input) || fate == "named" && Expected(op, input) == "shape only",
                        $"input {input}: {fate}");
                }
            }
        }
    }

    [Fact]
    public void the_count_of_what_was_tried()
    {
        var fates = OperatorExamples.All.SelectMany(example => Enumerable.Range(0, example.Inputs.Length)
            .Where(input => example.Inputs[input] is not null).Select(input => Fate(example, input, othersStored: false)))
                .ToArray();
        var text = string.Join(", ", fates.CountBy(fate => fate).Select(count => $"{count.Value} {count.Key}"));
        output.WriteLine($"{OperatorExamples.All.Count} examples of {Ops.Count} operators, {fates.Length} inputs: {text}");
        Assert.DoesNotContain("lost", fates);
        Assert.True(fates.Length > 300);
    }

    private static string Expected(string op, int input) =>
        ShapeOnly.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Contains($"{op}:{input}")
            ? "shape only"
            : "carried";

    private static string Fate(OperatorExample example, int input, bool othersStored)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Path("example.onnx");
        ModelFile.Save(Model(example, input, othersStored), path);
        var traced = LayerTracer.TraceFully(Checkpoint.Open(path), new TraceOptions());
        var source = traced.Builders.Single(layer => layer.NodeName == "source");
        var opened = traced.Builders.Where(layer => layer.NodeName == example.Op).ToArray();
        var isCarried =
            opened.Any(layer => layer.DenseFrom.Contains(source) || layer.IdentityFrom.Exists(from => from.Layer == source))
            || Outputs(example)
                .Any(name =>
                    traced.Tensors.GetValueOrDefault(name) is { IsConstant: false } tensor
                        && tensor.Carries.Any(carry => carry.Layer == source));
        return isCarried ? "carried"
            : traced.Graph.Diagnostics.Any(diagnostic => diagnostic.Subject == example.Op) ? "named"
            : Expected(example.Op, input) == "shape only" ? "shape only" : "lost";
    }

    private static IEnumerable<string> Outputs(OperatorExample example) =>
        Enumerable.Range(0, example.Outputs).Select(i => $"y{i}");

    /// <summary>The example's node; its inputs are stored, or inputs of the model, and one may come from a layer.</summary>
    private static ModelProto Model(OperatorExample example, int computed, bool othersStored)
    {
        var tiny = new TinyModel(example.Opset, example.Opset > 21 ? 11 : 10);
        tiny.Proto.Graph.Name = example.Op;
        var names = new List<string>();
        for (var i = 0; i < example.Inputs.Length; i++)
        {
            if (example.Inputs[i] is not { } input)
            {
                names.Add("");
                continue;
            }
            var name = $"x{i}";
            var count = input.Dims.Aggregate(1L, (product, size) => product * size);
            if (i == computed)
            {
                tiny.Input("data", [1, 4]).Weight("w", 4, count).Node("MatMul", "data w", "h").Output("h");
                tiny.Proto.Graph.Node[^1].Name = "source";
                tiny.Longs("dims", input.Dims).Node("Reshape", "h dims", "shaped");
                if (input.Type == DataType.Float)
                    name = "shaped";
                else
                    tiny.Node("Cast", "shaped", name, AttributeProto.Of("to", (int)input.Type));
            }
            else if (input.Type == DataType.String)
            {
                var strings = new TensorProto { Name = name, DataType = (int)DataType.String, Dims = { input.Dims } };
                strings.StringData.Add(Enumerable.Range(0, (int)count)
                    .Select(_ => Google.Protobuf.ByteString.CopyFromUtf8("a b")));
                tiny.Proto.Graph.Initializer.Add(strings);
            }
            else if (othersStored || input.Values is not null)
            {
                tiny.Initializer(name, input.Dims, input.Fill(), input.Type);
            }
            else
            {
                tiny.Input(name, [.. input.Dims.Select(size => (long?)size)], input.Type, batchAxis: -1);
            }
            if (input.IsSequence)
                tiny.Node("SequenceConstruct", name, name += "s");
            names.Add(name);
        }
        tiny.Node(example.Op, string.Join(' ', names), string.Join(' ', Outputs(example)),
            [.. example.Attributes.Select(attribute => attribute.Clone())]);
        tiny.Proto.Graph.Node[^1].Name = example.Op;
        foreach (var name in Outputs(example))
            tiny.Proto.Graph.Output.Add(new ValueInfoProto { Name = name });
        return tiny.Proto;
    }

    private static void Load(ModelProto model)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL
        };
        using var session = new InferenceSession(ModelFile.Serialize(model), options);
        using var run = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var results = session.Run(run, new Dictionary<string, OrtValue>(), session.OutputNames);
        Assert.NotEmpty(results);
    }
}
