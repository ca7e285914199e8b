using System.Collections.Immutable;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>Counts on shares of the samples make the whole, byte for byte; what does not belong together is refused.</summary>
public sealed class SampleShardTests : IDisposable
{
    // 100 samples in runs of 16: seven stretches.
    private static readonly ProbeOptions Probe = new() { Samples = 100 };

    private static readonly Dictionary<string, AnalysisSettings> Asked = new(StringComparer.Ordinal)
    {
        ["mean"] = new() { Batch = 16 },
        ["everything"] = new()
        {
            Wired = true,
            Contributions = true,
            Units = true,
            Batch = 16,
            Thresholds = [0f, 0.05f, 0.5f],
            Nulls = [new(NullKind.Place, 19, 1), new(NullKind.Spread, 19, 1)],
        },
        ["bootstrap"] = new() { Bootstrap = new(100), Statistic = Statistic.AbsMean, Batch = 3 },
        ["per sample"] = new() { Statistic = Statistic.Sample, Batch = 7 },
        ["shares"] = new() { Statistic = Statistic.Share, Thresholds = [0f, 1f], IncludeInput = true, Batch = 16 },
        ["largest"] = new() { Statistic = Statistic.Max, ConvNodes = Tracing.Networks.ConvNodes.Filters, Batch = 16 },
        ["largest magnitude"] = new() { Statistic = Statistic.AbsMax, Batch = 16 },
        ["dormancy"] = new() { Statistic = Statistic.Dormancy, Batch = 32 },
    };

    private readonly ShardedSeries series = new();
    private readonly List<string> told = [];

    public static TheoryData<string> Names { get; } = [.. Asked.Keys];

    public void Dispose() => series.Dispose();

