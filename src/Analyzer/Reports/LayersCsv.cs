using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using CsvHelper;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary><c>layers.csv</c>: one row per checkpoint, threshold and layer. The columns are described in
/// docs/formats.md.</summary>
internal static class LayersCsv
{
    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var rows =
            from checkpoint in outcome.Series.Checkpoints.Index()
            from measurement in checkpoint.Item.Measurements.Index()
            let last = checkpoint.Index == 0 ? outcome.Before : outcome.Series.Checkpoints[checkpoint.Index - 1]
            let contributions = Contributions(measurement.Item, last?.Measurements[measurement.Index])
            from layer in measurement.Item.Layers
            select LayerRow.Of(checkpoint.Item, measurement.Item, layer,
                contributions.IsDefault ? null : contributions[layer.Index]);
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(rows);
    }

    private static ImmutableArray<BigInteger> Contributions(Measurement measurement, Measurement? before) =>
        measurement.Step?.Split?.Whole(measurement.Emergence.Rounded - before!.Emergence.Rounded) ?? default;
}

[CsvRecord]
internal sealed partial record LayerRow
{
    [CsvColumn("checkpoint")] public required string Checkpoint { get; init; }
    [CsvColumn("epoch")] public required int? Epoch { get; init; }
    [CsvColumn("index")] public required int Index { get; init; }
    [CsvColumn("name")] public required string Name { get; init; }
    [CsvColumn("op")] public required string Op { get; init; }
    [CsvColumn("nodes")] public required int Nodes { get; init; }
    [CsvColumn("alive")] public required int Alive { get; init; }
    [CsvColumn("multiplicity")] public required int Multiplicity { get; init; }
    [CsvColumn("parameters")] public required long Parameters { get; init; }
    [CsvColumn("parameters_nonzero")] public required long ParametersNonzero { get; init; }
    [CsvColumn("activation_mean")] public required double? ActivationMean { get; init; }
    [CsvColumn("activation_max")] public required double? ActivationMax { get; init; }
    [CsvColumn("threshold")] public required float Threshold { get; init; }
    [CsvColumn("alive_by_bias")] public required int? AliveByBias { get; init; }
    [CsvColumn("emergence_share")] public required double? EmergenceShare { get; init; }
    [CsvColumn("woke")] public required int? Woke { get; init; }
    [CsvColumn("died")] public required int? Died { get; init; }
    [CsvColumn("alive_low")] public required int? AliveLow { get; init; }
    [CsvColumn("alive_high")] public required int? AliveHigh { get; init; }
    [CsvColumn("never_fired")] public required int? NeverFired { get; init; }
    [CsvColumn("slope")] public required string? Slope { get; init; }
    [CsvColumn("contribution")] public required string? Contribution { get; init; }
    [CsvColumn("sparsity")] public required double? Sparsity { get; init; }
    [CsvColumn("frobenius_norm")] public required double? Frobenius { get; init; }
    [CsvColumn("spectral_norm")] public required double? Spectral { get; init; }
    [CsvColumn("stable_rank")] public required double? StableRank { get; init; }
    [CsvColumn("effective_rank")] public required double? EffectiveRank { get; init; }
    [CsvColumn("alpha")] public required double? Alpha { get; init; }
    [CsvColumn("activation_stable_rank")] public required double? ActivationStableRank { get; init; }
    [CsvColumn("activation_effective_rank")] public required double? ActivationEffectiveRank { get; init; }

    public static LayerRow Of(CheckpointResult checkpoint, Measurement measurement, LayerResult layer,
        BigInteger? contribution) => new()
        {
            Checkpoint = CsvDialect.Name(checkpoint.File),
            Epoch = checkpoint.Epoch,
            Index = layer.Index,
            Name = CsvDialect.Name(layer.Name),
            Op = CsvDialect.Name(layer.Op),
            Nodes = layer.Nodes,
            Alive = layer.Alive,
            Multiplicity = layer.Multiplicity,
            Parameters = layer.Parameters,
            ParametersNonzero = layer.ParametersNonzero,
            ActivationMean = Spelling.Finite(layer.ActivationMean),
            ActivationMax = Spelling.Finite(layer.ActivationMax),
            Threshold = measurement.Threshold,
            AliveByBias = layer.AliveByBias,
            EmergenceShare = Spelling.Finite(layer.EmergenceShare),
            Woke = layer.Woke,
            Died = layer.Died,
            AliveLow = layer.AliveInterval?.Low,
            AliveHigh = layer.AliveInterval?.High,
            NeverFired = layer.NeverFired,
            Slope = layer.Slope?.Rounded.ToString(CultureInfo.InvariantCulture),
            Contribution = contribution?.ToString(CultureInfo.InvariantCulture),
            Sparsity = layer.Spectrum?.Sparsity,
            Frobenius = layer.Spectrum?.Frobenius,
            Spectral = layer.Spectrum?.Spectral,
            StableRank = layer.Spectrum?.StableRank,
            EffectiveRank = layer.Spectrum?.EffectiveRank,
            Alpha = layer.Spectrum?.Alpha,
            ActivationStableRank = layer.ActivationRanks?.StableRank,
            ActivationEffectiveRank = layer.ActivationRanks?.EffectiveRank,
        };
}
