using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Landscapes;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Metrics;

/// <summary>Numbers of weight matrices, by hand and on spectra that are known.</summary>
public class WeightSpectrumTests
{
    [Fact]
    public void a_diagonal_has_its_entries_as_singular_values()
    {
        var spectrum = WeightSpectrum.Of(2, 3, [3, 0, 0, 0, -4, 0])!;
        Assert.Equal(4.0 / 6, spectrum.Sparsity);
        Assert.Equal(5, spectrum.Frobenius, 1e-12);
        Assert.Equal(4, spectrum.Spectral, 1e-12);
        Assert.Equal(25.0 / 16, spectrum.StableRank!.Value, 1e-12);
        var (p, q) = (3.0 / 7, 4.0 / 7);
        Assert.Equal(Math.Exp(-p * Math.Log(p) - q * Math.Log(q)), spectrum.EffectiveRank!.Value, 1e-12);
        Assert.Null(spectrum.Alpha);
    }

    [Fact]
    public void ranks_of_equal_singular_values_are_their_number_and_of_one_row_1()
    {
        var identity = WeightSpectrum.Of(3, 3, [2, 0, 0, 0, 2, 0, 0, 0, 2])!;
        Assert.Equal(3, identity.StableRank!.Value, 1e-12);
        Assert.Equal(3, identity.EffectiveRank!.Value, 1e-12);
        // Rank 1: u vᵀ.
        var outer = WeightSpectrum.Of(2, 2, [1, 2, 3, 6])!;
        Assert.Equal(1, outer.StableRank!.Value, 1e-9);
        Assert.Equal(1, outer.EffectiveRank!.Value, 1e-9);
        Assert.Equal(Math.Sqrt(50), outer.Spectral, 1e-12);
    }

    [Fact]
    public void zeros_have_no_rank_and_what_is_not_finite_no_spectrum()
    {
        var zeros = WeightSpectrum.Of(2, 2, [0, 0, 0, 0])!;
        Assert.Equal((1, 0, 0), (zeros.Sparsity, zeros.Frobenius, zeros.Spectral));
        Assert.Null(zeros.StableRank);
        Assert.Null(zeros.EffectiveRank);
        Assert.Null(WeightSpectrum.Of(1, 2, [1, double.NaN]));
        Assert.Null(WeightSpectrum.Of(1025, 1025, new double[1025 * 1025]));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(2.5)]
    [InlineData(4)]
    public void alpha_of_a_known_spectrum_is_its_exponent(double alpha)
    {
        // A diagonal whose squares are the quantiles of a power law.
        const int size = 400;
        var matrix = new double[size * size];
        for (var i = 0; i < size; i++)
            matrix[i * size + i] = Math.Sqrt(0.1 * Math.Pow(1 - (i + 0.5) / size, -1 / (alpha - 1)));
        Assert.Equal(alpha, WeightSpectrum.Of(size, size, matrix)!.Alpha!.Value, 0.02 * alpha);
    }

    [Fact]
    public void a_tail_is_found_above_what_is_no_power_law()
    {
        // Half of the numbers uniform below 1, half a power law of exponent 3 above.
        double[] values =
        [
            .. Enumerable.Range(0, 500).Select(i => (i + 0.5) / 500),
            .. Enumerable.Range(0, 500).Select(i => Math.Pow(1 - (i + 0.5) / 500, -1 / 2.0)),
        ];
        Assert.Equal(3, PowerLaw.Exponent(values)!.Value, 0.06);
        Assert.Null(PowerLaw.Exponent([.. values.Take(9)]));
        Assert.Null(PowerLaw.Exponent([.. Enumerable.Repeat(1.0, 20)]));
    }

    [Fact]
    public async Task layers_have_the_spectrum_of_their_weights_whichever_way_these_are_stored()
    {
        using var folder = new TemporaryFolder();
        var path = LandscapeRun.Save(folder, "a.onnx", LandscapeRun.Classifier());
        var result = await WholeAnalysis.Of(path, LandscapeRun.Labeled(folder), WholeAnalysis.OnCpu with { Rivals = true });
        var layers = result.Measurements[0].Layers;
        var w1 = Instrumentation.TinyModel.Sixteenths(48, 10);
        Assert.Equal(Math.Sqrt(w1.Sum(value => value * value)), layers[0].Spectrum!.Frobenius, 1e-9);
        Assert.Equal(w1.Count(value => value == 0) / 48.0, layers[0].Spectrum!.Sparsity);
        Assert.InRange(layers[1].Spectrum!.StableRank!.Value, 1, 3);
        Assert.All((await WholeAnalysis.Of(path, LandscapeRun.Labeled(folder))).Measurements[0].Layers,
            layer => Assert.Null(layer.Spectrum));
    }
}
