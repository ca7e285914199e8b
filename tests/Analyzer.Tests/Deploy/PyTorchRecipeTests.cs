using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Deploy;

/// <summary>
/// Runs the PyTorch recipe of docs/exporting.md in a training loop, where Python has torch and onnx (Debian: python3-torch,
/// python3-onnx), and holds our analysis of its files to the activations that PyTorch itself computes.
/// </summary>
public sealed partial class PyTorchRecipeTests : IDisposable
{
    // Dropout and batch normalization: an export in training mode would give other activations.
    private const string Loop = """

        import json, sys
        import numpy, torch.nn as nn

        torch.manual_seed(3)
        folder = sys.argv[1]
        images = torch.rand(256, 1, 8, 8)
        labels = (images[:, 0, :4].sum((1, 2)) > images[:, 0, 4:].sum((1, 2))).long()
        model = nn.Sequential(
            nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(),
            nn.Linear(216, 24), nn.ReLU(), nn.Dropout(0.5), nn.Linear(24, 2))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        alive = []
        numpy.save(f"{folder}/images.npy", images.numpy())
        for epoch in range(3):
            if epoch:
                for start in range(0, 256, 32):
                    optimizer.zero_grad()
                    nn.functional.cross_entropy(model(images[start:start + 32]), labels[start:start + 32]).backward()
                    optimizer.step()
            export(model, images[:1], f"{folder}/ckpt_{epoch:03}.onnx", epoch, 0.5 + epoch / 8)
            assert model.training
            model.eval()
            counts, value = [], images
            with torch.no_grad():
                for layer in model:
                    value = layer(value)
                    if isinstance(layer, nn.ReLU) or layer is model[-1]:
                        counts.append(int((value.double().mean(0) > 0.05).sum()))
            model.train()
            alive.append(counts)
        print(json.dumps(alive))
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_recipe_runs_as_written_and_its_files_are_read_with_epochs_and_scores()
    {
        var (python, version) = await PythonWithTorchAsync();
        var recipe = Recipe().Match(await File.ReadAllTextAsync(
            Path.Combine(SharedFiles.Repository, "docs", "exporting.md"), TestContext.Current.CancellationToken)).Groups[1].Value;
        // As its comment says.
        if (version < new Version(2, 5))
            recipe = recipe.Replace(", dynamo=False", "", StringComparison.Ordinal);
        var run = await RunAsync(python, recipe + Loop, folder.Root);
        Assert.True(run.Code == 0, run.Error);

        var outcome = await Analysis.RunAsync(
            new AnalysisRequest(
                [.. Enumerable.Range(0, 3).Select(epoch => folder.Path($"ckpt_{epoch:000}.onnx"))], WholeAnalysis.OnCpu,
                new ProbeOptions { Data = [folder.Path("images.npy")] }),
            null, TestContext.Current.CancellationToken);
        Assert.Empty(outcome.Failures);
        Assert.Equal([0, 1, 2], outcome.Series.Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Equal([0.5, 0.625, 0.75], outcome.Series.Checkpoints.Select(checkpoint => checkpoint.TestAccuracy));
        Assert.Equal(
            JsonSerializer.Deserialize<int[][]>(run.Output),
            outcome.Series.Checkpoints.Select(
                checkpoint => checkpoint.Measurements[0].Layers.Select(layer => layer.Alive).ToArray()));
    }

    /// <summary>A Python that has what the recipe imports: the first on the PATH, or the system's.</summary>
    private static async Task<(string Program, Version Torch)> PythonWithTorchAsync()
    {
        foreach (var python in (string[])["python3", "/usr/bin/python3"])
        {
            try
            {
                if (await RunAsync(python, "import onnx, torch; print(torch.__version__)") is { Code: 0, Output: var version })
                    return (python, Version.Parse(Digits().Match(version).Value));
            }
            catch (Win32Exception)
            {
                // It is not there; the next may be.
            }
        }
        Assert.Skip("no python3 has torch and onnx: the PyTorch recipe was not run");
        return default;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(
        string python, string script, params string[] args)
    {
        var start = new ProcessStartInfo(python, ["-", .. args])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    [GeneratedRegex("## PyTorch\n\n```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Recipe();

    [GeneratedRegex("[0-9]+[.][0-9]+")]
    private static partial Regex Digits();
}
