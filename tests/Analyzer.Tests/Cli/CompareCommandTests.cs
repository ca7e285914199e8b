using System.Text.Json;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Analyzer.Tests.Series;
using Emergence.Checkpoints;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

public sealed class CompareCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    public void Dispose()
    {
        folder.Dispose();
        shell.Dispose();
    }

    [Fact]
    public async Task The_readme_example_prunes_and_compares()
    {
        var model = Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_010.onnx");
        var (pruned, smaller) = (folder.Path("pruned.onnx"), folder.Path("smaller.onnx"));
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", pruned, "--quiet"));
        Assert.Equal(0, await shell.RunAsync("prune", model, "--structure", "nodes", "--amount", "0.5", "--keep-output",
            "--shrink", "--out", smaller, "--quiet"));

        using var compared = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await compared.RunAsync("compare", model, smaller, "--quiet"));
        // prune ends with the same.
        Assert.EndsWith($"\n\n{compared.Output}", shell.Output, StringComparison.Ordinal);

        Assert.Empty(compared.Error);
        var lines = compared.Output.Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains(lines, line => line.StartsWith("parameters          52650 ", StringComparison.Ordinal));
        Assert.Single(lines, line => Regex.IsMatch(line, @"^fc1 +64 → \d+ .* \d+ cut out$"));
        Assert.Contains(": the structure changed", compared.Output, StringComparison.Ordinal);
        Assert.Equal(0, await compared.RunAsync("compare", model, pruned, "--quiet"));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(80)]
    [InlineData(160)]
    public async Task A_comparison_fits_the_terminal(int width)
    {
        var (one, other) = (folder.Path("a-rather-long-name-of-a-checkpoint-1.onnx"), folder.Path("another-long-name-2.onnx"));
        var model = ModelFile.Read(Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_003.onnx"));
        ModelFile.Save(model, one);
        foreach (var node in model.Graph.Node)
            node.Name = $"/backbone/stages.0/blocks.1/attention/projection/{node.Name}";
        ModelFile.Save(model, other);
        using var terminal = new Shell { Analysis = Analysis.RunAsync, OutputWidth = width };

        Assert.Equal(0, await terminal.RunAsync("compare", other, one, "--quiet"));

        var lines = terminal.Output.Split('\n');
        // Sentences are of 80 columns.
        Assert.All(lines, line => Assert.True(line.Length <= Math.Max(width, 80), line));
        Assert.All(lines.TakeWhile(line => !line.StartsWith('E')).Where(line => line.Length > 0 && !line.Contains("left out")),
            line => Assert.True(line.Length <= width, line));
        Assert.Contains(lines, line => line.Contains("fc1' in B", StringComparison.Ordinal));
        Assert.Equal(width < 80, lines.Any(line => line == "left out for the width: nodes; --format csv has them"));
    }

    [Fact]
    public async Task Prune_downloads_nothing_and_says_how_to_compare()
    {
        var path = BiasChains.Save(folder, "net.onnx", [1, -1], [1]);
        var model = ModelFile.Read(path);
        (CheckpointMetadata.Read(model) with { Dataset = "mine" }).WriteTo(model);
        ModelFile.Save(model, path);

        Assert.Equal(0, await shell.RunAsync("prune", path, "--amount", "0.5", "--out", folder.Path("p.onnx"), "--quiet"));

        var words = string.Join(' ', shell.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.EndsWith($"side by side: emergence-analyze compare {path} {folder.Path("p.onnx")}", words,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_that_became_active_or_died_are_listed_by_index()
    {
        var a = BiasChains.Save(folder, "a.onnx", [1, 1, -1, -1, -1, -1, 1], [1, -1]);
        var b = BiasChains.Save(folder, "b.onnx", [1, -1, 1, 1, 1, -1, 1], [1, 1]);

        Assert.Equal(0, await shell.RunAsync("compare", a, b, "--quiet"));

        Assert.Contains("\nfc0, became active: 2-4\nfc0, died: 1\nfc1, became active: 1\n", shell.Output,
            StringComparison.Ordinal);
        Assert.Contains("\nE stayed: one node of fc1 (logits) became active, 33 % of what moved\n", shell.Output,
            StringComparison.Ordinal);

        using var json = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await json.RunAsync("compare", a, b, "--quiet", "--format", "json"));
        var root = JsonDocument.Parse(json.Output).RootElement;
        var layers = root.GetProperty("layers").EnumerateArray().ToArray();
        Assert.Equal([2, 3, 4], layers[0].GetProperty("became_active").EnumerateArray().Select(node => node.GetInt32()));
        // 4 dead before 1 alive logit; 2 dead before 2: the two are 4 and 4.
        Assert.Equal("0", root.GetProperty("emergence_change").GetString());
        Assert.Equal(["-3", "3"], layers.Select(layer => layer.GetProperty("contribution").GetString()));
    }

    [Fact]
    public async Task Folders_and_results_are_compared_by_their_last_checkpoint()
    {
        var (first, second) = (Directory.CreateDirectory(folder.Path("one")).FullName, folder.Path("two"));
        foreach (var (epoch, alive) in new[] { 2, 3, 5 }.Index())
            BiasChains.Save(folder, $"one/{epoch}.onnx", BiasChains.Biases(8, alive), BiasChains.Biases(3, 2));
        Assert.Equal(0, await shell.RunAsync(first, "--out", second, "--quiet"));

        using var compared = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await compared.RunAsync("compare", first, second, "--quiet"));
        Assert.Matches("\nmodel +2.onnx +2.onnx\n", compared.Output);
        Assert.Contains($"\n{second}: cannot tell\n", compared.Output, StringComparison.Ordinal);
        Assert.Contains("fc0        8  5 → 5 ", compared.Output, StringComparison.Ordinal);

        Assert.Equal(0, await compared.RunAsync("compare", Path.Combine(second, "results.json"), Path.Combine(first, "0.onnx"),
            "--quiet", "--format", "csv"));
        Assert.EndsWith("fc0,fc0,name,8,8,5,2,,2 3 4\nfc1,fc1,name,3,3,2,2,,\n", compared.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_that_were_measured_in_another_way_are_refused()
    {
        var model = BiasChains.Save(folder, "a.onnx", [1, -1], [1]);
        Assert.Equal(0, await shell.RunAsync(model, "--out", folder.Path("max"), "--statistic", "max", "--quiet"));
        Assert.Equal(1, await shell.RunAsync("compare", model, folder.Path("max"), "--quiet"));
        Assert.EndsWith(
            $"error: {model} and {folder.Path("max")}: were not measured in the same way (--statistic is 'Mean' in the first "
            + "and 'Max' in the second); " +
            "measure both with the same options\n", shell.Error, StringComparison.Ordinal);

        Assert.Equal(0, await shell.RunAsync(model, "--out", folder.Path("sweep"), "--threshold", "0,1", "--quiet"));
        Assert.Equal(1, await shell.RunAsync("compare", folder.Path("sweep"), folder.Path("sweep")));
        Assert.EndsWith(": was not measured with threshold 0.05 but with 0, 1; choose one with --threshold\n", shell.Error,
            StringComparison.Ordinal);
        Assert.Equal(0, await shell.RunAsync("compare", folder.Path("sweep"), folder.Path("sweep"), "--threshold", "1"));
    }

    [Theory]
    [InlineData("""{"schema_version": 3}""", ": has schema version 3, 1 to 2 are read; write it again\n")]
    [InlineData("[]", "name a file that --out wrote\n")]
    [InlineData("no json", "name a file that --out wrote\n")]
    [InlineData("""{"schema_version": 1, "settings": {}}""", "name a file that --out wrote\n")]
    public async Task What_is_no_result_is_named(string text, string end)
    {
        var path = folder.Write("results.json", System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(1, await shell.RunAsync("compare", path, path));
        Assert.StartsWith($"error: {path}: ", shell.Error, StringComparison.Ordinal);
        Assert.EndsWith(end, shell.Error, StringComparison.Ordinal);
        Assert.Single(shell.Error.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("\"nodes\": 64", "\"nodes\": 0")]
    [InlineData("\"multiplicity\": 64", "\"multiplicity\": 63")]
    [InlineData("\"to\": 1", "\"to\": 9")]
    [InlineData("\"index\": 1", "\"index\": 7")]
    [InlineData("\"thresholds\": [", "\"thresholds\": [1,")]
    [InlineData("\"alive_mask\": \"", "\"alive_mask\": \"AAAA")]
    [InlineData("\"emergence\": \"33260\"", "\"emergence\": \"33260/0\"")]
    public async Task A_result_that_contradicts_itself_is_named(string good, string bad)
    {
        using var stream = new MemoryStream();
        JsonReport.Write(SampleOutcome.Plain, stream);
        var text = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains(good, text, StringComparison.Ordinal);
        var path = folder.Write("results.json",
            System.Text.Encoding.UTF8.GetBytes(text.Replace(good, bad, StringComparison.Ordinal)));
        Assert.Equal(1, await shell.RunAsync("compare", path, path));
        Assert.StartsWith($"error: {path}: is no results.json of emergence-analyze (", shell.Error, StringComparison.Ordinal);
    }

    /// <summary>Three chains with E = 1, 0 and 2, and 2, 3 and 1 of 3 nodes alive.</summary>
    [Fact]
    public async Task Three_runs_give_the_median_and_the_spread_of_each_step()
    {
        string[] runs =
        [
            BiasChains.Save(folder, "a.onnx", [1, -1], [1]), BiasChains.Save(folder, "b.onnx", [1, 1], [1]),
            BiasChains.Save(folder, "c.onnx", [-1, -1], [1]),
        ];
        using var compared = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await compared.RunAsync(
            ["compare", .. runs, "--quiet", "--format", "csv", "--html", folder.Path("runs.html")]));

        var rows = compared.Output.Split('\n');
        Assert.StartsWith("step,runs,emergence,emergence_low,emergence_high,alive_share,", rows[0], StringComparison.Ordinal);
        Assert.StartsWith("0,3,1,0,2,0.666666", rows[1], StringComparison.Ordinal);
        var page = await File.ReadAllTextAsync(folder.Path("runs.html"), TestContext.Current.CancellationToken);
        Assert.Contains("E is 1 in the middle of 3 runs", page, StringComparison.Ordinal);
        Assert.Contains("1 [0, 2]", page, StringComparison.Ordinal);

        using var table = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await table.RunAsync(["compare", .. runs, "--quiet"]));
        Assert.Contains("E, median  least  most", table.Output, StringComparison.Ordinal);
        using var json = new Shell { Analysis = Analysis.RunAsync };
        Assert.Equal(0, await json.RunAsync(["compare", .. runs, "--quiet", "--format", "json"]));
        using var read = System.Text.Json.JsonDocument.Parse(json.Output);
        Assert.Equal("2", read.RootElement.GetProperty("steps")[0].GetProperty("emergence").GetProperty("high").GetString());
    }

    [Fact]
    public async Task Two_names_are_needed_that_lead_somewhere()
    {
        var model = BiasChains.Save(folder, "a.onnx", [1, -1], [1]);
        Assert.Equal(2, await shell.RunAsync("compare", model));
        Assert.Equal(2, await shell.RunAsync("compare", model, folder.Path("none.onnx")));
        Assert.Equal(2, await shell.RunAsync("compare", model, model, "--threshold", "0,1"));
        Assert.Equal(
            "error: compare takes two models, directories or results.json files or more, not 1, as in: emergence-analyze "
            + "compare before.onnx after.onnx\n" +
            $"error: {folder.Path("none.onnx")}: no such file or directory; check the path\n" +
            "error: compare shows one threshold; give one --threshold\n", shell.Error);
    }

    [Fact]
    public void Layers_are_matched_by_name_and_then_by_structure()
    {
        var before = SampleOutcome.Chain(0.05f, new(1), new(1), 1, 1, 1).Layers;
        var after = before.SetItem(0, before[0] with { Name = "renamed" }).SetItem(2,
            before[2] with { Name = "other", Nodes = 12 });
        Assert.Equal(
            [(0, 0, LayerMatch.Structure), (1, 1, LayerMatch.Name), (2, 2, LayerMatch.Structure)],
            LayerMatching.Match(before, after).Select(pair => (pair.Before!.Value, pair.After!.Value, pair.Match)));

        // One more of the same operator: which of the two it was is not known.
        Assert.Equal(
            [(0, 0, LayerMatch.Structure), (1, 1, LayerMatch.Name), (2, null, LayerMatch.None), (null, 2, LayerMatch.None),
                (null, 3, LayerMatch.None)],
            LayerMatching.Match(before, after.Add(after[2] with { Name = "more", Nodes = 13 })).Select(pair =>
                (pair.Before, pair.After, pair.Match)));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        foreach (var outcome in (AnalysisOutcome[])[SampleOutcome.Plain, SampleOutcome.Moved, SampleOutcome.Sampled,
            SampleOutcome.One])
        {
            using var stream = new MemoryStream();
            JsonReport.Write(outcome, stream);
            var path = folder.Write("results.json", stream.ToArray());

            var read = ResultsReader.Read(path);

            Assert.Equal(outcome.Series.Checkpoints.Select(checkpoint => checkpoint.File),
                read.Checkpoints.Select(checkpoint => checkpoint.File));
            Assert.Equal(outcome.Series.Settings.Statistic, read.Settings.Statistic);
            foreach (var (one, other) in outcome.Series.Checkpoints.Zip(read.Checkpoints))
            {
                Assert.Equal(one.Measurements[0].Emergence, other.Measurements[0].Emergence);
                Assert.Equal(one.Edges, other.Edges);
                foreach (var (layer, again) in one.Measurements[0].Layers.Zip(other.Measurements[0].Layers))
                    Assert.Equal((layer.Name, layer.Nodes, layer.Alive, layer.NeverFired, layer.Mask?.Cast<bool>().Count(x => x)),
                        (again.Name, again.Nodes, again.Alive, again.NeverFired, again.Mask?.Cast<bool>().Count(x => x)));
            }
        }
    }

    [Theory]
    [InlineData("", new int[0])]
    [InlineData("3", new[] { 3 })]
    [InlineData("0-2, 5, 7-8", new[] { 0, 1, 2, 5, 7, 8 })]
    public void Nodes_that_follow_each_other_are_a_stretch(string text, int[] nodes) =>
        Assert.Equal(text, ComparisonTable.NodeList([.. nodes]));
}
