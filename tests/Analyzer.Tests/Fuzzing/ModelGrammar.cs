using Emergence.Analyzer.Tests.Graphs.Ops;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Analyzer.Tests.Pruning;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Fuzzing;

/// <summary>
/// Draws models that are models: operators with the inputs that they take, wired to one another where types fit, some of them in
/// bodies of If, Loop and Scan and in functions. A few are nonsense all the same, as sizes rarely fit. The same seed gives the
/// same model.
/// </summary>
internal sealed class ModelGrammar
{
    private const int Opset = 21;

    // What a draw of a few nodes should not spend its time on, or what gives other values at each run.
    private static readonly HashSet<string> Unsteady = new(StringComparer.Ordinal)
    {
        "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli", "Multinomial", "Dropout",
        "ImageDecoder",
    };

    private static readonly OperatorExample[] Examples =
        [.. OperatorExamples.All.Where(example => !Unsteady.Contains(example.Op))];

    private readonly Random random;
    private readonly TinyModel model = new(Opset, 10);
    private readonly List<(string Name, DataType Type)> tensors = [];
    private int named;

    private ModelGrammar(int seed) => random = new Random(seed);

    /// <summary>The model of a seed.</summary>
    public static ModelProto Draw(int seed)
    {
        if (seed % 4 == 0)
            return RandomNetwork.Draw(seed, steps: 1 + seed / 4 % 6, coupled: seed % 8 == 0);
        var grammar = new ModelGrammar(seed);
        return grammar.Draw();
    }

