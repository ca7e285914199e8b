using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Tests.Cli;

public sealed class OptionTests : IDisposable
{
    private readonly Shell shell = new();

    public void Dispose() => shell.Dispose();

    [Fact]
    public async Task Without_options_the_defaults_of_the_domain_hold()
    {
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx")));
        Assert.Equivalent(new AnalysisSettings(), shell.Request!.Settings, strict: true);
        Assert.Equivalent(new ProbeOptions(), shell.Request.Probe, strict: true);
    }

    [Fact]
    public async Task Every_option_reaches_the_request()
    {
        var (model, labels) = (shell.File("a.onnx"), shell.File("labels.npy"));
        Assert.Equal(0, await shell.RunAsync(
            model, "--data", "x=a.npy", "--data", "y=b.npy", "--data-dir", shell.Folder, "--split", "train", "--samples", "7",
            "--labels", labels, "--batch", "3", "--scale", "0.5", "--mean", "0.1,-0.2,0.3", "--std", "1,2,3", "--input", "x",
            "--dim", "N=4", "--dim", "time=axis=5", "--seed", "-9", "--threshold", "0,0.05,-0.1", "--statistic", "share",
            "--alive-share", "0.3",
            "--conv-nodes", "filters", "--include-input", "--bootstrap", "500", "--only", "fc*", "--only", "conv*", "--exclude",
            "*out", "--optimization", "none",
            "--threads", "2", "--device", "cpu", "--out", Path.Combine(shell.Folder, "out"), "--format", "json", "--quiet"));

        var settings = shell.Request!.Settings;
        Assert.Equal([0f, 0.05f, -0.1f], settings.Thresholds);
        Assert.Equal(Statistic.Share, settings.Statistic);
        Assert.Equal(0.3, settings.AliveShare);
        Assert.Equal(ConvNodes.Filters, settings.ConvNodes);
        Assert.True(settings.IncludeInput);
        Assert.Equal(new BootstrapSettings(500, -9), settings.Bootstrap);
        Assert.Equal(["fc*", "conv*"], settings.Only);
        Assert.Equal(["*out"], settings.Exclude);
        Assert.Equal(Optimization.None, settings.Optimization);
        Assert.Equal(2, settings.Threads);
        Assert.Equal(3, settings.Batch);
        Assert.Equal(Device.Cpu, settings.Device);

        var probe = shell.Request.Probe;
        Assert.Equal(["x=a.npy", "y=b.npy"], probe.Data);
        Assert.Equal(shell.Folder, probe.DataDir);
        Assert.Equal(DataSplit.Train, probe.Split);
        Assert.Equal(7, probe.Samples);
        Assert.Equal(labels, probe.Labels);
        Assert.Equal(0.5f, probe.Scale);
        Assert.Equal([0.1f, -0.2f, 0.3f], probe.Mean);
        Assert.Equal([1f, 2f, 3f], probe.Std);
        Assert.Equal("x", probe.Input);
        Assert.Equal(4, probe.Dimensions["N"]);
        Assert.Equal(5, probe.Dimensions["time=axis"]);
        Assert.Equal(-9, probe.Seed);
        Assert.Equal([model], shell.Request.Checkpoints);
    }

    [Fact]
    public async Task All_samples_are_asked_for_by_word()
    {
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx"), "--samples", "all"));
        Assert.Null(shell.Request!.Probe.Samples);
    }

    [Fact]
    public async Task A_repeated_option_does_not_swallow_the_checkpoints_after_it()
    {
        var model = shell.File("a.onnx");
        Assert.Equal(0, await shell.RunAsync("--only", "fc*", "--data", "mnist", model));
        Assert.Equal([model], shell.Request!.Checkpoints);
    }

    [Theory]
    [InlineData("--threshold", "abc", "'abc' is not a finite number")]
    [InlineData("--threshold", "0.05,,1", "'' is not a finite number")]
    [InlineData("--threshold", "nan", "'nan' is not a finite number")]
    [InlineData("--threshold", "1e39", "'1e39' is not a finite number")]
    [InlineData("--threshold", "0;05", "'0;05' is not a finite number")]
    [InlineData("--alive-share", "1.01", "'1.01' is not a number from 0 to 1")]
    [InlineData("--alive-share", "-0.1", "'-0.1' is not a number from 0 to 1")]
    [InlineData("--samples", "0", "'0' is not a whole number of at least 1 or 'all'")]
    [InlineData("--samples", "some", "'some' is not a whole number of at least 1 or 'all'")]
    [InlineData("--bootstrap", "99", "'99' is not a whole number of at least 100")]
    [InlineData("--batch", "0", "'0' is not a whole number of at least 1")]
    [InlineData("--batch", "1.5", "'1.5' is not a whole number of at least 1")]
    [InlineData("--threads", "-1", "'-1' is not a whole number of at least 0")]
    [InlineData("--seed", "99999999999", "'99999999999' is not a whole number")]
    [InlineData("--scale", "0", "'0' is not a finite number other than 0")]
    [InlineData("--mean", "1,x", "'x' is not a finite number")]
    [InlineData("--std", "1,0", "'0' is not a finite number above 0")]
    [InlineData("--dim", "batch", "'batch' is not of the form NAME=N, as in batch=1")]
    [InlineData("--dim", "=3", "'=3' is not of the form NAME=N, as in batch=1")]
    [InlineData("--dim", "N=0", "'0' is not a whole number of at least 1")]
    [InlineData("--split", "val", "'val': expected test or train")]
    [InlineData("--statistic", "Mean",
        "'Mean': expected mean, max, absmean, absmax, share, dormancy or sample; did you mean 'mean'?")]
    [InlineData("--conv-nodes", "pixels", "'pixels': expected units or filters")]
    [InlineData("--optimization", "fast", "'fast': expected default, none, basic or all")]
    [InlineData("--device", "cuda:x", "'cuda:x': 'x' is not the number of a device, as in cuda:0 or cuda:0,1")]
    [InlineData("--format", "xml", "'xml': expected table, csv, json, md, junit, sarif or prometheus")]
    [InlineData("--only", "", "is empty; give a value or leave the option out")]
    public async Task A_value_that_makes_no_sense_is_wrong_usage(string option, string value, string finding)
    {
        Assert.Equal(2, await shell.RunAsync(shell.File("a.onnx"), option, value));
        var see = finding.EndsWith('?') ? " See" : "; see";
        Assert.Equal($"error: {option}: {finding}{see} emergence-analyze --help\n", shell.Error);
        Assert.Empty(shell.Output);
        Assert.Null(shell.Request);
    }

