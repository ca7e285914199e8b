using Emergence.Analyzer.Cli;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Journal;

public class JournalEndTests
{
    [Fact]
    public async Task A_full_stdout_leaves_a_whole_set_and_no_journal()
    {
        const string Full = "/dev/full";
        if (!File.Exists(Full))
            Assert.Skip($"{Full} is not there");
        using var folder = new TemporaryFolder();
        using var stdout = new FileStream(Full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
        using var error = new StringWriter();
        var model = Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_003.onnx");
        var code = await Commands.RunAsync(
            [model, "--samples", "16", "--quiet", "--out", folder.Path("out")],
            new Terminal(stdout, error, null, TimeProvider.System), Analysis.RunAsync,
            token: TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Failed, code);
        Assert.StartsWith("error: cannot go on (", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["layers.csv", "report.html", "results.json", "series.csv"],
            Directory.GetFileSystemEntries(folder.Path("out")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}
