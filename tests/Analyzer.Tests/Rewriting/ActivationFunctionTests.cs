using System.Globalization;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>
/// Every activation function, as an operator and in parts, behind every constant that may stand in front of it and in front
/// of every constant that may stand behind: the nodes have the means that the definition gives, worked out here in double.
/// </summary>
public sealed class ActivationFunctionTests : IDisposable
{
    private const int Samples = 8;
    private const int Width = 6;

    private static readonly double[] Vector = [0.5, 2, -1, 1, 0.25, -2];
    private static readonly double[] Slopes = [0.5, 0.25, 0.125, 0.5, 0.25, 0.125];
    private static readonly double[] X = TinyModel.Quarters(Samples * 4, 7);
    private static readonly double[] W = TinyModel.Quarters(4 * Width, 3);

    private readonly TemporaryFolder folder = new();

    private static readonly Dictionary<string, Function> Functions = new()
    {
        ["Relu"] = new("Relu", "Relu", [], (x, _) => Math.Max(x, 0)),
        ["LeakyRelu"] = new("LeakyRelu", "LeakyRelu", [AttributeProto.Of("alpha", 0.125f)], (x, _) => x < 0 ? 0.125 * x : x),
        ["Sigmoid"] = new("Sigmoid", "Sigmoid", [], (x, _) => Sigmoid(x)),
        ["Tanh"] = new("Tanh", "Tanh", [], (x, _) => Math.Tanh(x)),
        ["HardSigmoid"] = new("HardSigmoid", "HardSigmoid", [], (x, _) => Math.Clamp(0.2 * x + 0.5, 0, 1)),
        ["HardSigmoid of 1/6"] = new("HardSigmoid", "HardSigmoid", [AttributeProto.Of("alpha", 1 / 6f)],
            (x, _) => Math.Clamp(x / 6 + 0.5, 0, 1)),
        ["HardSwish"] = new("HardSwish", "HardSwish", [], (x, _) => x * Math.Clamp(x / 6 + 0.5, 0, 1)),
        ["Softplus"] = new("Softplus", "Softplus", [], (x, _) => Math.Log(1 + Math.Exp(x))),
        ["Softsign"] = new("Softsign", "Softsign", [], (x, _) => x / (1 + Math.Abs(x))),
        ["Elu"] = new("Elu", "Elu", [], (x, _) => x < 0 ? Math.Exp(x) - 1 : x),
        ["Selu"] = new("Selu", "Selu", [], (x, _) => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * (Math.Exp(x) - 1) : x)),
        ["Gelu"] = new("Gelu", "Gelu", [], (x, _) => x * Normal(x)),
        ["Gelu by Tanh"] = new("Gelu", "Gelu", [AttributeProto.Of("approximate", "tanh")],
            (x, _) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        ["Mish"] = new("Mish", "Mish", [], (x, _) => x * Math.Tanh(Math.Log(1 + Math.Exp(x)))),
        ["Swish"] = new("Swish", "Swish", [], (x, _) => x * Sigmoid(x)),
        ["Clip at 0 and 6"] = new("Clip", "Clip", [], (x, _) => Math.Clamp(x, 0, 6)),
        ["ThresholdedRelu"] = new("ThresholdedRelu", "ThresholdedRelu", [AttributeProto.Of("alpha", 0.25f)],
            (x, _) => x > 0.25 ? x : 0),
        ["PRelu"] = new("PRelu", "LeakyRelu", [], (x, node) => x < 0 ? Slopes[node] * x : x),
    };

    private static readonly Dictionary<string, Place> Places = new()
    {
        ["nothing"] = new(model => Plain(model, "z", "p").Node("Identity", "a", "b"), (x, _) => x, y => y),
        ["one factor in front"] = new(model => model.Scalar("c", 0.5).Node("Mul", "z c", "p").Node("Identity", "a", "b"),
            (x, _) => 0.5 * x, y => y),
        ["one divisor in front"] = new(model => model.Initializer("c", [1], [-0.5]).Node("Div", "z c", "p")
            .Node("Identity", "a", "b"), (x, _) => -2 * x, y => y),
        ["one summand in front"] = new(model => model.Scalar("c", 0.75).Node("Add", "c z", "p").Node("Identity", "a", "b"),
            (x, _) => x + 0.75, y => y),
        ["one subtrahend in front"] = new(model => model.Scalar("c", 3).Node("Sub", "z c", "p").Node("Identity", "a", "b"),
            (x, _) => x - 3, y => y),
        ["factor and summand in front"] = new(model => model.Scalar("c", 3).Scalar("d", 0.5).Node("Mul", "z c", "z1")
            .Node("Sub", "d z1", "p").Node("Identity", "a", "b"),
            (x, _) => 0.5 - 3 * x, y => y),
        ["a factor per node in front"] = new(model => model.Initializer("c", [Width], Vector).Node("Mul", "z c", "p")
            .Node("Identity", "a", "b"), (x, node) => Vector[node] * x, y => y),
        ["a bias in front"] = new(model => model.Initializer("c", [Width], Vector).Node("Add", "z c", "p")
            .Node("Identity", "a", "b"), (x, node) => x + Vector[node], y => y),
        ["BatchNormalization in front"] = new(model => model.Initializer("c", [Width], Vector)
            .Initializer("ones", [Width], Vector.Select(_ => 1.0))
            .Node("BatchNormalization", "z c c ones ones", "p", AttributeProto.Of("epsilon", 0f)).Node("Identity", "a", "b"),
            (x, node) => Vector[node] * (x - 1) + Vector[node], y => y),
        ["one factor behind"] = new(model => Plain(model, "z", "p").Scalar("c", 4).Node("Mul", "a c", "b"), (x, _) => x, y => y),
        ["a factor per node behind"] = new(model => Plain(model, "z", "p").Initializer("c", [Width], Vector)
            .Node("Mul", "c a", "b"), (x, _) => x, y => y),
        ["one summand behind"] = new(model => Plain(model, "z", "p").Scalar("c", 4).Node("Add", "a c", "b"),
            (x, _) => x, y => y),
        ["a quantizer behind"] = new(model => Plain(model, "z", "p").Scalar("s", 1 / 16.0)
            .Initializer("zero", [], [0], DataType.Int8)
            .Node("QuantizeLinear", "a s zero", "q").Node("DequantizeLinear", "q s zero", "b"), (x, _) => x, Quantized),
        ["a quantizer in parts behind"] = new(model => Plain(model, "z", "p").Scalar("s", 1 / 16.0).Scalar("low", -128)
            .Scalar("high", 127)
            .Node("Div", "a s", "q1").Node("Round", "q1", "q2").Node("Clip", "q2 low high", "q3").Node("Mul", "q3 s", "b"),
            (x, _) => x, Quantized),
    };

