using System.Text.Json;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Pruning;

public sealed class PruneCommandTests : IDisposable
{
    private readonly Shell shell = new();
    private readonly string model;

    public PruneCommandTests()
    {
        model = Path.Combine(shell.Folder, "net.onnx");
        ModelFile.Save(TinyModels.Dense(), model);
    }

    public void Dispose() => shell.Dispose();

    private string In(string name) => Path.Combine(shell.Folder, name);

    [Fact]
    public async Task several_amounts_give_a_file_each_named_by_percent()
    {
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.25,0.125,0.5", "--out", In("out")));
        Assert.Equal(["net.pruned-12.5.onnx", "net.pruned-25.onnx", "net.pruned-50.onnx"], Names(In("out")));
        Assert.Equal([1L], PruningRecord.ReadAll(ModelFile.Read(In("out/net.pruned-25.onnx"))).Select(record => record.Pruned));
        Assert.Contains("all pruned layers", shell.Output, StringComparison.Ordinal);
        Assert.Empty(shell.Error);
    }

    [Fact]
    public async Task one_model_at_one_amount_goes_to_the_file_or_directory_named()
    {
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", In("one.onnx")));
        Directory.CreateDirectory(In("there"));
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", In("there")));
        Assert.Equal(File.ReadAllBytes(In("one.onnx")), File.ReadAllBytes(In("there/net.pruned-50.onnx")));
        // The same call again gives the same bytes.
        var first = File.ReadAllBytes(In("one.onnx"));
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", In("one.onnx")));
        Assert.Equal(first, File.ReadAllBytes(In("one.onnx")));
    }

    [Fact]
    public async Task the_input_is_replaced_only_with_force()
    {
        var before = File.ReadAllBytes(model);
        Assert.Equal(2, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", model));
        Assert.Equal(before, File.ReadAllBytes(model));
        Assert.EndsWith("is a model that is read; name another file, or replace it with --force\n", shell.Error,
            StringComparison.Ordinal);
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", model, "--force"));
        Assert.Single(PruningRecord.ReadAll(ModelFile.Read(model)));
    }

    [Theory]
    [InlineData("--amount 1 --out o.onnx",
        "error: --amount: '1' is not a number from 0 to below 1; see emergence-analyze prune --help")]
    [InlineData("--amount -0.1 --out o.onnx",
        "error: --amount: '-0.1' is not a number from 0 to below 1; see emergence-analyze prune --help")]
    [InlineData("--amount 0.3,x --out o.onnx",
        "error: --amount: 'x' is not a number from 0 to below 1; see emergence-analyze prune --help")]
    [InlineData("--out o.onnx", "error: --amount is missing; say how much to prune, as in --amount 0.3")]
    [InlineData("--amount 0.3", "error: --out is missing; name the file to write, or a directory")]
    [InlineData("--amount 0.3,0.5 --out o.onnx", "error: --out o.onnx: is one file for 2 pruned models; name a directory")]
    [InlineData("--amount 0.3,0.30 --out o", null)]
    [InlineData("--amount 0.3 --out o.onnx --only nothing*", null)]
    [InlineData("--amount 0.3 --out o.onnx --exclude nothing*", null)]
    [InlineData("--amount 0.3 --out o.onnx --shrink", "error: --shrink goes with --structure nodes only; leave it out")]
    [InlineData("--amount 0.3 --out o.onnx --norm l1", "error: --importance l1 goes with --structure nodes only; choose another")]
    [InlineData("--amount 0.3 --out o.onnx --structure nodes --strict", "error: --strict goes with --shrink only; leave it out")]
    [InlineData("--sensitivity --out o.onnx",
        "error: --out does not go with --sensitivity, which prunes each layer alone and writes nothing; leave it out")]
    [InlineData("--amount 0.3 --out o.onnx --samples 3",
        "error: --samples goes with --sensitivity, --dead and --importance activation or wanda only; leave it out")]
    [InlineData("--amount 0.3 --out o.onnx --nonsense", "error: --nonsense: no such option; see emergence-analyze prune --help")]
    public async Task wrong_usage_is_said_in_one_line_and_nothing_is_written(string options, string? message)
    {
        Assert.Equal(2,
            await shell.RunAsync(["prune", model, .. options.Split(' ').Select(word => word.StartsWith('o') ? In(word) : word)]));
        Assert.Single(shell.Error.TrimEnd('\n').Split('\n'));
        if (message is not null)
            Assert.Equal(message.Replace("--out o.onnx: is one", $"--out {In("o.onnx")}: is one", StringComparison.Ordinal)
                + "\n", shell.Error);
        Assert.Empty(shell.Output);
        Assert.Equal(["net.onnx"], Names(shell.Folder));
    }

    [Fact]
    public async Task a_model_without_weights_fails_and_the_others_are_written()
    {
        File.WriteAllText(In("broken.onnx"), "version https://git-lfs.github.com/spec/v1\n");
        Assert.Equal(4, await shell.RunAsync("prune", model, In("broken.onnx"), "--amount", "0.5", "--out", In("out")));
        Assert.Equal(["net.pruned-50.onnx"], Names(In("out")));
        Assert.Contains("broken.onnx", shell.Error, StringComparison.Ordinal);
        Assert.Equal(1, await shell.RunAsync("prune", In("broken.onnx"), "--amount", "0.5", "--out", In("other")));
    }

    [Fact]
    public async Task a_place_that_cannot_be_written_is_named_and_leaves_no_half_file()
    {
        Directory.CreateDirectory(In("o.onnx"));
        Directory.CreateDirectory(In("o.onnx/net.pruned-50.onnx"));
        Assert.Equal(1, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", In("o.onnx")));
        Assert.Contains("net.pruned-50.onnx: cannot be written", shell.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(In("o.onnx"), "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task the_report_comes_as_csv_and_json_too()
    {
        Assert.Equal(0, await shell.RunAsync("prune", model, "--amount", "0.5", "--out", In("p.onnx"), "--format", "csv"));
        var lines = shell.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(
            "checkpoint,output,structure,scope,of,amount,index,name,op,pruned,weights,zeros_before,zeros,sparsity,"
            + "nodes,nodes_removed,nodes_cut,accuracy_before,accuracy,output_change,emergence_before,emergence", lines[0]);
        Assert.Equal(2, lines.Length);
        Assert.Contains(",weights,global,total,0.5,0,", lines[1], StringComparison.Ordinal);
        using var other = new Shell();
        var copy = Path.Combine(other.Folder, "net.onnx");
        File.Copy(model, copy);
        Assert.Equal(0,
            await other.RunAsync("prune", copy, "--amount", "0.5", "--out", Path.Combine(other.Folder, "p.onnx"), "--format",
            "json"));
        using var json = JsonDocument.Parse(other.Output);
        var output = Assert.Single(json.RootElement.GetProperty("outputs").EnumerateArray());
        Assert.Equal((4, 2), (output.GetProperty("weights").GetInt32(), output.GetProperty("zeros").GetInt32()));
    }

    private static string[] Names(string folder) =>
        [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];
}
