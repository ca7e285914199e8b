using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring.Rivals;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Networks;
using MathNet.Numerics.LinearAlgebra;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rivals;

/// <summary>Ranks of activations: by hand, and against singular values of activations computed here.</summary>
public sealed class ActivationRanksTests
{
    private const int Samples = 37;

    private static readonly AnalysisSettings Rivals = WholeAnalysis.OnCpu with { Rivals = true };

    [Fact]
    public void ranks_follow_from_the_singular_values()
    {
        // Two orthogonal columns of length 3 and 1.
        var ranks = ActivationSpectrum.Of(2, [9, 0, 0, 1])!;
        Assert.Equal(10.0 / 9, ranks.StableRank, 1e-12);
        Assert.Equal(Math.Exp(-0.75 * Math.Log(0.75) - 0.25 * Math.Log(0.25)), ranks.EffectiveRank, 1e-12);
        // Two columns, one twice the other.
        Assert.Equal(new ActivationSpectrum(1, 1), Rounded(ActivationSpectrum.Of(2, [1, 2, 2, 4])!));
        Assert.Equal(new ActivationSpectrum(3, 3), Rounded(ActivationSpectrum.Of(3, [5, 0, 0, 0, 5, 0, 0, 0, 5])!));
        Assert.Null(ActivationSpectrum.Of(2, [0, 0, 0, 0]));
        Assert.Null(ActivationSpectrum.Of(1, [double.NaN]));
        Assert.Null(ActivationSpectrum.Of(1, [double.PositiveInfinity]));
    }

