using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Measuring.Weights;

/// <summary>The weight matrices of the layers of a checkpoint.</summary>
internal static class LayerSpectra
{
    /// <summary>By layer name, the spectrum of the layer's first stored weight; a layer is left out where that has
    /// none.</summary>
    /// <param name="checkpoint">The prepared checkpoint.</param>
    /// <param name="traced">Its trace.</param>
    /// <param name="graph">The layers that count.</param>
    public static (ImmutableDictionary<string, WeightSpectrum> Spectra, ImmutableArray<Diagnostic> Diagnostics) Of(
        Checkpoint checkpoint, TracedModel traced, LayerGraph graph)
    {
        var values = new ParameterValues(checkpoint);
        var filters = new FilterAxes(traced);
        var spectra = ImmutableDictionary.CreateBuilder<string, WeightSpectrum>(StringComparer.Ordinal);
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        foreach (var layer in graph.Layers)
        {
            if (layer.Parameters.FirstOrDefault(parameter => parameter.Role == ParameterRole.Weight) is not { } weight)
                continue;
            var reason = WhyNot(weight, values);
            if (reason is null && Spectrum(weight.Tensor, values, filters.Of(weight.Tensor)) is { } spectrum)
                spectra.Add(layer.Name, spectrum);
            else
                diagnostics.Add(Diagnostic.Note(layer.Name,
                    $"'{weight.Tensor}' has no spectrum: "
                    + $"{reason ?? "which of its weights make one output is not known, a weight is not "
                        + $"finite, or its shorter side is longer than {WeightSpectrum.LargestSide}"}"));
        }
        return (spectra.ToImmutable(), diagnostics.ToImmutable());
    }

    private static string? WhyNot(LayerParameter weight, ParameterValues values) =>
        weight.IsPacked ? "several weights share a byte"
        : values.IsScaleUnknown(weight.Tensor) ? "its integers have no stored scale"
        : null;

    private static WeightSpectrum? Spectrum(string tensor, ParameterValues values, ImmutableArray<int> axes)
    {
        if (axes.IsEmpty)
            return null;
        var weights = new MovedTensor(tensor, "", ParameterRole.Weight,
            [.. values.Dims(tensor).Select(dim => checked((int)dim))], values.Doubles(tensor))
        { FilterAxes = axes };
        var rows = weights.Filters;
        if (rows == 0 || weights.Values.Length % rows != 0)
            return null;
        // Filters one behind the other, whichever axis tells them apart.
        var (matrix, next) = (new double[weights.Values.Length], new int[rows]);
        var columns = weights.Values.Length / rows;
        for (var i = 0; i < matrix.Length; i++)
        {
            var row = weights.FilterOf(i);
            matrix[row * columns + next[row]++] = weights.Values.Span[i];
        }
        return WeightSpectrum.Of(rows, columns, matrix);
    }
}
