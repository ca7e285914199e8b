using System.Collections.Immutable;
using Emergence.Analyzer.Sharding;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Sharding;

/// <summary>The parts of a series make the whole, byte for byte, and what does not belong together is refused.</summary>
public sealed class ShardMergeTests : IDisposable
{
    private static readonly Dictionary<string, AnalysisSettings> Asked = new(StringComparer.Ordinal)
    {
        ["everything"] = new()
        {
            Wired = true,
            Contributions = true,
            Units = true,
            Bootstrap = new(100),
            Thresholds = [0.05f, 0.5f],
        },
        ["per sample"] = new() { Statistic = Statistic.Sample },
        ["shares"] = new() { Statistic = Statistic.Share, Thresholds = [0f, 1f], IncludeInput = true },
    };

    private readonly ShardedSeries series = new();
    private readonly List<string> told = [];

    public static TheoryData<string> Names { get; } = [.. Asked.Keys];

    public void Dispose() => series.Dispose();

    /// <summary>Any number of shards from 1 to 17, more than there are checkpoints included, in any order, any of them
    /// several times.</summary>
    [Fact]
    public void any_split_in_any_order_with_any_duplication_is_the_whole()
    {
        var files = series.Mixed();
        var expected = ShardedSeries.Outputs(series.Whole(files, new()));
        for (var shards = 1; shards <= 17; shards++)
            AssertWhole(expected, series.Parts(files, new(), shards), shards);
        Assert.Empty(told);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void whatever_is_measured_is_merged(string name)
    {
        foreach (var (files, shards) in ((ImmutableArray<string>, int)[])[(ShardedSeries.Real(), 4), (series.Mixed(), 7)])
        {
            var expected = ShardedSeries.Outputs(series.Whole(files, Asked[name]));
            AssertWhole(expected, series.Parts(files, Asked[name], shards), shards);
        }
    }

    /// <summary>Epochs of names, and warnings about the noise of neighbours, are found in the whole only.</summary>
    [Fact]
    public void what_only_the_whole_shows_is_found_in_it()
    {
        var (files, settings) = (series.Small(9), new AnalysisSettings { Bootstrap = new(100) });
        var expected = ShardedSeries.Outputs(series.Whole(files, settings));
        foreach (var shards in (int[])[1, 3, 4, 9, 12])
            AssertWhole(expected, series.Parts(files, settings, shards), shards);
    }

    [Fact]
    public void one_checkpoint_alone_is_merged_with_its_largest_activations()
    {
        var files = series.Small(1);
        var expected = ShardedSeries.Outputs(series.Whole(files, new()));
        AssertWhole(expected, series.Parts(files, new(), 3), 3);
    }

    [Fact]
    public void missing_shards_are_named()
    {
        var parts = series.Parts(series.Small(9), new(), 9);
        Assert.Equal("shards 2, 5–7 of 9 are missing; run them with --shard i/9, and name the folder of each",
            Refusal([parts[0], parts[2], parts[3], parts[7], parts[8], parts[3]]));
        Assert.StartsWith("shard 9 of 9 is missing; run it", Refusal(parts[..8]), StringComparison.Ordinal);
        Assert.Contains("no part of a series", Refusal([]), StringComparison.Ordinal);
    }

    /// <summary>Each setting by its option, each version, and each thing said of the samples.</summary>
    [Fact]
    public void what_does_not_belong_together_is_named()
    {
        var parts = series.Parts(series.Small(4), new(), 2);
        var (first, second) = (parts[0], parts[1].Part);
        (string Named, ShardPart Part)[] others =
        [
            ("--threshold: 0.05 and 0.1", second with { Settings = new() { Thresholds = [0.1f] } }),
            ("--statistic: Mean and Max; --batch: 0 and 7",
                second with { Settings = new() { Statistic = Statistic.Max, Batch = 7 } }),
            ("--bootstrap: none and 100 with --seed 3", second with { Settings = new() { Bootstrap = new(100, 3) } }),
            ("--samples: 64 and 65", second with { Samples = Fact.Of(new ProbeOptions { Samples = 65 }) }),
            ("--data: none and 'a' 'b'", second with { Samples = Fact.Of(new ProbeOptions { Samples = 64, Data = ["a", "b"] }) }),
            ("ONNX Runtime: ", second with { RuntimeVersion = "0.0.1" }),
            ("number of shards: 2 and 3", second with { Shard = new(2, 3) }),
            ("number of checkpoints: 4 and 5", second with { Plan = second.Plan with { Checkpoints = 5 } }),
            ("SHA-256 of the checkpoints' names", second with { Plan = second.Plan with { Names = new string('0', 64) } }),
            ("SHA-256 of the checkpoints' sizes", second with { Plan = second.Plan with { Costs = new string('0', 64) } }),
        ];
        foreach (var (named, part) in others)
        {
            var message = Refusal([first, series.Stored(part, "b")]);
            Assert.StartsWith("shard-1 and b: are not parts of one series (", message, StringComparison.Ordinal);
            Assert.Contains(named, message, StringComparison.Ordinal);
            Assert.Equal(message, Refusal([series.Stored(part, "b"), first]));
        }
    }

    [Fact]
    public void every_setting_and_everything_said_of_samples_is_a_fact()
    {
        Assert.Equal(typeof(AnalysisSettings).GetProperties().Length, Fact.Of(new AnalysisSettings()).Length);
        // All but the folder of the data, which may differ between machines.
        Assert.Equal(typeof(ProbeOptions).GetProperties().Length - 1, Fact.Of(new ProbeOptions()).Length);
    }

    [Fact]
    public void samples_that_were_replaced_between_two_shards_are_found_at_their_seam()
    {
        var files = series.Small(4);
        var data = WholeAnalysis.Data(series.Folder, "data.npy", 8, 2);
        var probe = new ProbeOptions { Data = [data] };
        var first = series.Part(files, new(), new(1, 2), probe);
        WholeAnalysis.Data(series.Folder, "data.npy", 16, 2);
        var second = series.Part(files, new(), new(2, 2), probe);
        var message = Refusal([first, second]);
        Assert.StartsWith($"shard-1 and shard-2: did not measure the same {files[1]} (SHA-256 of the samples (probe): ", message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void a_checkpoint_that_was_replaced_between_two_runs_of_a_shard_is_named()
    {
        var files = series.Small(4);
        var parts = series.Parts(files, new(), 2);
        File.Copy(files[1], files[0], overwrite: true);
        var again = series.Stored(series.Part(files, new(), new(1, 2)).Part, "again");
        Assert.Contains($"did not measure the same {files[0]} (SHA-256 of the checkpoint: ", Refusal([.. parts, again]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void of_two_runs_of_a_shard_the_one_with_fewer_failures_is_taken()
    {
        var files = series.Small(4);
        var expected = ShardedSeries.Outputs(series.Whole(files, new()));
        var parts = series.Parts(files, new(), 2);
        var entries = parts[0].Part.Entries;
        var failed = series.Stored(
            parts[0].Part with { Entries = entries.SetItem(0, entries[0] with { Result = null, Failure = "no memory" }) },
            "failed");
        AssertWhole(expected, [failed, .. parts], 0);
        Assert.All(told, line => Assert.StartsWith("shard-1 and failed: are both shard 1/2 and not the same", line,
            StringComparison.Ordinal));
        Assert.NotEmpty(told);
    }

    [Fact]
    public void a_shard_that_was_compared_with_another_checkpoint_is_refused()
    {
        var parts = series.Parts(series.Small(4), new(), 2);
        var entries = parts[0].Part.Entries;
        var failed = series.Stored(
            parts[0].Part with { Entries = entries.SetItem(1, entries[1] with { Result = null, Failure = "no memory" }) });
        Assert.Contains("shard-2: compared its first checkpoint with number 2 of the series, where ", Refusal([failed, parts[1]]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void a_part_of_another_device_is_refused()
    {
        var parts = series.Parts(series.Small(4), new(), 2);
        var entries = parts[1].Part.Entries;
        var other = series.Stored(parts[1].Part with
        {
            Entries = [.. entries.Select(entry => entry with { Result = entry.Result! with { Device = Device.Cuda } })],
        });
        Assert.Contains("were measured on other devices (cpu and cuda)", Refusal([parts[0], other]), StringComparison.Ordinal);
    }

    [Fact]
    public void a_damaged_file_is_never_read()
    {
        var part = series.Part(series.Small(3), new(), new(1, 1));
        using var stream = new MemoryStream();
        ShardWriter.Write(part.Part, stream);
        var bytes = stream.ToArray();
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var damaged = bytes.ToArray();
            damaged[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            var length = i % 4 == 0 ? random.Next(bytes.Length) : bytes.Length;
            var file = series.Folder.Write("damaged.shard", damaged[..length]);
            Assert.Throws<ShardDamageException>(() => ShardReader.Read(file, out _));
        }
    }

    private void AssertWhole(IReadOnlyDictionary<string, string> expected, FoundPart[] parts, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 2; i++)
        {
            FoundPart[] given = [.. parts, .. parts.Where(_ => i > 0 && random.Next(3) == 0)];
            random.Shuffle(given);
            var merged = AnalysisOutcome.Of([.. ShardMerge.Join(given, told.Add).Select(part => part.Part)]);
            var outputs = ShardedSeries.Outputs(merged);
            Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), outputs.Keys.Order(StringComparer.Ordinal));
            Assert.All(outputs, output => Assert.True(expected[output.Key] == output.Value,
                $"{output.Key} differs with {parts.Length} shards"));
        }
    }

    private string Refusal(FoundPart[] parts) => Assert.Throws<UserException>(() => ShardMerge.Join(parts, told.Add)).Message;
}
