using Emergence.Analyzer.Cli;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

public sealed class ProgressLineTests : IDisposable
{
    private readonly StringWriter error = new() { NewLine = "\n" };
    private readonly ManualClock clock = new();

    public void Dispose() => error.Dispose();

    [Fact]
    public void On_a_terminal_one_line_is_rewritten_and_wiped()
    {
        using (var progress = new ProgressLine(new Terminal(Stream.Null, error, ErrorWidth: 80, clock)))
        {
            Report(progress, TimeSpan.FromSeconds(1), 512);
            Report(progress, TimeSpan.FromMilliseconds(1), 700);
            Report(progress, TimeSpan.FromSeconds(1), 1);
        }
        var first = "3/11  ckpt_002.onnx  512/1024 samples";
        var second = "3/11  ckpt_002.onnx  1/1024 samples, about 9 s left";
        Assert.Equal($"\r{first}\r{second}\r{new string(' ', second.Length)}\r", error.ToString());
    }

    [Fact]
    public void A_narrow_terminal_cuts_the_line_rather_than_breaking_it()
    {
        using var progress = new ProgressLine(new Terminal(Stream.Null, error, ErrorWidth: 10, clock));
        Report(progress, TimeSpan.FromSeconds(1), 512);
        Assert.Equal("\r3/11  ckp", error.ToString());
    }

    [Fact]
    public void Elsewhere_a_short_run_leaves_no_trace_and_a_long_one_shows_that_it_lives()
    {
        using (var progress = new ProgressLine(new Terminal(Stream.Null, error, ErrorWidth: null, clock)))
        {
            Report(progress, TimeSpan.FromSeconds(9), 1);
            Assert.Empty(error.ToString());
            Report(progress, TimeSpan.FromSeconds(1), 2);
            Report(progress, TimeSpan.FromSeconds(1), 3);
        }
        Assert.Equal("3/11  ckpt_002.onnx  2/1024 samples, about 45 s left\n", error.ToString());
    }

    private void Report(ProgressLine progress, TimeSpan later, int done)
    {
        clock.Advance(later);
        progress.Report(new AnalysisProgress("runs/ckpt_002.onnx", 2, 11, done, 1024));
    }
}
