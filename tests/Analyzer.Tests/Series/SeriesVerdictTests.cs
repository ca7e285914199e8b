using System.Numerics;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>Verdicts as a person would give them.</summary>
public sealed class SeriesVerdictTests
{
    [Fact]
    public void A_flat_run_is_settled_from_its_start()
    {
        var verdict = Judge([1000, 1001, 999, 1000, 1000, 1001, 1000, 999]);

        Assert.Equal(VerdictKind.Settled, verdict.Kind);
        Assert.Equal(0, verdict.Since);
        Assert.Equal("since epoch 1 E stays within 0.1 % of one level", verdict.Evidence[0]);
    }

    [Fact]
    public void A_constant_run_is_settled() => Assert.Equal(VerdictKind.Settled, Judge(Enumerable.Repeat(7.0, 6)).Kind);

    [Fact]
    public void A_falling_run_is_still_developing()
    {
        var verdict = Judge(Enumerable.Range(0, 15).Select(i => 1e12 * Math.Pow(0.6, i)));

        Assert.Equal(VerdictKind.StillDeveloping, verdict.Kind);
        Assert.Null(verdict.Since);
        Assert.Null(verdict.StopAt);
        Assert.Equal("over the last 5 steps E moved by 66.67 % per step, and fell by a factor of 12.9 in all",
            verdict.Evidence[0]);
    }

    [Fact]
    public void A_rising_run_is_still_developing() =>
        Assert.Equal(VerdictKind.StillDeveloping, Judge(Enumerable.Range(0, 12).Select(i => 1e6 * Math.Pow(1.3, i))).Kind);

    [Fact]
    public void A_noisy_run_is_still_developing() =>
        Assert.Equal(VerdictKind.StillDeveloping, Judge([9e6, 4e6, 2e7, 1.1e7, 3e6, 3.3e6, 1.5e7, 2.5e7, 6e6, 5e6]).Kind);