    /// <summary>An activation function.</summary>
    /// <param name="Op">Its operator.</param>
    /// <param name="Name">The name that is shown.</param>
    /// <param name="Attributes">The operator's.</param>
    /// <param name="F">Its result for a value at a node.</param>
    private sealed record Function(string Op, string Name, AttributeProto[] Attributes, Func<double, int, double> F);

    /// <summary>What stands in front of the function, from z to p, and behind it, from a to b.</summary>
    /// <param name="Spell">Adds it to a model.</param>
    /// <param name="Before">What it makes of a value at a node before the function.</param>
    /// <param name="After">What it makes of the function's result, as far as that is read.</param>
    private sealed record Place(Func<TinyModel, TinyModel> Spell, Func<double, int, double> Before, Func<double, double> After);

    public static MatrixTheoryData<string, string> Cases => new([.. Functions.Keys], [.. Places.Keys]);

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void a_layer_is_read_behind_its_function(string function, string place)
    {
        var (op, name, attributes, f) = Functions[function];
        var (spell, before, after) = Places[place];
        var tiny = spell(new TinyModel(24, ir: 10).Input("x", [null, 4]).Initializer("w", [4, Width], W).Weight("v", Width, 2)
                .Scalar("least", 0).Scalar("most", 6).Initializer("slope", [Width], Slopes).Node("MatMul", "x w", "z"))
            .Node(op, op switch { "Clip" => "p least most", "PRelu" => "p slope", _ => "p" }, "a", attributes)
                .Node("MatMul", "b v", "y").Output("y");
        var means = Enumerable.Range(0, Width).Select(node => Enumerable.Range(0, Samples).Average(sample =>
            after(f(before(Enumerable.Range(0, 4).Sum(i => X[sample * 4 + i] * W[i * Width + node]), node), node)))).ToArray();

        var failures = new List<string>();
        void Hold(string form, ModelProto model)
        {
            var path = folder.Path("tiny.onnx");
            ModelFile.Save(model, path);
            var numbers = NetworkNumbers.Of(path, _ => tiny.Probe(Samples, X),
                new AnalysisSettings { Device = Device.Cpu, Threads = 1, Optimization = Optimization.None });
            var layer = numbers.Layers["@0"];
            var worst = Enumerable.Range(0, Width).MaxBy(node => Math.Abs(layer.Means[node] - means[node]));
            if (layer.Function != name)
                failures.Add($"{form}: named {layer.Function}");
            if (!(Math.Abs(layer.Means[worst] - means[worst]) <= 2e-5))
                failures.Add(string.Create(CultureInfo.InvariantCulture,
                    $"{form}: node {worst} has the mean {layer.Means[worst]}, not {means[worst]}"));
        }

        var original = RandomNetworks.Numbered(Draft(tiny.Proto).Finish());
        Hold("operator", original);
        foreach (var (_, form, parts) in Kinds.Functions.Forms.Where(form => form.Op == op))
        {
            var draft = Draft(original);
            var node = draft.Graph.Node.Single(node => node.Output[0] == "a");
            draft.Replace(node, () => parts(draft, node, "p"));
            Hold(form, draft.Finish());
        }
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private Draft Draft(ModelProto model) => new(model, new Dictionary<string, TensorForm>(), folder.Root, new Random(1));

    private static TinyModel Plain(TinyModel model, string from, string to) => model.Node("Identity", from, to);

    private static double Quantized(double y) => Math.Clamp(Math.Round(y * 16, MidpointRounding.ToEven), -128, 127) / 16;

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary>The normal distribution's Φ, by Simpson's rule.</summary>
    private static double Normal(double x)
    {
        const int Steps = 2000;
        double Density(double t) => Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI);
        var sum = Density(0) + Density(x);
        for (var i = 1; i < Steps; i++)
            sum += Density(x * i / Steps) * (i % 2 == 0 ? 2 : 4);
        return 0.5 + sum * x / Steps / 3;
    }
}