    private ModelProto Draw()
    {
        model.Input("x", [2, 3]);
        tensors.Add(("x", DataType.Float));
        Dense();
        var nodes = 1 + random.Next(6);
        for (var i = 0; i < nodes; i++)
            Step();
        Dense();
        var graph = model.Proto.Graph;
        var read = graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, type) in tensors.Where(tensor => !read.Contains(tensor.Name)).Take(3).ToArray())
            model.Output(name, null, type);
        return model.Proto;
    }

    private void Step()
    {
        switch (random.Next(12))
        {
            case 0 or 1:
                Dense();
                break;
            case 2:
                Branch();
                break;
            case 3:
                Repeat();
                break;
            case 4:
                Call();
                break;
            default:
                Example(Examples[random.Next(Examples.Length)]);
                break;
        }
    }

    // Layers are what the tracer is after.
    private void Dense()
    {
        var (x, width) = (Any(DataType.Float), Pick(3, 4));
        var weight = Stored(DataType.Float, [Pick(3, 4), width], null);
        Keep(Node("MatMul", [x, weight]), DataType.Float);
        if (random.Next(2) == 0)
            Keep(Node(Pick("Relu", "Tanh", "Sigmoid", "Gelu"), [tensors[^1].Name]), DataType.Float);
    }

    private void Example(OperatorExample example)
    {
        var inputs = example.Inputs.Select((input, i) => input is null ? ""
            // The first input is what flows; others are stored, but for some.
            : !input.IsSequence && tensors.Exists(tensor => tensor.Type == input.Type)
                && random.Next(i == 0 ? 5 : 1) < (i == 0 ? 4 : 0) ? Any(input.Type)
            : Stored(input.Type, input.Dims, [.. input.Fill()])).ToArray();
        var outputs = Enumerable.Range(0, example.Outputs).Select(_ => Name()).ToArray();
        var node = new NodeProto { OpType = example.Op, Name = random.Next(8) == 0 ? "" : outputs[0] };
        node.Input.Add(inputs);
        node.Output.Add(outputs);
        node.Attribute.Add(example.Attributes.Select(attribute => attribute.Clone()));
        model.Proto.Graph.Node.Add(node);
        Keep(outputs[0], example.Inputs.FirstOrDefault()?.Type ?? DataType.Float);
    }

    private void Branch()
    {
        var (x, type) = (Any(DataType.Float), DataType.Float);
        GraphProto Body(string op)
        {
            var body = new GraphBuilder(Name());
            body.Output(body.Node("MatMul", [body.Node(op, [x]), Inner(body)]), type);
            return body.Graph;
        }
        var condition = random.Next(2) == 0
            ? Stored(DataType.Bool, [], [1])
            : Node("Greater", [Node("ReduceMax", [x], AttributeProto.Of("keepdims", 0)), Stored(DataType.Float, [], [0])]);
        Keep(Node("If", [condition],
            AttributeProto.Of("then_branch", Body("Relu")), AttributeProto.Of("else_branch", Body("Neg"))), type);
    }

    private void Repeat()
    {
        var x = Any(DataType.Float);
        var body = new GraphBuilder(Name());
        if (random.Next(2) == 0)
        {
            body.Input(Name(), DataType.Int64);
            var go = body.Input(Name(), DataType.Bool);
            var state = body.Input(Name(), DataType.Float);
            body.Output(body.Node("Identity", [go]), DataType.Bool);
            body.Output(body.Node("Tanh", [body.Node("MatMul", [state, Inner(body)])]), DataType.Float);
            Keep(Node("Loop", [Stored(DataType.Int64, [], [random.Next(4)]), Stored(DataType.Bool, [], [1]), x],
                AttributeProto.Of("body", body.Graph)), DataType.Float);
            return;
        }
        var element = body.Input(Name(), DataType.Float);
        body.Output(body.Node("Relu", [element]), DataType.Float);
        Keep(Node("Scan", [x], AttributeProto.Of("body", body.Graph), AttributeProto.Of("num_scan_inputs", 1)), DataType.Float);
    }

    private void Call()
    {
        var function = new FunctionProto { Name = Name(), Domain = "fuzz", Input = { "a" }, Output = { "b" } };
        function.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        function.Node.Add(new NodeProto { OpType = Pick("Relu", "Neg", "Softmax"), Input = { "a" }, Output = { "m" } });
        function.Node.Add(random.Next(4) == 0 && model.Proto.Functions.Count > 0
            ? new NodeProto { OpType = model.Proto.Functions[0].Name, Domain = "fuzz", Input = { "m" }, Output = { "b" } }
            : new NodeProto { OpType = "Add", Input = { "m", "a" }, Output = { "b" } });
        model.Proto.Functions.Add(function);
        if (model.Proto.OpsetImport.All(import => import.Domain != "fuzz"))
            model.Proto.OpsetImport.Add(new OperatorSetIdProto { Domain = "fuzz", Version = 1 });
        var output = Name();
        model.Proto.Graph.Node.Add(new NodeProto
        {
            OpType = function.Name,
            Domain = "fuzz",
            Name = output,
            Input = { Any(DataType.Float) },
            Output = { output },
        });
        Keep(output, DataType.Float);
    }

    private string Inner(GraphBuilder body) =>
        body.Initializer(Name(), [3, 3], [.. Enumerable.Range(0, 9).Select(_ => random.NextSingle() - 0.5f)]);

    private string Node(string op, string[] inputs, params AttributeProto[] attributes)
    {
        var output = Name();
        model.Proto.Graph.Node.Add(
            new NodeProto { OpType = op, Name = output, Input = { inputs }, Output = { output }, Attribute = { attributes } });
        return output;
    }

    private string Stored(DataType type, long[] dims, double[]? values)
    {
        var name = Name();
        if (type == DataType.String)
        {
            model.Proto.Graph.Initializer.Add(new TensorProto
            {
                Name = name,
                DataType = (int)type,
                Dims = { dims },
                StringData = { Enumerable.Repeat(Google.Protobuf.ByteString.CopyFromUtf8("a"), (int)Count(dims)) },
            });
        }
        else
        {
            values ??= [.. Enumerable.Range(0, (int)Count(dims)).Select(_ => random.NextDouble() - 0.5)];
            model.Initializer(name, dims, values, type);
        }
        return name;
    }

    private static long Count(long[] dims) => dims.Aggregate(1L, (count, dim) => count * dim);

    private string Any(DataType type)
    {
        var fitting = tensors.Where(tensor => tensor.Type == type).ToArray();
        return fitting[random.Next(Math.Max(0, fitting.Length - 4), fitting.Length)].Name;
    }

    private void Keep(string name, DataType type) => tensors.Add((name, type));

    private string Name() => $"t{named++}";

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];
}