    [Fact]
    public void A_fall_with_a_noisy_plateau_is_settled_from_where_the_plateau_begins()
    {
        var verdict = Judge([9e9, 4e9, 2e9, 1e9, 5e8, 5.1e8, 4.9e8, 5.05e8, 4.95e8, 5e8, 5.1e8, 4.9e8]);

        Assert.Equal(VerdictKind.Settled, verdict.Kind);
        Assert.Equal(4, verdict.Since);
        Assert.InRange(verdict.StopAt!.Value, 6, 9);
        Assert.StartsWith("since epoch 5 E stays within ", verdict.Evidence[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_fall_that_goes_on_in_smaller_steps_is_leveling_off()
    {
        var verdict = Judge([.. Enumerable.Range(0, 8).Select(i => 1e12 * Math.Pow(0.5, i)),
            .. Enumerable.Range(1, 8).Select(i => 1e12 / 128 * Math.Pow(0.97, i))]);

        Assert.Equal(VerdictKind.LevelingOff, verdict.Kind);
        Assert.Equal(7, verdict.Since);
        Assert.Null(verdict.StopAt);
    }

    [Fact]
    public void A_plateau_that_is_left_is_no_longer_settled()
    {
        double[] plateau = [9e9, 4e9, 2e9, 1e9, 5e8, 5.1e8, 4.9e8, 5.05e8, 4.95e8, 5e8];
        Assert.Equal(VerdictKind.Settled, Judge(plateau).Kind);

        Assert.Equal(VerdictKind.StillDeveloping, Judge([.. plateau, 2e8, 9e7, 4e7]).Kind);
    }

    [Fact]
    public void A_run_whose_layers_die_is_collapsing()
    {
        int[] alive = [40, 30, 18, 9, 3, 1, 0, 0];
        var points = alive.Select((a, i) => Point(i, 1e9 / (i + 1)) with { Layers = [new("fc1", 64, 60), new("fc2", 48, a)] });

        var verdict = SeriesVerdicts.Of([.. points]);

        Assert.Equal(VerdictKind.Collapsing, verdict.Kind);
        Assert.Equal(5, verdict.Since);
        Assert.Equal("layer 'fc2' is dying: 0 of 48 nodes are alive, at most 40 were, since epoch 6",
            Assert.Single(verdict.Evidence));
    }

    [Fact]
    public void A_run_in_which_all_nodes_are_dead_is_collapsing_not_settled()
    {
        var points = Enumerable.Range(0, 12).Select(i => i < 4 ? Point(i, 1e6)
            : Point(i, 0) with { ZeroCause = ZeroCause.AllDead });

        var verdict = SeriesVerdicts.Of([.. points]);

        Assert.Equal(VerdictKind.Collapsing, verdict.Kind);
        Assert.Equal(4, verdict.Since);
    }

    [Fact]
    public void A_run_with_activations_that_are_not_finite_has_diverged()
    {
        var points = Enumerable.Range(0, 9).Select(i => Point(i, 1e6) with { NotFinite = i < 7 ? 0 : 12 });

        var verdict = SeriesVerdicts.Of([.. points]);

        Assert.Equal(VerdictKind.Diverged, verdict.Kind);
        Assert.Equal(7, verdict.Since);
        Assert.Equal("12 nodes have activations that are not finite, since epoch 8", Assert.Single(verdict.Evidence));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_short_run_cannot_be_told(int checkpoints)
    {
        var verdict = Judge(Enumerable.Repeat(1000.0, checkpoints));

        Assert.Equal(VerdictKind.CannotTell, verdict.Kind);
        Assert.Equal($"too few checkpoints: {checkpoints}, at least 6 are needed", Assert.Single(verdict.Evidence));
    }

    [Fact]
    public void Jumps_of_one_node_cannot_be_told()
    {
        double[] values = [1.59e8, 1.6e8, 4.15e8, 4.1e8, 1.62e8, 1.58e8, 1.6e8, 4.2e8, 4.15e8];
        var points = values.Select((value, i) => i is 2 or 4 or 7 ? Jump(Point(i, value)) : Point(i, value));

        var verdict = SeriesVerdicts.Of([.. points]);

        Assert.Equal(VerdictKind.CannotTell, verdict.Kind);
        Assert.StartsWith("one node decides: over the last 5 steps ", verdict.Evidence[0], StringComparison.Ordinal);
        Assert.EndsWith("the latest at epoch 8", verdict.Evidence[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_jump_of_one_node_is_no_measure_for_the_steps_before_a_plateau()
    {
        double[] values = [1.5e8, 1.6e8, 1.5e8, 4e8, 4.2e8, 3.9e8, 4.1e8, 4.2e8, 4e8];
        Assert.Equal(VerdictKind.Settled, SeriesVerdicts.Of([.. values.Select((value, i) => Point(i, value))]).Kind);

        var verdict = SeriesVerdicts.Of([.. values.Select((value, i) => i == 3 ? Jump(Point(i, value)) : Point(i, value))]);

        Assert.Equal(VerdictKind.StillDeveloping, verdict.Kind);
    }

    [Fact]
    public void A_probe_that_is_too_small_cannot_tell()
    {
        var points = Enumerable.Range(0, 9).Select(i =>
            Point(i, 1e6 + (1e4 * i)) with { Interval = new(Exact(3e5), Exact(4e6)) });
        var verdict = SeriesVerdicts.Of([.. points]);
        Assert.Equal(VerdictKind.CannotTell, verdict.Kind);
        Assert.Equal(
            "the probe is too small: E is known only within a factor of 13.33, and moved by one of 1.08; raise --samples",
                Assert.Single(verdict.Evidence));

        verdict = SeriesVerdicts.Of([.. Enumerable.Range(0, 9).Select(i => Point(i, 1000) with { Samples = 19 })]);
        Assert.Equal("the probe is too small: 19 samples, at least 20 are needed; raise --samples",
            Assert.Single(verdict.Evidence));
    }

    [Fact]
    public void Zero_is_a_state_of_its_own()
    {
        double[] fall = [6e5, 2e5, 3e4, 100, 0, 0, 0];
        var verdict = Judge(fall);
        Assert.Equal(VerdictKind.StillDeveloping, verdict.Kind);
        Assert.Equal(
            "E is 0 since epoch 5, as every node is alive: 3 checkpoints in a row; 6 are needed",
                Assert.Single(verdict.Evidence));

        verdict = Judge([.. fall, 0, 0, 0, 0]);
        Assert.Equal(VerdictKind.Settled, verdict.Kind);
        Assert.Equal((4, 9), (verdict.Since, verdict.StopAt));

        Assert.Equal(VerdictKind.CannotTell, Judge([.. fall, 0, 0, 0, 12]).Kind);
    }

    // A walk in smaller steps goes on moving; the same network over and over does not.
    [Theory]
    [InlineData(10, false)]
    [InlineData(100, false)]
    [InlineData(176, false)]
    [InlineData(100, true)]
    public void A_run_that_comes_to_rest_is_settled_from_there(int rests, bool isOneNode)
    {
        VerdictPoint[] points = [.. Enumerable.Range(0, 8).Select(i => Point(i, 1e9 * Math.Pow(1.6 - (0.3 * (i % 3)), i)))];
        var moving = isOneNode ? Array.ConvertAll(points, Jump) : points;
        var verdict = SeriesVerdicts.Of(
            [.. moving, .. Enumerable.Range(8, rests).Select(i => points[^1] with { Name = $"epoch {i + 1}" })]);

        Assert.Equal(VerdictKind.Settled, verdict.Kind);
        Assert.Equal(7, verdict.Since);
        Assert.InRange(verdict.StopAt!.Value, 9, 13);
        Assert.Equal("since epoch 8 E does not change", verdict.Evidence[0]);
    }

    [Fact]
    public void Indices_count_from_the_start_of_the_series()
    {
        var verdict = SeriesVerdicts.Of([.. Enumerable.Range(0, 8).Select(i => Point(i, 1000))], first: 10);

        Assert.Equal((10, 10, 15), (verdict.First, verdict.Since, verdict.StopAt));
    }

    internal static SeriesVerdict Judge(IEnumerable<double> values) =>
        SeriesVerdicts.Of([.. values.Select((value, i) => Point(i, value))]);

    private static VerdictPoint Point(int index, double emergence) => new()
    {
        Name = $"epoch {index + 1}",
        Emergence = Exact(emergence),
        ZeroCause = emergence == 0 ? ZeroCause.AllAlive : ZeroCause.None,
        Samples = 1000,
    };

    private static VerdictPoint Jump(VerdictPoint point) => point with
    {
        Split = new(
            new(false, new(100)), [], new(100), new NodeStep(2, 3, true, new(false, new(90)))),
    };

    private static Analyzer.Metrics.EmergenceValue Exact(double value) => new(new BigInteger(value));
}
