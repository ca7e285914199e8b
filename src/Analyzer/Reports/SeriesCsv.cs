using System.Globalization;
using System.Numerics;
using CsvHelper;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary><c>series.csv</c>: one row per checkpoint and threshold. The columns are described in docs/formats.md.</summary>
internal static class SeriesCsv
{
    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var rows =
            from checkpoint in outcome.Series.Checkpoints.Index()
            from measurement in checkpoint.Item.Measurements.Index()
            let last = checkpoint.Index == 0 ? outcome.Before : outcome.Series.Checkpoints[checkpoint.Index - 1]
            let before = last?.Measurements[measurement.Index]
            select SeriesRow.Of(outcome.Series.Settings, checkpoint.Item, measurement.Item, before);
        using var csv = CsvWriter.Create(stream, CsvDialect.Options, leaveOpen: true);
        csv.WriteRecords(rows);
    }
}

[CsvRecord]
internal sealed partial record SeriesRow
{
    [CsvColumn("checkpoint")] public required string Checkpoint { get; init; }
    [CsvColumn("epoch")] public required int? Epoch { get; init; }
    [CsvColumn("sha256")] public required string Sha256 { get; init; }
    [CsvColumn("layers")] public required int Layers { get; init; }
    [CsvColumn("nodes")] public required int Nodes { get; init; }
    [CsvColumn("alive")] public required int Alive { get; init; }
    [CsvColumn("threshold")] public required float Threshold { get; init; }
    [CsvColumn("statistic")] public required string Statistic { get; init; }
    [CsvColumn("borderline")] public required int Borderline { get; init; }
    [CsvColumn("nodes_nan")] public required int NodesNan { get; init; }
    [CsvColumn("nodes_inf")] public required int NodesInf { get; init; }
    [CsvColumn("emergence")] public required string Emergence { get; init; }
    [CsvColumn("emergence_log10")] public required double? EmergenceLog10 { get; init; }
    [CsvColumn("zero_cause")] public required string? ZeroCause { get; init; }
    [CsvColumn("emergence_active")] public required string EmergenceActive { get; init; }
    [CsvColumn("relative_emergence")] public required double? RelativeEmergence { get; init; }
    [CsvColumn("relative_emergence_all")] public required double? RelativeEmergenceAll { get; init; }
    [CsvColumn("parameters")] public required long Parameters { get; init; }
    [CsvColumn("parameters_nonzero")] public required long ParametersNonzero { get; init; }
    [CsvColumn("accuracy")] public required double? Accuracy { get; init; }
    [CsvColumn("train_accuracy")] public required double? TrainAccuracy { get; init; }
    [CsvColumn("test_accuracy")] public required double? TestAccuracy { get; init; }
    [CsvColumn("emergence_wired")] public required string? EmergenceWired { get; init; }
    [CsvColumn("alive_by_bias")] public required int? AliveByBias { get; init; }
    [CsvColumn("emergence_mean")] public required double? EmergenceMean { get; init; }
    [CsvColumn("emergence_sd")] public required double? EmergenceSd { get; init; }
    [CsvColumn("emergence_min")] public required string? EmergenceMin { get; init; }
    [CsvColumn("emergence_q05")] public required string? EmergenceQ05 { get; init; }
    [CsvColumn("emergence_q25")] public required string? EmergenceQ25 { get; init; }
    [CsvColumn("emergence_q50")] public required string? EmergenceQ50 { get; init; }
    [CsvColumn("emergence_q75")] public required string? EmergenceQ75 { get; init; }
    [CsvColumn("emergence_q95")] public required string? EmergenceQ95 { get; init; }
    [CsvColumn("emergence_max")] public required string? EmergenceMax { get; init; }
    [CsvColumn("emergence_active_mean")] public required double? EmergenceActiveMean { get; init; }
    [CsvColumn("emergence_active_sd")] public required double? EmergenceActiveSd { get; init; }
    [CsvColumn("weight_change")] public required double? WeightChange { get; init; }
    [CsvColumn("activation_change")] public required double? ActivationChange { get; init; }
    [CsvColumn("woke")] public required int? Woke { get; init; }
    [CsvColumn("died")] public required int? Died { get; init; }
    [CsvColumn("alive_low")] public required int? AliveLow { get; init; }
    [CsvColumn("alive_high")] public required int? AliveHigh { get; init; }
    [CsvColumn("emergence_low")] public required string? EmergenceLow { get; init; }
    [CsvColumn("emergence_high")] public required string? EmergenceHigh { get; init; }
    [CsvColumn("emergence_active_low")] public required string? EmergenceActiveLow { get; init; }
    [CsvColumn("emergence_active_high")] public required string? EmergenceActiveHigh { get; init; }
    [CsvColumn("never_fired")] public required int? NeverFired { get; init; }
    [CsvColumn("emergence_change")] public required string? EmergenceChange { get; init; }
    [CsvColumn("structure_change")] public required string? StructureChange { get; init; }
    [CsvColumn("node_share")] public required double? NodeShare { get; init; }
    [CsvColumn("moved_by")] public required string? MovedBy { get; init; }
    [CsvColumn("emergence_z")] public double? EmergenceZ { get; private init; }
    [CsvColumn("emergence_p")] public double? EmergenceP { get; private init; }
    [CsvColumn("emergence_p_above")] public double? EmergencePAbove { get; private init; }
    [CsvColumn("emergence_p_below")] public double? EmergencePBelow { get; private init; }
    [CsvColumn("placed_z")] public double? PlacedZ { get; private init; }
    [CsvColumn("placed_p")] public double? PlacedP { get; private init; }
    [CsvColumn("spread_z")] public double? SpreadZ { get; private init; }
    [CsvColumn("spread_p")] public double? SpreadP { get; private init; }
    [CsvColumn("sparsity")] public double? Sparsity { get; private init; }
    [CsvColumn("log_frobenius_norm")] public double? LogFrobenius { get; private init; }
    [CsvColumn("log_spectral_norm")] public double? LogSpectral { get; private init; }
    [CsvColumn("stable_rank")] public double? StableRank { get; private init; }
    [CsvColumn("effective_rank")] public double? EffectiveRank { get; private init; }
    [CsvColumn("alpha")] public double? Alpha { get; private init; }
    [CsvColumn("activation_stable_rank")] public double? ActivationStableRank { get; private init; }
    [CsvColumn("activation_effective_rank")] public double? ActivationEffectiveRank { get; private init; }
    [CsvColumn("path_norm")] public double? PathNorm { get; private init; }