    /// <summary>Any number of shares from 1 to 17, more than there are stretches included, in any order, any of them several
    /// times; with files that fail.</summary>
    [Fact]
    public void Any_split_in_any_order_with_any_duplication_is_the_whole()
    {
        var (files, settings) = (series.Mixed()[3..7], Asked["mean"]);
        var expected = Expected(files, settings);
        for (var count = 1; count <= 17; count++)
        {
            var shares = Shares(files, settings, count);
            // Each of seven has a stretch of its own; of more, some have none.
            Assert.Equal(Math.Min(count, 7), shares.Count(share => share.Part.Checkpoints[0].Counted!.Counts.First is not null));
            AssertWhole(expected, shares, count);
        }
        Assert.Empty(told);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whatever_is_measured_is_merged(string name)
    {
        foreach (var (files, shares) in ((ImmutableArray<string>, int)[])[(ShardedSeries.Real()[..5], 3), (series.Small(3), 6)])
            AssertWhole(Expected(files, Asked[name]), Shares(files, Asked[name], shares), shares);
    }

    /// <summary>Nodes at θ and activations that are not finite are counted a second time, of the whole.</summary>
    [Fact]
    public void What_only_sums_in_double_decide_is_decided_of_the_whole()
    {
        ImmutableArray<string> files =
        [
            series.Weighted("at-threshold", [0.05f, 0, 0, 0.05f]),
            series.Weighted("infinite", [float.PositiveInfinity, 1, 1, 1]),
            series.Weighted("nan", [float.NaN, 1, 1, 1]),
        ];
        foreach (var shares in (int[])[2, 5, 9])
            AssertWhole(Expected(files, Asked["mean"]), Shares(files, Asked["mean"], shares), shares);
    }

    [Fact]
    public void Missing_shares_are_named()
    {
        var shares = Shares(series.Small(1), Asked["mean"], 9);
        Assert.Equal("shards 2, 5–7 of 9 are missing; run them with --shard-samples i/9, and name the folder of each",
            Refusal([shares[0], shares[2], shares[3], shares[7], shares[8], shares[3]]));
    }

    [Fact]
    public void What_does_not_belong_together_is_named()
    {
        var shares = Shares(series.Small(2), Asked["mean"], 2);
        var second = shares[1].Part;
        var counted = second.Checkpoints[0].Counted!;
        (string Named, SamplePart Part)[] others =
        [
            ("--threshold: 0.05 and 0.1", second with { Settings = second.Settings with { Thresholds = [0.1f] } }),
            ("--samples: 100 and 99", second with { Probe = Probe with { Samples = 99 } }),
            ("--strict-series: False and True", second with { IsStrictSeries = true }),
            ("number of shards: 2 and 3", second with { Shard = new(2, 3) }),
            ("ONNX Runtime: ", second with { RuntimeVersion = "0.0.1" }),
            ("checkpoints: ", second with { Checkpoints = second.Checkpoints[..1] }),
            ("SHA-256 of the checkpoint: ", With(counted with { Sha256 = new string('0', 64) })),
            ("SHA-256 of the samples (probe): ",
                With(counted with { Probe = counted.Probe with { Sha256 = new string('0', 64) } })),
            ("device: cpu and cuda:0", With(counted with { Device = Device.Parse("cuda:0") })),
        ];
        foreach (var (named, part) in others)
            Assert.Contains(named, Refusal([shares[0], Stored(part)]), StringComparison.Ordinal);

        SamplePart With(Counted other) =>
            second with { Checkpoints = [second.Checkpoints[0] with { Counted = other }, second.Checkpoints[1]] };
    }

    [Fact]
    public void A_checkpoint_that_has_changed_since_is_refused()
    {
        var files = series.Small(2);
        var shares = Shares(files, Asked["mean"], 2);
        File.Copy(files[1], files[0], overwrite: true);
        Assert.Contains("has changed since it was counted", Refusal(shares), StringComparison.Ordinal);
        File.Delete(files[0]);
        Assert.Contains("run merge in the folder in which the shards ran", Refusal(shares), StringComparison.Ordinal);
    }

    [Fact]
    public void Shares_that_were_added_up_in_other_groups_are_refused()
    {
        var shares = Shares(series.Small(1), Asked["mean"], 2);
        var part = shares[1].Part;
        var counted = part.Checkpoints[0].Counted!;
        var other = part with
        {
            Checkpoints = [part.Checkpoints[0] with { Counted = counted with { Counts = counted.Counts with { Group = 1 } } }],
        };
        var outcome = Measured([shares[0], Stored(other)]);
        Assert.Contains("measure it without --shard-samples", Assert.Single(outcome.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_one_share_could_not_count_fails_in_its_words()
    {
        var files = series.Small(2);
        var shares = Shares(files, Asked["mean"], 2);
        var failed = Stored(Without(shares[1].Part, "took too long"));
        var outcome = Measured([shares[0], failed]);
        Assert.Equal((files[0], "took too long"), Assert.Single(outcome.Failures.Select(each => (each.File, each.Message))));
        Assert.Equal([files[1]], outcome.Series.Checkpoints.Select(checkpoint => checkpoint.File));
        Assert.Empty(told);
        // Of two outputs of one share, the better one is taken, and said.
        var expected = Expected(files, Asked["mean"]);
        var merged = ShardedSeries.Outputs(Measured([failed, shares[1], shares[0]]));
        Assert.All(expected, output => Assert.Equal(output.Value, merged[output.Key]));
        Assert.Contains("are both shard 2/2 and not the same", Assert.Single(told), StringComparison.Ordinal);

        static SamplePart Without(SamplePart part, string failure) => part with
        {
            Checkpoints = [part.Checkpoints[0] with { Counted = null, Failure = failure }, part.Checkpoints[1]],
        };
    }

    /// <summary>The shards had their limits; the merge runs no model.</summary>
    [Fact]
    public void A_merge_refuses_no_model_that_the_shards_could_run()
    {
        var outcome = Measured(Shares([series.Weighted("wide", new float[4])], Asked["mean"], 2));
        Assert.Empty(outcome.Failures);
        Assert.Equal(long.MaxValue, SampleShareAnalysis.OfMerge.MemoryFor(1L << 40, 1L << 40));
        using var never = new CancellationTokenSource(SampleShareAnalysis.OfMerge.Timeout);
        Assert.False(never.IsCancellationRequested);
    }

    private ImmutableDictionary<string, string> Expected(ImmutableArray<string> files, AnalysisSettings settings) =>
        ShardedSeries.Outputs(Analysis.Run(
            new AnalysisRequest(files, settings, Probe), progress: null, TestContext.Current.CancellationToken));

    private void AssertWhole(ImmutableDictionary<string, string> expected, FoundSamples[] shares, int seed)
    {
        var random = new Random(seed);
        FoundSamples[] given = [.. shares, .. shares.Where(_ => random.Next(3) == 0)];
        random.Shuffle(given);
        var merged = ShardedSeries.Outputs(Measured(given));
        Assert.Equal(expected.Keys.Order(), merged.Keys.Order());
        Assert.All(expected, output => Assert.Equal(output.Value, merged[output.Key]));
    }

    private FoundSamples[] Shares(ImmutableArray<string> files, AnalysisSettings settings, int count) =>
        [.. Enumerable.Range(1, count).Select(index => Stored(Analysis.Run(
            new AnalysisRequest(files, settings, Probe) { SampleShard = new Shard(index, count) }, progress: null,
            TestContext.Current.CancellationToken).Samples!))];

    /// <summary>A share as it is read from its file.</summary>
    private FoundSamples Stored(SamplePart part)
    {
        using var stream = new MemoryStream();
        SampleWriter.Write(part, stream);
        var place = $"share-{part.Shard.Index}";
        return new FoundSamples(place, SampleReader.Read(series.Folder.Write(place, stream.ToArray()), out var seal), seal);
    }

    private AnalysisOutcome Measured(FoundSamples[] shares) =>
        SampleShareAnalysis.Measure(SampleMerge.Of(shares, told.Add), TestContext.Current.CancellationToken);

    private string Refusal(FoundSamples[] shares) => Assert.ThrowsAny<UserException>(() => Measured(shares)).Message;
}
