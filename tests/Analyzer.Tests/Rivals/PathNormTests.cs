using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Analyzer.Tests.Landscapes;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Rivals;

/// <summary>Path norms against the sum over all paths, one by one.</summary>
public sealed class PathNormTests
{
    private static readonly AnalysisSettings Rivals = WholeAnalysis.OnCpu with { Rivals = true };

    [Fact]
    public async Task a_chain_by_hand()
    {
        // One path of weight 2 · 3, one of 1 · 3, and the bias 4 through 3.
        var model = new TinyModel(13).Declared("x", "batch 2").Initializer("w", [2, 1], [2, -1]).Initializer("b", [1], [-4])
            .Initializer("v", [1, 1], [3])
            .Node("MatMul", "x w", "h").Node("Add", "h b", "i").Node("Relu", "i", "r").Node("MatMul", "r v", "y")
            .Output("y", [null, 1]);
        Assert.Equal(Math.Sqrt(36 + 9 + 144), (await Of(model)).Norm!.Value, 1e-5);
    }

    [Theory]
    [InlineData(3, 4, 2)]
    [InlineData(5, 7, 6, 3)]
    [InlineData(2, 3, 3, 3, 2)]
    public async Task the_sum_over_all_paths_of_a_chain(params int[] widths)
    {
        var model = new TinyModel(13).Declared("x", $"batch {widths[0]}");
        var (tensor, weights) = ("x", new List<double[]>());
        for (var i = 1; i < widths.Length; i++)
        {
            weights.Add(TinyModel.Sixteenths(widths[i - 1] * widths[i], 10 + i));
            model.Initializer($"w{i}", [widths[i - 1], widths[i]], weights[^1]).Node("MatMul", $"{tensor} w{i}", $"h{i}")
                .Node(i + 1 < widths.Length ? "Relu" : "Identity", $"h{i}", $"r{i}");
            tensor = $"r{i}";
        }
        model.Output(tensor, [null, widths[^1]]);
        var expected = Math.Sqrt(Enumerable.Range(0, widths[0]).Sum(input => Paths(0, input)));
        Assert.Equal(expected, (await Of(model)).Norm!.Value, 1e-5 * expected);

        double Paths(int layer, int unit) => layer == weights.Count ? 1 : Enumerable.Range(0, widths[layer + 1]).Sum(next =>
        {
            var weight = weights[layer][unit * widths[layer + 1] + next];
            return weight * weight * Paths(layer + 1, next);
        });
    }

    [Fact]
    public async Task the_same_network_has_the_same_norm_however_it_is_spelled()
    {
        var (w, b, v) = (TinyModel.Sixteenths(12, 1), TinyModel.Sixteenths(4, 2), TinyModel.Sixteenths(8, 3));
        TinyModel Start(string batch = "batch") => new TinyModel(13).Declared("x", $"{batch} 3").Initializer("w", [3, 4], w)
            .Initializer("b", [4], b).Initializer("v", [4, 2], v);
        double[] transposed = [.. Enumerable.Range(0, 12).Select(i => w[i % 3 * 4 + i / 3])];
        TinyModel[] spellings =
        [
            Start().Node("MatMul", "x w", "h").Node("Add", "h b", "i").Node("Relu", "i", "r").Node("MatMul", "r v", "y"),
            Start().Node("Gemm", "x w b", "i").Node("Relu", "i", "r").Node("MatMul", "r v", "y").Node("Softmax", "y", "p"),
            Start().Initializer("t", [4, 3], transposed).Node("Gemm", "x t b", "i", LandscapeRun.TransB)
                .Node("Relu", "i", "r").Node("Dropout", "r", "d").Node("MatMul", "d v", "y"),
            // Half the weights, twice the result.
            Start().Initializer("u", [3, 4], w.Select(value => value / 2)).Scalar("two", 2).Node("MatMul", "x u", "h")
                .Node("Mul", "h two", "g").Node("Sub", "g c", "i").Initializer("c", [4], b.Select(value => -value))
                .Node("Relu", "i", "r").Node("MatMul", "r v", "y"),
            Start("4").Node("MatMul", "x w", "h").Node("Add", "h b", "i").Node("Relu", "i", "r").Node("MatMul", "r v", "y"),
        ];
        var expected = (await Of(spellings[0].Output("y", [null, 2]))).Norm!.Value;
        foreach (var spelling in spellings[1..])
        {
            var last = spelling.Proto.Graph.Node.Any(node => node.OpType == "Softmax") ? "p" : "y";
            Assert.Equal(expected, (await Of(spelling.Output(last, null))).Norm!.Value, 1e-5 * expected);
        }
    }

