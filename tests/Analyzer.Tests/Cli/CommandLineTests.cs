using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Cli;

public sealed class CommandLineTests : IDisposable
{
    private readonly Shell shell = new();
    private readonly string model;

    public CommandLineTests() => model = shell.File("a.onnx");

    public void Dispose() => shell.Dispose();

    [Theory]
    [InlineData("table", "plain.table.txt")]
    [InlineData("csv", "plain.series.csv")]
    [InlineData("json", "plain.results.json")]
    public async Task Stdout_is_the_answer_and_nothing_else(string format, string golden)
    {
        Assert.Equal(0, await shell.RunAsync(model, "--format", format));
        Golden.Check(golden, System.Text.Encoding.UTF8.GetBytes(shell.Output));
        Assert.Empty(shell.Error);
    }

    [Fact]
    public async Task Help_goes_to_stdout_and_has_examples()
    {
        Assert.Equal(0, await shell.RunAsync("--help"));
        Assert.Contains("--threshold", shell.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", shell.Output, StringComparison.Ordinal);
        Assert.Empty(shell.Error);
        Assert.Null(shell.Request);
    }

    [Fact]
    public async Task The_version_is_printed()
    {
        Assert.Equal(0, await shell.RunAsync("--version"));
        Assert.Matches(@"\A\d+\.\d+\.\d+", shell.Output);
    }

    [Fact]
    public async Task What_the_user_can_mend_is_one_line_and_exit_code_1()
    {
        shell.Analysis = (_, _, _) => throw new UserException("a.onnx: is empty;\nexport it again");
        Assert.Equal(1, await shell.RunAsync(model, "--out", Path.Combine(shell.Folder, "out")));
        Assert.Equal("error: a.onnx: is empty; export it again\n", shell.Error);
        Assert.Empty(shell.Output);
        Assert.False(Directory.Exists(Path.Combine(shell.Folder, "out")));
    }

    [Fact]
    public async Task A_wrong_option_found_late_is_exit_code_2()
    {
        shell.Analysis = (_, _, _) => throw new UsageException("--input x: the model has no such input; choose from image");
        Assert.Equal(2, await shell.RunAsync(model));
        Assert.Equal("error: --input x: the model has no such input; choose from image\n", shell.Error);
    }

    [Fact]
    public async Task A_defect_of_ours_is_said_to_be_one()
    {
        shell.Analysis = (_, _, _) => throw new InvalidOperationException("unforeseen");
        Assert.Equal(1, await shell.RunAsync(model));
        Assert.Matches(
            @"^error: unexpected InvalidOperationException at .*CommandLineTests.* \(unforeseen\); this is a defect of .*\n$",
            shell.Error);
    }

    [Fact]
    public async Task A_part_that_failed_is_named_and_the_rest_is_written()
    {
        shell.Analysis = (_, _, _) => Task.FromResult(SampleOutcome.Plain with
        {
            Failures = [new("runs/b.onnx", "runs/b.onnx: is empty; export it again"),
                new("runs/c.onnx", "c.onnx: no layer found"), new("runs/d.onnx", "odd")],
        });
        Assert.Equal(4, await shell.RunAsync(model, "--out", shell.Folder, "--quiet"));
        Assert.Equal(
            "error: runs/b.onnx: is empty; export it again\nerror: runs/c.onnx: no layer found\nerror: runs/d.onnx: odd\n",
            shell.Error);
        Assert.StartsWith("checkpoint ", shell.Output, StringComparison.Ordinal);
        Assert.Contains("runs/c.onnx", File.ReadAllText(Path.Combine(shell.Folder, "results.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_every_checkpoint_failed_nothing_is_written()
    {
        shell.Analysis = (_, _, _) => Task.FromResult(
            SampleOutcome.Of(new AnalysisSettings()) with { Failures = [new("a.onnx", "a.onnx: is empty; export it again")] });
        Assert.Equal(1, await shell.RunAsync(model, "--out", Path.Combine(shell.Folder, "out")));
        Assert.Equal("error: a.onnx: is empty; export it again\n", shell.Error);
        Assert.Empty(shell.Output);
        Assert.False(Directory.Exists(Path.Combine(shell.Folder, "out")));
    }

    [Fact]
    public async Task Cancelling_runs_the_cleanup_and_gives_130()
    {
        using var cancel = new CancellationTokenSource();
        var cleanedUp = false;
        shell.Analysis = (_, _, token) =>
        {
            try
            {
                // Blocks as native code does, without awaiting anything.
                cancel.Cancel();
                token.WaitHandle.WaitOne();
                token.ThrowIfCancellationRequested();
                return Task.FromResult(SampleOutcome.Plain);
            }
            finally
            {
                cleanedUp = true;
            }
        };
        Assert.Equal(130, await shell.RunAsync(cancel.Token, model));
        Assert.True(cleanedUp);
        Assert.Equal("error: canceled\n", shell.Error);
        Assert.Empty(shell.Output);
    }

    [Fact]
    public async Task A_timeout_inside_does_not_pass_for_the_users_wish()
    {
        shell.Analysis = (_, _, _) => throw new TaskCanceledException("the download took too long");
        Assert.Equal(1, await shell.RunAsync(model));
        Assert.Contains("the download took too long", shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Out_replaces_its_own_files_and_touches_no_other()
    {
        var directory = Path.Combine(shell.Folder, "deep", "out");
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "series.csv"), "old", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(directory, "mine.txt"), "mine", TestContext.Current.CancellationToken);
        Assert.Equal(0, await shell.RunAsync(model, "--out", directory));
        Assert.Equal($"note: {directory}: series.csv, layers.csv, report.html, results.json written\n", shell.Error);
        Assert.Equal(
            ["layers.csv", "mine.txt", "report.html", "results.json", "series.csv"],
            Directory.GetFileSystemEntries(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("mine",
            await File.ReadAllTextAsync(Path.Combine(directory, "mine.txt"), TestContext.Current.CancellationToken));
        foreach (var file in (string[])["series.csv", "layers.csv", "results.json"])
            Golden.Check($"plain.{file}",
                await File.ReadAllBytesAsync(Path.Combine(directory, file), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Html_writes_the_page_alone_and_refuses_a_directory()
    {
        var page = Path.Combine(shell.Folder, "page.html");
        Assert.Equal(0, await shell.RunAsync(model, "--html", page));
        Assert.Equal($"note: {page}: written\n", shell.Error);
        using var expected = new MemoryStream();
        ReportWriters.Page.Write(SampleOutcome.Plain, expected);
        Assert.Equal(expected.ToArray(), await File.ReadAllBytesAsync(page, TestContext.Current.CancellationToken));
        Assert.Equal(2, await shell.RunAsync(model, "--html", shell.Folder));
        Assert.Contains($"--html {shell.Folder}: is a directory; name a file in it", shell.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_all_checkpoints_share_is_said_once()
    {
        var random = Diagnostic.Warning("probe", "samples are random; give --data");
        var checkpoints = SampleOutcome.Plain.Series.Checkpoints;
        shell.Analysis = (_, _, _) => Task.FromResult(SampleOutcome.Of(
            new AnalysisSettings(),
            checkpoints[0] with { Diagnostics = [random, Diagnostic.Note("node x", "is passed through")] },
            checkpoints[1] with { Diagnostics = [random, Diagnostic.Warning("", "has two outputs")] },
            checkpoints[2] with { Diagnostics = [random, Diagnostic.Warning("", "has two outputs")] }));
        Assert.Equal(0, await shell.RunAsync(model));
        Assert.Equal(
            """
            warning: probe: samples are random; give --data (all checkpoints)
            note: models/digits-mlp/ckpt_000.onnx: node x: is passed through
            warning: models/digits-mlp/ckpt_001.onnx and 1 more: has two outputs

            """.ReplaceLineEndings("\n"), shell.Error);
    }

    [Fact]
    public async Task Quiet_silences_notes_but_no_warning()
    {
        shell.Analysis = (_, progress, _) =>
        {
            Assert.Null(progress);
            return Task.FromResult(SampleOutcome.Odd);
        };
        Assert.Equal(4, await shell.RunAsync(model, "--quiet", "--alive-share", "0.1", "--out", shell.Folder));
        Assert.Equal(
            """
            warning: runs/a, "b"/İı_+<é>.onnx: probe: samples are random; give --data
            error: runs/c.onnx: is empty; export it again

            """.ReplaceLineEndings("\n"), shell.Error);
    }
}