    [Fact]
    public async Task dense_layers_have_the_ranks_of_their_activations_whatever_the_batch_and_the_threads()
    {
        var (inputs, w, v) = (TinyModel.Sixteenths(Samples * 6, 5), TinyModel.Sixteenths(48, 1), TinyModel.Sixteenths(24, 2));
        var model = Dense(w, v);
        using var folder = new TemporaryFolder();
        var probe = new Emergence.Measuring.Probes.ProbeOptions
        {
            Data = [WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(inputs, DataType.Float), Samples, 6)],
        };
        var hidden = Product(inputs, w, Samples, 6, 8);
        Relu(hidden);
        var output = Product(hidden, v, Samples, 8, 3);
        var result = (await WholeAnalysis.Of(model, probe, Rivals)).Measurements[0];
        Check(Ranks(hidden, Samples, 8), result.Layers[0].ActivationRanks);
        Check(Ranks(output, Samples, 3), result.Layers[1].ActivationRanks);
        Assert.Equal((result.Layers[0].ActivationRanks!.StableRank + result.Layers[1].ActivationRanks!.StableRank) / 2,
            result.Rivals.ActivationStableRank);
        foreach (var settings in (AnalysisSettings[])[Rivals with { Batch = 1 }, Rivals with { Batch = 5, Threads = 2 }])
        {
            var other = (await WholeAnalysis.Of(model, probe, settings)).Measurements[0];
            Assert.Equal(result.Layers.Select(layer => layer.ActivationRanks),
                other.Layers.Select(layer => layer.ActivationRanks));
        }
        Assert.All((await WholeAnalysis.Of(model, probe)).Measurements[0].Layers, layer => Assert.Null(layer.ActivationRanks));
    }

    [Theory]
    [InlineData(ConvNodes.Units)]
    [InlineData(ConvNodes.Filters)]
    public async Task positions_of_whole_filters_are_rows_and_those_of_units_columns(ConvNodes nodes)
    {
        // A 1×1 convolution of two channels into three, on 2×2 positions.
        double[] w = [1, 0.5, -1, 2, 0.25, 1];
        var model = new TinyModel(13).Declared("x", "batch 2 2 2").Initializer("w", [3, 2, 1, 1], w)
            .Node("Conv", "x w", "y").Output("y", [null, 3, 2, 2]);
        var inputs = TinyModel.Sixteenths(Samples * 8, 7);
        using var folder = new TemporaryFolder();
        var probe = new Emergence.Measuring.Probes.ProbeOptions
        {
            Data = [WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(inputs, DataType.Float), Samples, 2, 2, 2)],
        };
        var units = new double[Samples * 12];
        var filters = new double[Samples * 4 * 3];
        for (var (s, i) = (0, 0); s < Samples; s++)
        {
            for (var position = 0; position < 4; position++, i++)
            {
                for (var c = 0; c < 3; c++)
                    units[s * 12 + c * 4 + position] = filters[i * 3 + c] =
                        w[2 * c] * inputs[s * 8 + position] + w[2 * c + 1] * inputs[s * 8 + 4 + position];
            }
        }
        var layer = (await WholeAnalysis.Of(model, probe, Rivals with { ConvNodes = nodes })).Measurements[0].Layers[0];
        Check(nodes == ConvNodes.Units ? Ranks(units, Samples, 12) : Ranks(filters, Samples * 4, 3), layer.ActivationRanks);
    }

    [Fact]
    public async Task padding_of_a_fixed_batch_is_no_sample()
    {
        var (w, v) = (TinyModel.Sixteenths(48, 1), TinyModel.Sixteenths(24, 2));
        using var folder = new TemporaryFolder();
        var probe = new Emergence.Measuring.Probes.ProbeOptions
        {
            Data =
            [
                WholeAnalysis.Data(folder, "x.npy", TinyModel.Encode(TinyModel.Sixteenths(Samples * 6, 5), DataType.Float),
                    Samples, 6),
            ],
        };
        var free = (await WholeAnalysis.Of(Dense(w, v), probe, Rivals)).Measurements[0].Layers[0].ActivationRanks!;
        var padded = (await WholeAnalysis.Of(Dense(w, v, "8"), probe, Rivals)).Measurements[0].Layers[0].ActivationRanks!;
        Check((free.StableRank, free.EffectiveRank), padded);
    }

    [Theory]
    // Layers of 8, 4, 2, 8 and 3 nodes have 64, 16, 4, 64 and 9 products.
    [InlineData(1000, "8 4 2 8 3")]
    [InlineData(84, "8 4 2|8 3")]
    [InlineData(20, "8|4 2|8|3")]
    [InlineData(1, "8|4|2|8|3")]
    public void layers_share_a_pass_as_far_as_their_products_fit(long products, string expected)
    {
        var model = new TinyModel(13);
        foreach (var nodes in (int[])[8, 4, 2, 8, 3])
            model.Layer("t", [TinyModel.Batch(), TinyModel.Channel(nodes)]);
        Assert.Equal(expected, string.Join('|', ActivationSpectra.Groups(model.Graph.Layers, ConvNodes.Units, products)
            .Select(group => string.Join(' ', group.Select(layer => layer.Channels)))));
    }

    [Fact]
    public async Task a_layer_that_is_too_wide_or_dead_says_so()
    {
        var model = new TinyModel(13).Declared("x", "batch 2").Initializer("w", [2, 1025], Enumerable.Repeat(0.5, 2050))
            .Node("MatMul", "x w", "h").Node("Relu", "h", "r").Initializer("v", [1025, 2], Enumerable.Repeat(0.0, 2050))
            .Node("MatMul", "r v", "y").Output("y", [null, 2]);
        var result = await WholeAnalysis.Of(model, new() { Samples = 4 }, Rivals);
        Assert.All(result.Measurements[0].Layers, layer => Assert.Null(layer.ActivationRanks));
        Assert.Contains(result.Diagnostics, diagnostic => diagnostic.Message
            == "its activations have no rank: 1,025 nodes are more than 1,024");
        Assert.Contains(result.Diagnostics, diagnostic => diagnostic.Message
            == "its activations have no rank: all of its activations are zero, or one is not finite");
    }

    private static TinyModel Dense(double[] w, double[] v, string batch = "batch") => new TinyModel(13)
        .Declared("x", $"{batch} 6").Initializer("w", [6, 8], w).Initializer("v", [8, 3], v)
        .Node("MatMul", "x w", "h").Node("Relu", "h", "r").Node("MatMul", "r v", "y")
        .Output("y", [batch == "batch" ? null : long.Parse(batch, System.Globalization.CultureInfo.InvariantCulture), 3]);

    private static double[] Product(double[] a, double[] b, int rows, int inner, int columns)
    {
        var product = new double[rows * columns];
        for (var i = 0; i < product.Length; i++)
            product[i] = Enumerable.Range(0, inner).Sum(k => a[i / columns * inner + k] * b[k * columns + i % columns]);
        return product;
    }

    private static void Relu(double[] values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = Math.Max(0, values[i]);
    }

    /// <summary>By the singular values of the activations themselves.</summary>
    private static (double Stable, double Effective) Ranks(double[] rows, int count, int width)
    {
        var singular = Matrix<double>.Build.DenseOfRowMajor(count, width, rows).Svd(computeVectors: false).S
            .Where(value => value > 1e-9).ToArray();
        var (largest, sum) = (singular.Max(), singular.Sum());
        return (singular.Sum(value => value * value) / (largest * largest),
            Math.Exp(-singular.Sum(value => value / sum * Math.Log(value / sum))));
    }

    private static void Check((double Stable, double Effective) expected, ActivationSpectrum? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal(expected.Stable, actual.StableRank, 1e-5 * expected.Stable);
        Assert.Equal(expected.Effective, actual.EffectiveRank, 1e-5 * expected.Effective);
    }

    private static ActivationSpectrum Rounded(ActivationSpectrum ranks) =>
        new(Math.Round(ranks.StableRank, 9), Math.Round(ranks.EffectiveRank, 5));
}