    [Fact]
    public async Task convolutions_normalizations_and_skips()
    {
        var (k, f) = (TinyModel.Sixteenths(2 * 4, 4), TinyModel.Sixteenths(8 * 3, 5));
        double[] scale = [2, -1], shift = [0.5, 1], mean = [0.25, -0.5], variance = [1, 0.25];
        var model = new TinyModel(13).Declared("x", "batch 1 3 3").Initializer("k", [2, 1, 2, 2], k)
            .Initializer("s", [2], scale).Initializer("t", [2], shift).Initializer("m", [2], mean).Initializer("q", [2], variance)
            .Node("Conv", "x k", "c").Node("BatchNormalization", "c s t m q", "n").Node("Relu", "n", "r")
            .Node("Flatten", "r", "a").Initializer("f", [8, 3], f).Node("MatMul", "a f", "b").Node("Relu", "b", "g")
            .Initializer("e", [3, 3], TinyModel.Sixteenths(9, 6)).Node("MatMul", "g e", "h").Node("Add", "h g", "y")
            .Output("y", [null, 3]);
        // All positions of a channel are the same on ones.
        var e = TinyModel.Sixteenths(9, 6);
        double[] channels = [.. Enumerable.Range(0, 2).Select(c =>
        {
            var s = scale[c] / Math.Sqrt(variance[c] + 1e-5f);
            var t = shift[c] - mean[c] * s;
            return s * s * k.Skip(4 * c).Take(4).Sum(value => value * value) + t * t;
        })];
        double[] dense = [.. Enumerable.Range(0, 3).Select(j =>
            Enumerable.Range(0, 8).Sum(i => channels[i / 4] * f[i * 3 + j] * f[i * 3 + j]))];
        var sum = dense.Sum() + Enumerable.Range(0, 9).Sum(i => dense[i / 3] * e[i] * e[i]);
        Assert.Equal(Math.Sqrt(sum), (await Of(model)).Norm!.Value, 1e-5 * Math.Sqrt(sum));
    }

    [Theory]
    [InlineData("Tanh")]
    [InlineData("Sigmoid")]
    [InlineData("Exp")]
    public async Task what_is_not_linear_leaves_the_norm_unknown_and_is_named(string op)
    {
        var model = new TinyModel(13).Declared("x", "batch 2").Weight("w", 2, 3).Weight("v", 3, 2)
            .Node("MatMul", "x w", "h").Node(op, "h", "r").Node("MatMul", "r v", "y").Output("y", [null, 2]);
        var (norm, message) = await Of(model);
        Assert.Null(norm);
        Assert.Contains($"({op}) are not known", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task products_of_two_computed_values_and_overflow_leave_it_unknown()
    {
        var product = new TinyModel(13).Declared("x", "batch 2").Weight("w", 2, 2).Weight("v", 2, 2)
            .Node("MatMul", "x w", "h").Node("MatMul", "x v", "g").Node("Mul", "h g", "y").Output("y", [null, 2]);
        Assert.Contains("(Mul) are not known", (await Of(product)).Message, StringComparison.Ordinal);
        var large = new TinyModel(13).Declared("x", "batch 2").Initializer("w", [2, 2], Enumerable.Repeat(1e30, 4))
            .Node("MatMul", "x w", "y").Output("y", [null, 2]);
        Assert.Equal((null, "not known: the sum over paths passes the range of float32"), await Of(large));
    }

    private static async Task<(double? Norm, string? Message)> Of(TinyModel model)
    {
        var result = await WholeAnalysis.Of(model, new ProbeOptions { Samples = 4 }, Rivals);
        return (result.Measurements[0].PathNorm,
            result.Diagnostics.FirstOrDefault(diagnostic => diagnostic.Subject == "path norm")?.Message);
    }
}
