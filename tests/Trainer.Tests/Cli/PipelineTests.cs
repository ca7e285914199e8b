using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using Emergence.Testing;

namespace Emergence.Trainer.Tests.Cli;

/// <summary>Runs README's example of a pipeline as it stands, with both programs as processes.</summary>
public sealed class PipelineTests : IDisposable
{
    private const string Begin = "<!-- pipeline: run by a test as it stands -->\n\n```sh\n";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("emergence-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void The_pipeline_of_the_readme_trains_keeps_artifacts_and_fails_on_its_gate()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("the example is for a POSIX shell");
        var readme = File.ReadAllText(Path.Combine(SharedFiles.Repository, "README.md"));
        var start = readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        Assert.True(start > Begin.Length);
        var script = readme[start..readme.IndexOf("```", start, StringComparison.Ordinal)];

        var (code, error) = Run(script);
        Assert.True(code == 3, error);
        Assert.Matches(@"(?m)^gate: runs/digits/ckpt_002\.onnx: test_accuracy is 0\.[0-9]+ ", error);
        Assert.DoesNotContain("dead_layers", error, StringComparison.Ordinal);
        using var results = JsonDocument.Parse(File.ReadAllText(Kept("results/results.json")));
        Assert.Equal(3, results.RootElement.GetProperty("checkpoints").GetArrayLength());
        Assert.Equal([false, true], results.RootElement.GetProperty("gates").EnumerateArray()
            .Select(gate => gate.GetProperty("tripped").GetBoolean()));
        Assert.Equal("1", XDocument.Load(Kept("results/junit.xml")).Root!.Attribute("failures")!.Value);
        using var sarif = JsonDocument.Parse(File.ReadAllText(Kept("results/results.sarif")));
        Assert.Contains(sarif.RootElement.GetProperty("runs")[0].GetProperty("results").EnumerateArray(),
            result => result.GetProperty("ruleId").GetString() == "EM003");
        Assert.StartsWith("## Emergence\n", File.ReadAllText(Kept("results/summary.md")), StringComparison.Ordinal);
        Assert.Single(Directory.EnumerateFiles(Kept("runs/digits"), "*tfevents*"));
    }

    private string Kept(string path) => Path.Combine(folder.FullName, path);

    private (int Code, string Error) Run(string script)
    {
        var call = new ProcessStartInfo("bash", ["-e", "-c", $"exec > output.txt\n{script}"])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardError = true,
        };
        // Both lie beside this test, as they would on a PATH.
        call.Environment["PATH"] = $"{AppContext.BaseDirectory}:{call.Environment["PATH"]}";
        using var process = Process.Start(call)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
