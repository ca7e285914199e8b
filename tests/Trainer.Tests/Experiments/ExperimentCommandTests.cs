using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Tests.Experiments;

/// <summary>Experiments from data to report, on a set of 200 images, with the analyzer that lies beside the tests.</summary>
public sealed class ExperimentCommandTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public void Pruning_gives_figures_tables_and_a_report_and_goes_on_where_it_was_killed()
    {
        Done(Experiment("out", "mlp-pruning", "--hidden", "8,4"));
        var whole = Results("out");
        AssertOneOfEachClaimIsPrimary("out");
        Assert.Contains("tables/mlp-pruning-accuracy.csv", whole.Keys);
        Assert.Contains("figures/figure-2-mnist-emergence-accuracy-change.svg", whole.Keys);
        Assert.All(Directory.GetFiles(Path.Combine(workspace.Folder("out"), "figures")), path => XDocument.Load(path));
        var page = File.ReadAllText(Path.Combine(workspace.Folder("out"), "report.html"));
        Assert.Contains("Pruning lowers emergence.", page, StringComparison.Ordinal);
        Assert.Contains("the numbers mean nothing", page, StringComparison.Ordinal);
        Assert.Contains("It is part of the picture above: Figure 2 of the paper", page, StringComparison.Ordinal);
        Assert.Contains("Of mnist only 200 of 60,000 training samples were there.", page, StringComparison.Ordinal);

        // What a kill leaves: a training in the middle, with its marker open, and nothing of what builds on it.
        var arm = Path.Combine(workspace.Folder("out"), "mlp-pruning", "mnist", "seed-3", "after-2-kept-70");
        var marker = Path.Combine(arm, "train.step");
        File.WriteAllText(marker, File.ReadAllText(marker).Replace("\"Done\":true", "\"Done\":false", StringComparison.Ordinal));
        foreach (var epoch in new[] { 4, 5 })
            File.Delete(CheckpointFolder.PathOf(arm, epoch));
        var log = CheckpointFolder.LogOf(arm);
        File.WriteAllLines(log, File.ReadAllLines(log)[..^2]);
        Directory.Delete(Path.Combine(arm, "mean"), recursive: true);
        var untouched = File.GetLastWriteTimeUtc(CheckpointFolder.PathOf(arm, 3));

        Done(Experiment("out", "mlp-pruning", "--hidden", "8,4"));
        Assert.Equal(untouched, File.GetLastWriteTimeUtc(CheckpointFolder.PathOf(arm, 3)));
        Assert.Equal(whole, Results("out"));

        // Other options would throw away what is there.
        var other = Experiment("out", "mlp-pruning", "--hidden", "8,3");
        Assert.Equal(2, other.Code);
        Assert.Contains("was made with other options, and would be lost", other.Error, StringComparison.Ordinal);
        Assert.Equal(whole, Results("out"));
    }

    [Fact]
    public void Controls_compare_true_samples_with_random_labels_and_images()
    {
        Done(Experiment("out", "controls", "--hidden", "8,4"));
        AssertOneOfEachClaimIsPrimary("out");
        var table = File.ReadAllLines(Path.Combine(workspace.Folder("out"), "tables", "controls.csv"));
        Assert.Equal(["true samples", "random labels", "random images"], table[1..].Select(row => row.Split(',')[0]));
        // The network starts with the same weights: before training, E does not depend on the labels.
        Assert.Single(table[1..].Select(row => row.Split(',')[1]).Distinct());
        Assert.True(File.Exists(Path.Combine(workspace.Folder("out"), "figures", "controls.svg")));
    }

    [Fact]
    public void Ruggedness_is_set_beside_emergence_unpruned_and_pruned()
    {
        Done(Experiment("out", "ruggedness", "--hidden", "8,4"));
        AssertOneOfEachClaimIsPrimary("out");
        var table = File.ReadAllLines(Path.Combine(workspace.Folder("out"), "tables", "ruggedness-states.csv"));
        Assert.Equal(["state", "E", "E_w", "Ẽ", "roughness", "sharpness", "Hessian trace", "minima", "\"test accuracy, %\""],
            table[0].Split(',', 9));
        Assert.Equal(6, table.Length);
        // What the analyzer measured is what the table has.
        using var landscape = JsonDocument.Parse(File.ReadAllText(Path.Combine(
            workspace.Folder("out"), "ruggedness", "mnist", "seed-3", "base", "landscape", "landscape.json")));
        var sharpness = landscape.RootElement.GetProperty("landscapes")[0].GetProperty("numbers").EnumerateArray()
            .Single(number => number.GetProperty("name").GetString() == "sharpness").GetProperty("value").GetDouble();
        Assert.Equal(sharpness.ToString("G4", CultureInfo.InvariantCulture), table[1].Split(',')[^4]);
        Assert.True(File.Exists(Path.Combine(workspace.Folder("out"), "figures", "ruggedness.svg")));
    }

    [Fact]
    public void An_optimizer_with_a_state_goes_on_where_it_was_killed()
    {
        Done(Experiment("out", "cnn"));
        var whole = Results("out");
        AssertOneOfEachClaimIsPrimary("out");
        var run = Path.Combine(workspace.Folder("out"), "cnn", "mnist", "seed-3");
        var marker = Path.Combine(run, "train.step");
        File.WriteAllText(marker, File.ReadAllText(marker).Replace("\"Done\":true", "\"Done\":false", StringComparison.Ordinal));
        var last = File.ReadAllBytes(CheckpointFolder.PathOf(run, 3));
        File.Delete(CheckpointFolder.PathOf(run, 3));
        // Of epoch 2 the moments are lost: it goes on from epoch 1.
        File.Delete(OptimizerFile.PathOf(CheckpointFolder.PathOf(run, 2)));
        var untouched = File.GetLastWriteTimeUtc(CheckpointFolder.PathOf(run, 1));

        Done(Experiment("out", "cnn"));
        Assert.Equal(whole, Results("out"));
        Assert.Equal(last, File.ReadAllBytes(CheckpointFolder.PathOf(run, 3)));
        Assert.Equal(untouched, File.GetLastWriteTimeUtc(CheckpointFolder.PathOf(run, 1)));
    }

    [Fact]
    public void A_run_that_diverges_is_named_and_so_is_what_the_analyzer_warns_of()
    {
        var run = Experiment("out", "mlp-pruning", "--hidden", "8,4", "--lr", "1e30");
        Done(run);
        const string diverged = "mlp-pruning/mnist/seed-3/base diverged: its loss is not finite from epoch 1 on";
        Assert.Contains($"warning: {diverged}", run.Error, StringComparison.Ordinal);

        // Nothing is worked on again; what the analyzer left is read anew.
        var results = Path.Combine(workspace.Folder("out"), "mlp-pruning", "mnist", "seed-3", "base", "mean", "results.json");
        var warned = File.ReadAllText(results).Replace("\"diagnostics\": []",
            """
            "diagnostics": [{"severity": "warning", "subject": "probe", "message": "is odd"}]
            """, StringComparison.Ordinal);
        File.WriteAllText(results, warned);
        var again = Experiment("out", "mlp-pruning", "--hidden", "8,4", "--lr", "1e30");
        Assert.Contains("warning: emergence-analyze warns of mlp-pruning/mnist/seed-3/base/mean: probe: is odd\n", again.Error,
            StringComparison.Ordinal);
        foreach (var report in new[] { "summary.json", "reproduction.md", "report.html" })
        {
            var text = File.ReadAllText(Path.Combine(workspace.Folder("out"), report));
            Assert.Contains(diverged, text, StringComparison.Ordinal);
            Assert.Contains("emergence-analyze warns of ", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Transfer_cuts_nodes_out_and_trains_fresh_networks_of_both_sizes()
    {
        Done(Experiment("out", "transfer", "--hidden", "8,4"));
        AssertOneOfEachClaimIsPrimary("out");
        var table = File.ReadAllLines(Path.Combine(workspace.Folder("out"), "tables", "transfer-ends.csv"));
        // 784·8 + 8 + 8·4 + 4 + 4·10 + 10 parameters, and 784·4 + 4 + 4·2 + 2 + 2·10 + 10.
        Assert.Equal(["unpruned,\"6,366\"", "nodes pruned,\"3,180\""],
            table[1..3].Select(row => string.Join(',', row.Split(',')[..3])));
        Assert.StartsWith("random,\"6,366\"", table[4], StringComparison.Ordinal);
        Assert.StartsWith("\"random, pruned size\",\"3,180\"", table[5], StringComparison.Ordinal);
    }

    [Fact]
    public void Initial_weights_that_raise_emergence_are_compared_with_a_control_of_the_same_norm()
    {
        Done(Experiment("out", "initialization", "--hidden", "8,4"));
        var table = File.ReadAllLines(Path.Combine(workspace.Folder("out"), "tables", "initialization-raised.csv"));
        Assert.Equal(["emergence:1.5,scaled:1.5", "emergence:1.5,pytorch", "emergence:3,scaled:3", "emergence:3,pytorch"],
            table[1..].Select(row => string.Join(',', row.Split(',')[..2])));
        Assert.Equal(9, File.ReadAllLines(Path.Combine(workspace.Folder("out"), "tables", "initialization.csv")).Length);
    }

    [Fact]
    public void Other_data_under_the_same_name_are_worked_on_anew()
    {
        Done(Experiment("out", "cnn"));
        var before = Results("out");
        var images = Path.Combine(workspace.Data, "train-images-idx3-ubyte");
        var bytes = File.ReadAllBytes(images);
        bytes.AsSpan(16).Reverse();
        File.WriteAllBytes(images, bytes);

        Done(Experiment("out", "cnn"));
        Assert.NotEqual(before["chapters"], Results("out")["chapters"]);
    }

    [Theory]
    [InlineData("nonsense", "", "nonsense: no such experiment; expected mlp-")]
    [InlineData("cnn,cmm", "", "cmm: no such experiment; expected mlp-")]
    [InlineData("cnn,", "", ": no such experiment; expected mlp-")]
    [InlineData("cnn", "--analyzer nowhere",
        "--analyzer nowhere: does not exist; give the path of the program emergence-analyze")]
    [InlineData("mlp-pruning", "--prune-after 2,30", "--prune-after: is after the last epoch; give more --epochs")]
    [InlineData("mlp-pruning", "--hidden none",
        "--hidden: a network without hidden layers has nothing to prune; give their sizes")]
    [InlineData("mlp-pruning", "--optimizer adam --momentum 0.9", "--momentum: belongs to --optimizer sgd; leave it out")]
    [InlineData("cnn", "--seeds 1,1", "--seeds: '1,1' names one twice")]
    [InlineData("cnn", "--dataset mnist,imagenet", "--dataset: 'imagenet': expected digits, mnist, fashion-mnist or cifar10")]
    public void Wrong_usage_is_said_in_one_line(string name, string options, string message)
    {
        var run = Workspace.Run(
            ["experiment", name, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--out", workspace.Folder("out")]);
        Assert.Equal(2, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(Directory.Exists(workspace.Folder("out")));
    }

    [Fact]
    public void What_the_analyzer_says_is_passed_on()
    {
        var broken = workspace.Folder("broken.sh");
        File.WriteAllText(broken, "#!/bin/sh\necho 'error: it is broken' >&2\nexit 3\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(broken, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var run = Experiment("out", "cnn", "--analyzer", broken);
        Assert.Equal(1, run.Code);
        Assert.Contains("error: emergence-analyze (exit code 3): error: it is broken\n", run.Error, StringComparison.Ordinal);
    }

    private ProgramRun Experiment(string output, string name, params string[] options) => Workspace.Run(
        ["experiment", name, "--quick", "--seeds", "3", "--dataset", "mnist", "--data-dir", workspace.Data, "--out",
            workspace.Folder(output), .. options]);

    /// <summary>One seed decides nothing, and there is one data set.</summary>
    private void AssertOneOfEachClaimIsPrimary(string output)
    {
        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(workspace.Folder(output), "summary.json")));
        var claims = summary.RootElement.GetProperty("chapters").EnumerateArray()
            .SelectMany(chapter => chapter.GetProperty("claims").EnumerateArray())
            .Where(claim => claim.GetProperty("evidence").GetArrayLength() > 0)
            .ToArray();
        Assert.NotEmpty(claims);
        Assert.All(claims, claim => Assert.Equal(
            claim.GetProperty("ours").GetBoolean() ? 0 : 1,
            claim.GetProperty("evidence").EnumerateArray().Count(one => one.GetProperty("kind").GetString() == "primary")));
        Assert.All(summary.RootElement.GetProperty("verdicts").EnumerateArray(), verdict =>
            Assert.Equal("too few seeds", verdict.GetProperty("verdict").GetString()));
    }

    private static void Done(ProgramRun run) => Assert.True(run.Code == 0, run.Error);

    /// <summary>Everything that the experiments found, but not how long it took.</summary>
    private SortedDictionary<string, string> Results(string name)
    {
        var root = workspace.Folder(name);
        var results = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in new[] { "figures", "tables" }.SelectMany(folder => Directory.GetFiles(Path.Combine(root, folder))))
            results.Add(Path.GetRelativePath(root, path).Replace('\\', '/'), File.ReadAllText(path));
        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "summary.json")));
        results.Add("chapters", summary.RootElement.GetProperty("chapters").GetRawText());
        return results;
    }
}
