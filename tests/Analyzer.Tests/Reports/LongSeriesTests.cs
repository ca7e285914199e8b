using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Metrics;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Series;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>A series of more checkpoints than a person looks at, or memory holds as text.</summary>
public sealed partial class LongSeriesTests
{
    private const int Length = 10_000;
    private const int Peak = 7_777;

    private static readonly AnalysisOutcome Long = SampleOutcome.Of(new AnalysisSettings(),
        [.. Enumerable.Range(0, Length).Select(i => SampleOutcome.Checkpoint($"runs/long/ckpt_{i:00000}.onnx", i, 0.9,
            SampleOutcome.Chain(0.05f, new(i == Peak ? 987_654_321 : 40_000 + (i % 100)), new(20_000), 80, 50, 10)))]);

    [Fact]
    public void A_page_shows_its_course_and_says_where_the_rest_is()
    {
        var page = Encoding.UTF8.GetString(Written(ReportWriters.Page).ToArray());

        Assert.Contains("Of this series 1,001 of 10,000 checkpoints are shown, the smallest and the largest E of each of 500 "
            + "stretches among them. All of them are in series.csv, layers.csv and results.json, which --out writes.", page,
            StringComparison.Ordinal);
        Assert.Contains("1,001 of 10,000 checkpoints, a row for each threshold; series.csv has all", page,
            StringComparison.Ordinal);
        Assert.Equal(1_001, CheckpointRow().Count(page));
        Assert.Contains("987,654,321", page, StringComparison.Ordinal);
        Assert.InRange(page.Length, 0, 3_000_000);
        // The charts have the same points: a name for each column of the map, and x from the first epoch to the last.
        Assert.Contains("\"9,999\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_series_is_shown_whole_without_a_word()
    {
        using var stream = new MemoryStream();
        ReportWriters.Page.Write(SampleOutcome.Plain, stream);
        var page = Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains("Every checkpoint, in numbers", page, StringComparison.Ordinal);
        Assert.DoesNotContain("checkpoints are shown", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_shows_its_course_and_a_file_every_row()
    {
        using var terminal = new MemoryStream();
        TableReport.Write(Long, terminal, 100, isColored: false);
        var shown = Encoding.UTF8.GetString(terminal.ToArray());
        Assert.Equal(1_001, shown.Split('\n').Count(line => line.StartsWith("ckpt_", StringComparison.Ordinal)));
        Assert.Contains("987654321", shown, StringComparison.Ordinal);
        Assert.Contains("1001 of 10000 checkpoints are shown", shown, StringComparison.Ordinal);

        var all = Encoding.UTF8.GetString(Written(ReportWriters.All[0]).ToArray());
        Assert.Equal(Length, all.Split('\n').Count(line => line.StartsWith("ckpt_", StringComparison.Ordinal)));
    }

    [Fact]
    public void Results_go_to_the_disk_as_they_are_written()
    {
        using var stream = Written(ReportWriters.All.Single(writer => writer.Format == "json"));
        Assert.InRange(stream.Length, 10 << 20, long.MaxValue);
        Assert.InRange(stream.LargestWrite, 1, 1 << 18);
        stream.Position = 0;
        using var json = JsonDocument.Parse(stream);
        Assert.Equal(Length, json.RootElement.GetProperty("checkpoints").GetArrayLength());
    }

    [Fact]
    public void What_is_shown_has_the_extremes_of_each_stretch_and_what_is_named()
    {
        var random = new Random(3);
        int[] values = [.. Enumerable.Range(0, 50_000).Select(_ => random.Next(1_000_000))];
        var shown = ShownSteps.Of(values.Length, i => new EmergenceValue(values[i]), 12_345, null, 7);

        Assert.Empty(new[] { 0, 7, 12_345, 49_999 }.Except(shown));
        Assert.Equal(shown.Order(), shown);
        Assert.InRange(shown.Length, 1_000, 1_004);
        foreach (var stretch in values.Chunk(100).Index())
        {
            var here = shown.Where(i => i / 100 == stretch.Index).Select(i => values[i]).ToArray();
            Assert.Equal((stretch.Item.Min(), stretch.Item.Max()), (here.Min(), here.Max()));
        }
        Assert.Equal(Enumerable.Range(0, 2_000), ShownSteps.Of(2_000, _ => default));
        Assert.Equal(Enumerable.Range(0, 1), ShownSteps.Of(1, _ => default));
        Assert.Empty(ShownSteps.Of(0, _ => default));
    }

    [GeneratedRegex("<tr><th scope=\"row\">runs/long/ckpt_")]
    private static partial Regex CheckpointRow();

    private static WatchedStream Written(ReportWriter writer)
    {
        var stream = new WatchedStream();
        writer.Write(Long, stream);
        return stream;
    }

    /// <summary>Knows the most bytes that came at once.</summary>
    private sealed class WatchedStream : MemoryStream
    {
        public int LargestWrite { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            LargestWrite = Math.Max(LargestWrite, buffer.Length);
            base.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count)
        {
            LargestWrite = Math.Max(LargestWrite, count);
            base.Write(buffer, offset, count);
        }
    }
}
