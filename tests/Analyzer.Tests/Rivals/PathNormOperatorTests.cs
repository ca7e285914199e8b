using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Emergence.Analyzer.Tests.Rivals;

/// <summary>
/// Path norms through one operator at a time, against the weights that the runtime itself shows: what the operator gives on
/// zeros and on each unit vector.
/// </summary>
public sealed class PathNormOperatorTests
{
    private const int Side = 4;

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);

    private static readonly AttributeProto Two = Ints("kernel_shape", 2, 2), Three = Ints("kernel_shape", 3, 3);

    private static readonly AttributeProto Padded = Ints("pads", 1, 1, 1, 1), Strided = Ints("strides", 2, 2);

    // From x, images of one channel, to o.
    private static readonly Dictionary<string, Action<TinyModel>> Operators = new(StringComparer.Ordinal)
    {
        ["MaxPool"] = model => model.Node("MaxPool", "x", "o", Two, Strided),
        ["MaxPool, overlapping and padded"] = model => model.Node("MaxPool", "x", "o", Three, Padded),
        ["MaxPool, as large as the input"] = model => model.Node("MaxPool", "x", "o",
            AttributeProto.Of("auto_pad", "SAME_UPPER"), Three, Strided, AttributeProto.Of("storage_order", 0L)),
        ["MaxPool, dilated"] = model => model.Node("MaxPool", "x", "o", Two, Ints("dilations", 2, 2)),
        ["MaxPool, rounded up"] = model =>
            model.Node("MaxPool", "x", "o", Three, Strided, AttributeProto.Of("ceil_mode", 1L)),
        ["GlobalMaxPool"] = model => model.Node("GlobalMaxPool", "x", "o"),
        ["AveragePool"] = model => model.Node("AveragePool", "x", "o", Two),
        ["AveragePool, padded"] = model => model.Node("AveragePool", "x", "o", Three, Padded),
        ["AveragePool, padding counted of none"] = model =>
            model.Node("AveragePool", "x", "o", Two, AttributeProto.Of("count_include_pad", 1L)),
        ["AveragePool, padding counted"] = model =>
            model.Node("AveragePool", "x", "o", Three, Padded, AttributeProto.Of("count_include_pad", 1L)),
        ["GlobalAveragePool"] = model => model.Node("GlobalAveragePool", "x", "o"),
        ["Relu"] = model => model.Node("Relu", "x", "o"),
        ["Concat"] = model => model.Scalar("c", -3).Node("Mul", "x c", "a")
            .Node("Concat", "x a", "o", AttributeProto.Of("axis", 2L)),
        ["Div"] = model => model.Initializer("c", [Side], [0.5, -2, 4, 1]).Node("Div", "x c", "o"),
        ["Mul"] = model => model.Initializer("c", [Side], [0.5, -2, 4, 1]).Node("Mul", "x c", "o"),
        ["Mul by what is moved"] = model => model.Initializer("d", [Side, 1], [0.5, -2, 4, 1])
            .Node("Transpose", "d", "c", Ints("perm", 1, 0)).Node("Mul", "x c", "o"),
        ["Sub"] = model => model.Initializer("c", [Side], [0.5, -2, 4, 1]).Node("Sub", "c x", "o"),
        ["Split"] = model => model.Node("Split", "x", "o rest", AttributeProto.Of("axis", 3L)),
        ["Pad"] = model => model.Longs("pads", 0, 0, 1, 2, 0, 0, 0, 1).Node("Pad", "x pads", "o"),
        ["Conv"] = model => model.Weight("k", 3, 1, 2, 2).Node("Conv", "x k", "o", Padded),
        ["ConvTranspose"] = model => model.Weight("k", 1, 3, 2, 2).Node("ConvTranspose", "x k", "o", Strided),
    };

    public static TheoryData<string, int> Known() => new(Operators.Keys
        .SelectMany(name => new[] { 13, 18 }, (name, opset) => (name, opset))
        .Where(entry => !IsRefused(entry.name, entry.opset) && !(entry.name == "Split" && entry.opset == 18)));

    [Theory]
    [MemberData(nameof(Known))]
    public async Task Paths_go_through_every_value_that_an_operator_reads(string name, int opset)
    {
        var (constant, weights) = Affine(name, opset);
        var model = Start(name, opset).Node("Flatten", "o", "f");
        var v = TinyModel.Sixteenths(constant.Length * 2, 7);
        model.Initializer("v", [constant.Length, 2], v).Node("MatMul", "f v", "y").Output("y", [null, 2]);
        var sum = 0.0;
        for (var j = 0; j < constant.Length; j++)
        {
            var into = constant[j] * constant[j] + weights.Sum(unit => unit[j] * unit[j]);
            sum += into * (v[2 * j] * v[2 * j] + v[2 * j + 1] * v[2 * j + 1]);
        }
        var (norm, message) = await Of(model);
        Assert.True(norm is not null, message);
        Assert.Equal(Math.Sqrt(sum), norm!.Value, 1e-5 * Math.Sqrt(sum));
    }

    [Theory]
    [InlineData("MaxPool, dilated", "(MaxPool) are not known: its windows are dilated or rounded up")]
    [InlineData("MaxPool, rounded up", "(MaxPool) are not known: its windows are dilated or rounded up")]
    [InlineData("AveragePool, padding counted", "(AveragePool) are not known: padding counts in it")]
    public async Task What_cannot_be_summed_is_named(string name, string reason)
    {
        var model = Start(name, 13).Node("Flatten", "o", "f");
        model.Weight("v", Affine(name, 13).Constant.Length, 2).Node("MatMul", "f v", "y").Output("y", [null, 2]);
        var (norm, message) = await Of(model);
        Assert.Null(norm);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mean_over_axes_has_squared_weights()
    {
        // Four values, a quarter of each: 4 · 1/16 of a path, and 2² behind it.
        var model = new TinyModel(13).Declared("x", "batch 4 3").Initializer("v", [3, 1], [2, 2, 2])
            .Node("ReduceMean", "x", "m", Ints("axes", 1), AttributeProto.Of("keepdims", 0L)).Node("MatMul", "m v", "y")
            .Output("y", [null, 1]);
        Assert.Equal(Math.Sqrt(3 * 0.25 * 4), (await Of(model)).Norm!.Value, 1e-5);
    }

    [Fact]
    public async Task A_maximum_of_branches_has_the_paths_of_all()
    {
        var model = new TinyModel(13).Declared("x", "batch 2").Initializer("w", [2, 1], [2, 3])
            .Initializer("v", [2, 1], [-1, 0.5]).Initializer("u", [1, 1], [2])
            .Node("MatMul", "x w", "a").Node("MatMul", "x v", "b").Node("Max", "a b", "m").Node("MatMul", "m u", "y")
            .Output("y", [null, 1]);
        Assert.Equal(Math.Sqrt(4 * (4 + 9 + 1 + 0.25)), (await Of(model)).Norm!.Value, 1e-5);
    }

    private static bool IsRefused(string name, int opset) =>
        name == "AveragePool, padding counted" || (opset < 18 && name is "MaxPool, dilated" or "MaxPool, rounded up");

    private static TinyModel Start(string name, int opset)
    {
        var model = new TinyModel(opset, ir: 8).Declared("x", $"batch 1 {Side} {Side}");
        Operators[name](model);
        return model;
    }

    /// <summary>What an operator gives on zeros, and on each unit vector more than that.</summary>
    private static (double[] Constant, double[][] Weights) Affine(string name, int opset)
    {
        using var session = new InferenceSession(ModelFile.Serialize(Start(name, opset).Output("o").Proto));
        using var options = new RunOptions();
        double[] Run(int one)
        {
            var x = new float[Side * Side];
            if (one >= 0)
                x[one] = 1;
            using var value = OrtValue.CreateTensorValueFromMemory(x, [1, 1, Side, Side]);
            using var results = session.Run(options, ["x"], [value], ["o"]);
            return [.. results[0].GetTensorDataAsSpan<float>().ToArray().Select(number => (double)number)];
        }

        var constant = Run(-1);
        return (constant, [.. Enumerable.Range(0, Side * Side).Select(i =>
            Run(i).Zip(constant, (given, less) => given - less).ToArray())]);
    }

    private static async Task<(double? Norm, string? Message)> Of(TinyModel model)
    {
        var result = await WholeAnalysis.Of(
            model, new ProbeOptions { Samples = 4 }, WholeAnalysis.OnCpu with { Rivals = true });
        return (result.Measurements[0].PathNorm,
            result.Diagnostics.FirstOrDefault(diagnostic => diagnostic.Subject == "path norm")?.Message);
    }
}
