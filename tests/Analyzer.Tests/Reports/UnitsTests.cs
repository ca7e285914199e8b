using System.Diagnostics;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Series;
using Emergence.Measuring.Statistics;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>What <c>--units</c> writes.</summary>
public sealed class UnitsTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly TemporaryFolder folder = new();
    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    private string Out => Path.Combine(shell.Folder, "out");

    public void Dispose()
    {
        folder.Dispose();
        shell.Dispose();
    }

    [Fact]
    public async Task Each_node_has_a_row()
    {
        var path = BiasChains.Save(folder, "a.onnx", [3, -1, 0.25], [-2, double.NaN]);

        Assert.Equal(0, await shell.RunAsync(path, "--units", "--out", Out, "--quiet", "--device", "cpu", "--threshold",
            "0.25,-3"));

        var lines = (await File.ReadAllLinesAsync(Path.Combine(Out, "units.csv"), TestContext.Current.CancellationToken))
            .Select(line => line.Replace(path, "a", StringComparison.Ordinal)).ToArray();
        Assert.Equal(
            [
                "checkpoint,epoch,threshold,layer,name,node,channel,position,mean,max,share,alive",
                "a,,0.25,0,fc0,0,0,0,3,3,1,1",
                "a,,0.25,0,fc0,1,1,0,0,0,0,0",
                "a,,0.25,0,fc0,2,2,0,0.25,0.25,0,0",
                "a,,0.25,1,fc1,0,0,0,-2,-2,0,0",
                "a,,0.25,1,fc1,1,1,0,,,,0",
            ],
            lines[..6]);
        Assert.Equal("a,,-3,1,fc1,0,0,0,-2,-2,1,1", lines[9]);
    }

    [Fact]
    public async Task NumPy_opens_the_archive_and_its_masks_are_those_of_the_results()
    {
        Assert.SkipUnless(await RunPython("import numpy") == "", "python3 with numpy is not installed");
        string[] files =
        [
            BiasChains.Save(folder, "0.onnx", BiasChains.Biases(70, 33), BiasChains.Biases(5, 2)),
            BiasChains.Save(folder, "1.onnx", BiasChains.Biases(70, 41), BiasChains.Biases(5, 5)),
            BiasChains.Save(folder, "2.onnx", BiasChains.Biases(9, 4), BiasChains.Biases(5, 1)),
        ];
        Assert.Equal(0, await shell.RunAsync(
            [.. files, "--units", "--out", Out, "--quiet", "--threshold", "0.05,2", "--device", "cpu"]));

        Assert.Equal("", await RunPython($$"""
            import base64, json, numpy as np
            units = np.load("{{Out}}/units.npz")
            results = json.load(open("{{Out}}/results.json"))
            assert list(units["thresholds"]) == [np.float32(0.05), np.float32(2)]
            for prefix, first, count in (("s0.", 0, 2), ("s1.", 2, 1)):
                assert list(units[prefix + "layers"]) == ["fc0", "fc1"]
                for c in range(count):
                    checkpoint = results["checkpoints"][first + c]
                    assert units[prefix + "checkpoints"][c] == checkpoint["file"]
                    for t, measurement in enumerate(checkpoint["measurements"]):
                        for i, layer in enumerate(measurement["layers"]):
                            bits = np.unpackbits(np.frombuffer(base64.b64decode(layer["alive_mask"]), np.uint8), bitorder="little")
                            mask = units[f"{prefix}{i:03}.alive"][c, t]
                            assert mask.dtype == bool and (mask == bits[:layer["nodes"]].astype(bool)).all() and mask.sum() == layer["alive"]
                            mean = units[f"{prefix}{i:03}.mean"][c]
                            assert mean.dtype == np.float32 and ((mean > np.float32(measurement["threshold"])) == mask).all()
                            assert (units[f"{prefix}{i:03}.share"][c, t] == mask).all()
            """));
    }

    [Fact]
    public async Task The_archive_is_read_back_and_the_same_on_every_run()
    {
        var path = BiasChains.Save(folder, "a.onnx", BiasChains.Biases(12, 5), BiasChains.Biases(3, 1));
        async Task<byte[]> Archive()
        {
            Assert.Equal(0, await shell.RunAsync(path, "--units", "--out", Out, "--quiet", "--device", "cpu"));
            return await File.ReadAllBytesAsync(Path.Combine(Out, "units.npz"), TestContext.Current.CancellationToken);
        }
        Assert.Equal(await Archive(), await Archive());
    }

    [Theory]
    [MemberData(nameof(CultureNames))]
    public void The_table_is_the_same_in_every_culture(string culture)
    {
        var series = SampleOutcome.One.Series;
        var measurement = series.Checkpoints[0].Measurements[0];
        var outcome = SampleOutcome.Of(series.Settings, series.Checkpoints[0] with
        {
            Measurements = [measurement with { Layers = [.. measurement.Layers.Select(layer =>
                layer with { Units = Values(layer.Nodes) })] }],
        });
        using var stream = new MemoryStream();
        Cultures.Run(culture, () => UnitsCsv.Write(outcome, stream));
        Assert.StartsWith(
            "checkpoint,epoch,threshold,layer,name,node,channel,position,mean,max,share,alive\n" +
            "runs/a.onnx,3,0.05,0,/fc1/Gemm,0,0,0,-0.25,1.5,0.125,1\n", System.Text.Encoding.UTF8.GetString(stream.ToArray()),
                StringComparison.Ordinal);

        static LayerUnits Values(int nodes) => new(
            [.. Enumerable.Repeat(-0.25f, nodes)], [.. Enumerable.Repeat(1.5f, nodes)], [.. Enumerable.Repeat(0.125f, nodes)]);
    }

    public static TheoryData<string> CultureNames => [.. Cultures.Names];

    [Fact]
    public async Task A_later_run_without_units_takes_the_files_away()
    {
        var path = BiasChains.Save(folder, "a.onnx", [1, -1], [1]);
        Assert.Equal(0, await shell.RunAsync(path, "--units", "--out", Out, "--quiet"));
        Assert.Equal(["layers.csv", "report.html", "results.json", "series.csv", "units.csv", "units.npz"], Names());
        Assert.Equal(0, await shell.RunAsync(path, "--out", Out, "--quiet"));
        Assert.Equal(["layers.csv", "report.html", "results.json", "series.csv"], Names());

        string?[] Names() => [.. Directory.GetFileSystemEntries(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Units_need_a_folder_and_nodes_that_are_alive_or_dead()
    {
        var path = BiasChains.Save(folder, "a.onnx", [1, -1], [1]);
        Assert.Equal(2, await shell.RunAsync(path, "--units"));
        Assert.Equal("error: --units: writes files; name a folder for them with --out\n", shell.Error);
        Assert.Equal(2, await shell.RunAsync(path, "--units", "--out", Out, "--statistic", "sample"));
        Assert.EndsWith(
            "--units: is not offered per sample, where no node is alive or dead as such; choose another --statistic\n",
            shell.Error, StringComparison.Ordinal);
    }

    /// <summary>What a script says on stderr: nothing where all is well.</summary>
    private static async Task<string> RunPython(string script)
    {
        if (!File.Exists(Python))
            return "there is no python3";
        using var python = Process.Start(new ProcessStartInfo(Python, ["-c", script]) { RedirectStandardError = true })!;
        var error = await python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        return error;
    }
}