    [Theory]
    [InlineData("--nonsense")]
    [InlineData("--seed=1", "--seed=2")]
    [InlineData("--seed")]
    [InlineData("--labels", "nowhere.npy")]
    [InlineData("--data-dir", "nowhere")]
    [InlineData("nowhere_*.onnx")]
    public async Task Wrong_usage_is_one_line_on_stderr(params string[] args)
    {
        Assert.Equal(2, await shell.RunAsync([shell.File("a.onnx"), .. args]));
        Assert.Matches(@"\Aerror: [^\n]+\n\z", shell.Error);
        Assert.Empty(shell.Output);
        Assert.Null(shell.Request);
    }

    [Fact]
    public async Task Calling_it_with_nothing_tells_how_to_call_it()
    {
        Assert.Equal(2, await shell.RunAsync());
        Assert.Equal("error: no checkpoint given; name files, patterns or directories, as in: emergence-analyze ckpt_*.onnx\n",
            shell.Error);
    }

    [Fact]
    public async Task Measures_are_asked_for_by_name()
    {
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx"), "--measures", "wired,contributions"));
        Assert.Equal((true, true), (shell.Request!.Settings.Wired, shell.Request.Settings.Contributions));
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx"), "--measures", "contributions"));
        Assert.Equal((false, true), (shell.Request!.Settings.Wired, shell.Request.Settings.Contributions));
        Assert.Equal(2, await shell.RunAsync(shell.File("a.onnx"), "--measures", "wired,all"));
        Assert.Equal("error: --measures: 'all': expected wired, contributions or rivals; see emergence-analyze --help\n",
            shell.Error);
    }

    [Theory]
    [InlineData("wired")]
    [InlineData("contributions")]
    public async Task Some_measures_are_not_offered_per_sample(string measure)
    {
        Assert.Equal(2, await shell.RunAsync(shell.File("a.onnx"), "--statistic", "sample", "--measures", measure));
        Assert.Equal($"error: --measures {measure}: is not offered per sample; choose another --statistic\n", shell.Error);
    }

    [Fact]
    public async Task A_bootstrap_takes_its_seed_from_the_seed_option()
    {
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx"), "--bootstrap", "1000"));
        Assert.Equal(new BootstrapSettings(1000, 0), shell.Request!.Settings.Bootstrap);
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx"), "--bootstrap", "100", "--seed", "-9", "--statistic", "share"));
        Assert.Equal(new BootstrapSettings(100, -9), shell.Request!.Settings.Bootstrap);
    }

    [Theory]
    [InlineData("max")]
    [InlineData("absmax")]
    [InlineData("sample")]
    public async Task A_bootstrap_is_offered_with_means_only(string statistic)
    {
        Assert.Equal(2, await shell.RunAsync(shell.File("a.onnx"), "--statistic", statistic, "--bootstrap", "1000"));
        Assert.Equal(
            $"error: --bootstrap: is not offered with --statistic {statistic}, which is no mean over the samples; " +
            "choose mean or absmean or share, or leave it out\n", shell.Error);
        Assert.Null(shell.Request);
    }

    [Fact]
    public async Task A_file_is_no_place_for_the_results()
    {
        var file = shell.File("results");
        Assert.Equal(2, await shell.RunAsync(shell.File("a.onnx"), "--out", file));
        Assert.Equal($"error: --out {file}: is a file; name a directory, which is created where needed\n", shell.Error);
        Assert.Null(shell.Request);
    }

    [Fact]
    public async Task An_option_without_effect_is_noted()
    {
        Assert.Equal(0, await shell.RunAsync(shell.File("a.onnx"), "--alive-share", "0.2"));
        Assert.Equal("note: --alive-share changes nothing with --statistic mean\n", shell.Error);
    }

    [Fact]
    public async Task A_file_whose_name_starts_with_an_at_sign_is_a_checkpoint()
    {
        var file = shell.File("@a.onnx");
        Assert.Equal(0, await shell.RunAsync(file));
        Assert.Equal([file], shell.Request!.Checkpoints);
    }
}
