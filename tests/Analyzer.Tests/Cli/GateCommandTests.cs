using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Cli;

public sealed class GateCommandTests : IDisposable
{
    private readonly Shell shell = new();
    private readonly string[] series;

    public GateCommandTests() => series = [shell.File("a.onnx"), shell.File("b.onnx")];

    public void Dispose() => shell.Dispose();

    private Task<int> RunAsync(params string[] options) => shell.RunAsync([.. series, .. options]);

    [Fact]
    public async Task A_gate_that_holds_is_exit_code_3_with_one_line_each_and_the_answer_stays()
    {
        Assert.Equal(3, await RunAsync("--fail-on", "emergence == 0", "--fail-on", "layer(*).alive_share >= 100%",
            "--fail-on", "dead_layers > 0", "--quiet"));
        Assert.Equal("""
            gate: models/digits-mlp/ckpt_010.onnx: emergence is 0 (--fail-on 'emergence == 0')
            gate: models/digits-mlp/ckpt_010.onnx: /fc1/Gemm: alive_share is 1 (--fail-on 'layer(*).alive_share >= 100%')
            gate: models/digits-mlp/ckpt_010.onnx: /fc2/Gemm: alive_share is 1 (--fail-on 'layer(*).alive_share >= 100%')
            gate: models/digits-mlp/ckpt_010.onnx: /fc3/Gemm: alive_share is 1 (--fail-on 'layer(*).alive_share >= 100%')

            """.ReplaceLineEndings("\n"), shell.Error);
        Golden.Check("plain.table.txt", Encoding.UTF8.GetBytes(shell.Output));
    }

    [Fact]
    public async Task A_gate_that_does_not_hold_says_nothing()
    {
        Assert.Equal(0, await RunAsync("--fail-on", "dead_layers > 0", "--fail-on", "verdict == collapsing"));
        Assert.Empty(shell.Error);
    }

