using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Uncertainty;

public class SamplingNoiseTests
{
    [Fact]
    public void a_change_is_within_the_noise_if_either_interval_is_wider()
    {
        // (E, low, high): changes of 10, 10, 10, 0, 30 and 30.
        var series = Series((100, 95, 106), (110, 110, 110), (120, 115, 125), (110, 104, 115), (110, 100, 120), (140, 120, 149),
            (110, 100, 120));
        // Widths: 11, 0, 10 (as wide as the change: not wider), 11, 20, 29, 20.
        Assert.Equal([1, 3], SamplingNoise.Changes(series, 0));
        Assert.Equal([1], SamplingNoise.Changes(series[..2], 0));
        Assert.Empty(SamplingNoise.Changes(series[..1], 0));
        Assert.Empty(SamplingNoise.Changes([], 0));
    }

    [Fact]
    public void without_intervals_nothing_is_said()
    {
        var series = SampleOutcome.Plain.Series;
        Assert.Empty(SamplingNoise.Changes(series.Checkpoints, 0));
        Assert.Equal(series.Checkpoints, SamplingNoise.Remark(series.Checkpoints, series.Settings));
    }

    [Fact]
    public void the_later_checkpoint_is_warned_of()
    {
        var settings = new AnalysisSettings { Bootstrap = new BootstrapSettings(100) };
        var remarked = SamplingNoise.Remark(Series((100, 95, 106), (110, 110, 110), (150, 149, 151)), settings);
        Assert.Equal([0, 1, 0], remarked.Select(checkpoint => checkpoint.Diagnostics.Length));
        Assert.Equal(
            "--bootstrap: E has changed from the checkpoint before by less than its 95 % interval is wide: the change cannot "
            + "be told from " +
            "sampling noise; raise --samples", $"{remarked[1].Diagnostics[0]}");
    }

    [Fact]
    public void each_threshold_of_several_is_named()
    {
        var series = Series((100, 95, 106), (110, 110, 110));
        series = [.. series.Select(checkpoint =>
            checkpoint with { Measurements = [checkpoint.Measurements[0], checkpoint.Measurements[0]] })];
        var settings = new AnalysisSettings { Thresholds = [0.05f, 0.5f], Bootstrap = new BootstrapSettings(100) };
        Assert.Equal(
            ["with θ = 0.05, E", "with θ = 0.5, E h"],
            SamplingNoise.Remark(series, settings)[1].Diagnostics.Select(diagnostic => diagnostic.Message[..17].TrimEnd()));
    }

    [Fact]
    public void a_value_outside_its_interval_is_warned_of()
    {
        var settings = new AnalysisSettings { Bootstrap = new BootstrapSettings(100) };
        var remarked = SamplingNoise.Remark(Series((100, 100, 120), (200, 201, 202), (300, 290, 299)), settings);
        Assert.Equal([0, 1, 1], remarked.Select(checkpoint => checkpoint.Diagnostics.Length));
        Assert.StartsWith("--bootstrap: the alive count or E lies outside its own 95 % interval",
            $"{remarked[1].Diagnostics[0]}", StringComparison.Ordinal);
        var alive = Series((100, 100, 120))[0].Measurements[0];
        Assert.True(SamplingNoise.IsOutside(
            alive with { Intervals = alive.Intervals! with { Alive = new Interval<int>(1, 139) } }));
    }

    private static ImmutableArray<CheckpointResult> Series(params (int E, int Low, int High)[] values) =>
    [
        .. values.Select((value, epoch) =>
        {
            var interval = new Interval<EmergenceValue>(new(value.Low), new(value.High));
            return SampleOutcome.Checkpoint($"{epoch}.onnx", epoch, null,
                SampleOutcome.Chain(0.05f, new(value.E), new(0), 80, 50, 10) with
            {
                Intervals = new BootstrapIntervals([], new(139, 141), interval, interval),
            });
        }),
    ];
}