    public static SeriesRow Of(AnalysisSettings settings, CheckpointResult checkpoint, Measurement measurement,
        Measurement? before) => Counted(settings, checkpoint, measurement, before).With(measurement).With(measurement.Rivals);

    private static SeriesRow Counted(AnalysisSettings settings, CheckpointResult checkpoint, Measurement measurement,
        Measurement? before) => new()
        {
            Checkpoint = CsvDialect.Name(checkpoint.File),
            Epoch = checkpoint.Epoch,
            Sha256 = checkpoint.Sha256,
            Layers = measurement.Layers.Length,
            Nodes = measurement.Nodes,
            Alive = measurement.Alive,
            Threshold = measurement.Threshold,
            Statistic = Spelling.Of(settings.Statistic),
            Borderline = measurement.Borderline,
            NodesNan = measurement.NodesNan,
            NodesInf = measurement.NodesInf,
            Emergence = measurement.Emergence.Rounded.ToString(CultureInfo.InvariantCulture),
            EmergenceLog10 = Spelling.Finite(measurement.Emergence.Log10),
            ZeroCause = Spelling.Of(measurement.ZeroCause),
            EmergenceActive = measurement.EmergenceActive.Rounded.ToString(CultureInfo.InvariantCulture),
            RelativeEmergence = Spelling.Finite(measurement.RelativeEmergence),
            RelativeEmergenceAll = Spelling.Finite(measurement.RelativeEmergenceAll),
            Parameters = checkpoint.Parameters,
            ParametersNonzero = checkpoint.ParametersNonzero,
            Accuracy = Spelling.Finite(checkpoint.Accuracy),
            TrainAccuracy = Spelling.Finite(checkpoint.TrainAccuracy),
            TestAccuracy = Spelling.Finite(checkpoint.TestAccuracy),
            EmergenceWired = Digits(measurement.EmergenceWired),
            AliveByBias = measurement.AliveByBias,
            EmergenceMean = Spelling.Finite(measurement.PerSample?.Emergence?.Mean.ToDouble()),
            EmergenceSd = measurement.PerSample?.Emergence?.StandardDeviation,
            EmergenceMin = Digits(measurement.PerSample?.Emergence?.Quantile(0)),
            EmergenceQ05 = Digits(measurement.PerSample?.Emergence?.Quantile(5)),
            EmergenceQ25 = Digits(measurement.PerSample?.Emergence?.Quantile(25)),
            EmergenceQ50 = Digits(measurement.PerSample?.Emergence?.Quantile(50)),
            EmergenceQ75 = Digits(measurement.PerSample?.Emergence?.Quantile(75)),
            EmergenceQ95 = Digits(measurement.PerSample?.Emergence?.Quantile(95)),
            EmergenceMax = Digits(measurement.PerSample?.Emergence?.Quantile(100)),
            EmergenceActiveMean = Spelling.Finite(measurement.PerSample?.EmergenceActive?.Mean.ToDouble()),
            EmergenceActiveSd = measurement.PerSample?.EmergenceActive?.StandardDeviation,
            WeightChange = Spelling.Finite(checkpoint.WeightChange),
            ActivationChange = Spelling.Finite(measurement.ActivationChange),
            Woke = measurement.Woke,
            Died = measurement.Died,
            AliveLow = measurement.Intervals?.Alive.Low,
            AliveHigh = measurement.Intervals?.Alive.High,
            EmergenceLow = Digits(measurement.Intervals?.Emergence.Low),
            EmergenceHigh = Digits(measurement.Intervals?.Emergence.High),
            EmergenceActiveLow = Digits(measurement.Intervals?.EmergenceActive.Low),
            EmergenceActiveHigh = Digits(measurement.Intervals?.EmergenceActive.High),
            NeverFired = measurement.NeverFired,
            EmergenceChange = measurement.Step is null ? null : Digits(measurement.Emergence.Rounded - before!.Emergence.Rounded),
            StructureChange = measurement.Step is not { } step ? null
            : Digits(step.Split is null ? measurement.Emergence.Rounded - before!.Emergence.Rounded : 0),
            NodeShare = measurement.Step?.Split?.LargestShare,
            MovedBy = before is null ? null : CsvDialect.Name(StepText.Of(before.Emergence, checkpoint, measurement) ?? ""),
        };