    [Theory]
    [InlineData(4, "emergence == 0", true)]
    [InlineData(4, "layer(none).alive == 0", true)]
    [InlineData(4, "train_loss > 0", true)]
    [InlineData(2, "layer(none).alive == 0", false)]
    [InlineData(1, "train_loss > 0", false)]
    public async Task What_went_wrong_outranks_a_gate(int code, string gate, bool hasFailure)
    {
        if (hasFailure)
        {
            shell.Analysis = (_, _, _) => Task.FromResult(
                SampleOutcome.Plain with { Failures = [new("b.onnx", "b.onnx: is empty")] });
        }
        var results = Path.Combine(shell.Folder, "out");
        Assert.Equal(code, await RunAsync("--fail-on", "emergence == 0", "--fail-on", gate, "--out", results, "--quiet"));
        Assert.Contains("gate: ", shell.Error, StringComparison.Ordinal);
        Assert.Equal(hasFailure || code != 0, shell.Error.Contains("error: ", StringComparison.Ordinal));
        // The measured numbers are not lost to a mistake in a condition.
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(results, "results.json")));
        Assert.Equal(2, json.RootElement.GetProperty("gates").GetArrayLength());
        Assert.True(json.RootElement.GetProperty("gates")[0].GetProperty("tripped").GetBoolean());
    }

    [Theory]
    [InlineData("verdict == settled", "one checkpoint has no verdict; give a series")]
    [InlineData("alive.change < 0", "there is no checkpoint before; give two or more, or --baseline results.json")]
    [InlineData("emergence_wired > 0", "E_w is computed when asked for; add --measures wired")]
    public async Task What_a_call_cannot_tell_is_said_before_the_analysis(string gate, string finding)
    {
        Assert.Equal(2, await shell.RunAsync(series[0], "--fail-on", gate));
        Assert.Equal($"error: --fail-on '{gate}': {finding}\n", shell.Error);
        Assert.Null(shell.Request);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_baseline_of_either_version_is_compared_with(int version)
    {
        var baseline = Results(SampleOutcome.Plain, version);
        var last = SampleOutcome.Plain.Series.Checkpoints[^1];
        shell.Analysis = (_, _, _) => Task.FromResult(SampleOutcome.Of(
            new AnalysisSettings(), last with { File = "new.onnx", Accuracy = last.Accuracy - 0.02 }));
        Assert.Equal(3, await shell.RunAsync(series[0], "--baseline", baseline, "--fail-on", "accuracy.change < -1",
            "--fail-on", "emergence.change != 0", "--quiet"));
        Assert.Equal("gate: new.onnx: accuracy.change is -2 points (--fail-on 'accuracy.change < -1')\n", shell.Error);
    }

    [Fact]
    public async Task A_baseline_that_was_measured_in_another_way_is_refused_with_every_difference()
    {
        var baseline = Results(SampleOutcome.Odd with { Failures = [] }, 2);
        Assert.Equal(1, await RunAsync("--baseline", baseline, "--fail-on", "alive.change < 0"));
        Assert.Equal(
            $"error: this run and {baseline}: were not measured in the same way (--statistic is 'Mean' in the first and "
            + "'Share' in "
            + "the second; --conv-nodes is 'Units' in the first and 'Filters' in the second; --include-input is 'False' in the "
            + "first and 'True' in the second; --only is '' in the first and '/fc*' in the second; --exclude is '' in the first "
            + "and '*ÍIıi*' in the second); measure both with the same options\n", shell.Error);
        Assert.Null(shell.Request);

        Assert.Equal(1, await RunAsync(
            "--baseline", Results(SampleOutcome.Plain, 2), "--threshold", "0.5", "--fail-on", "alive.change < 0"));
        Assert.EndsWith(": was not measured with threshold 0.5 but with 0.05; choose one with --threshold\n", shell.Error,
            StringComparison.Ordinal);
        Assert.Equal(2, await RunAsync("--baseline", "nowhere", "--fail-on", "alive.change < 0"));
        Assert.EndsWith("name a results.json that --out wrote, or its directory\n", shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_baseline_without_a_change_is_noted()
    {
        Assert.Equal(0, await RunAsync("--baseline", Results(SampleOutcome.Plain, 2), "--fail-on", "alive < 0"));
        Assert.StartsWith("note: --baseline changes nothing without ", shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Formats_repeat_on_stdout_and_in_files()
    {
        var (junit, sarif) = (Path.Combine(shell.Folder, "junit.xml"), Path.Combine(shell.Folder, "a=b.sarif"));
        Assert.Equal(0, await RunAsync(
            "--format", "md", $"--format=junit={junit}", "--format", $"sarif={sarif}", "--format", "csv"));
        Assert.StartsWith("## Emergence\n", shell.Output, StringComparison.Ordinal);
        Assert.Contains("|\ncheckpoint,epoch,", shell.Output, StringComparison.Ordinal);
        Golden.Check("plain.junit.txt", File.ReadAllBytes(junit));
        Golden.Check("plain.sarif.txt", File.ReadAllBytes(sarif));
        Assert.Equal($"note: {junit}: written\nnote: {sarif}: written\n", shell.Error);
    }

    [Fact]
    public async Task A_format_in_a_file_leaves_the_table()
    {
        Assert.Equal(0, await RunAsync("--format", $"prometheus={Path.Combine(shell.Folder, "x.prom")}", "--quiet"));
        Golden.Check("plain.table.txt", Encoding.UTF8.GetBytes(shell.Output));
    }

    [Fact]
    public async Task Two_outputs_never_go_to_one_file()
    {
        var file = Path.Combine(shell.Folder, "x");
        Assert.Equal(2, await RunAsync("--format", $"md={file}", "--html", file));
        Assert.Equal($"error: {file}: two outputs go to this file; name one for each\n", shell.Error);
        Assert.Equal(2, await RunAsync("--format", $"md={shell.Folder}"));
        Assert.EndsWith(": is a directory; name a file in it\n", shell.Error, StringComparison.Ordinal);
        Assert.Equal(2, await RunAsync("--format", "md="));
        Assert.Contains("'md=' names no file; write md=FILE", shell.Error, StringComparison.Ordinal);
    }

    /// <summary>A results.json as either version wrote it.</summary>
    private string Results(AnalysisOutcome outcome, int version)
    {
        using var stream = new MemoryStream();
        JsonReport.Write(outcome, stream);
        var json = JsonNode.Parse(stream.ToArray())!;
        if (version == 1)
        {
            json["schema_version"] = 1;
            json.AsObject().Remove("gates");
            foreach (var checkpoint in json["checkpoints"]!.AsArray())
            {
                checkpoint!.AsObject().Remove("epoch_source");
                foreach (var measurement in checkpoint["measurements"]!.AsArray())
                    Nest(measurement!.AsObject());
            }
        }
        var path = Path.Combine(shell.Folder, FormattableString.Invariant($"baseline-{version}.json"));
        File.WriteAllText(path, json.ToJsonString());
        return path;
    }

    private static void Nest(JsonObject measurement)
    {
        foreach (var name in (string[])["emergence", "emergence_active", "emergence_wired"])
        {
            var (exact, log10) = (measurement[name]?.GetValue<string>(), measurement[$"{name}_log10"]?.GetValue<double>());
            measurement.Remove($"{name}_float");
            measurement.Remove($"{name}_log10");
            measurement[name] = exact is null ? null : new JsonObject
            {
                ["rounded"] = exact.Split('/')[0],
                ["numerator"] = exact.Split('/')[0],
                ["denominator"] = exact.Contains('/', StringComparison.Ordinal) ? exact.Split('/')[1] : "1",
                ["log10"] = log10,
            };
        }
    }
}