    /// <summary>With what null models say of the measurement.</summary>
    private SeriesRow With(Measurement measurement)
    {
        var (shuffled, placed, spread) = (
            NullText.Find(measurement, NullKind.Shuffle, NullMeasure.Emergence),
            NullText.Find(measurement, NullKind.Place, NullMeasure.EmergenceWired),
            NullText.Find(measurement, NullKind.Spread, NullMeasure.Emergence));
        return this with
        {
            EmergenceZ = shuffled?.Z,
            EmergenceP = shuffled?.P,
            EmergencePAbove = shuffled?.Above,
            EmergencePBelow = shuffled?.Below,
            PlacedZ = placed?.Z,
            PlacedP = placed?.P,
            SpreadZ = spread?.Z,
            SpreadP = spread?.P,
        };
    }

    /// <summary>With what others judge networks by.</summary>
    private SeriesRow With(RivalMeans rivals) => this with
    {
        Sparsity = rivals.Sparsity,
        LogFrobenius = rivals.LogFrobenius,
        LogSpectral = rivals.LogSpectral,
        StableRank = rivals.StableRank,
        EffectiveRank = rivals.EffectiveRank,
        Alpha = rivals.Alpha,
        ActivationStableRank = rivals.ActivationStableRank,
        ActivationEffectiveRank = rivals.ActivationEffectiveRank,
        PathNorm = rivals.PathNorm,
    };

    private static string Digits(BigInteger value) => value.ToString(CultureInfo.InvariantCulture);

    private static string? Digits(EmergenceValue? value) => value?.Rounded.ToString(CultureInfo.InvariantCulture);
}
