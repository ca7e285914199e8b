using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using Emergence.Testing;

namespace Emergence.Trainer.Tests.Cli;

/// <summary>Runs README's examples for a shell as they stand, with both programs as processes.</summary>
public sealed class PipelineTests : IDisposable
{
    private const string Fence = "```";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("emergence-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void The_pipeline_of_the_readme_trains_keeps_artifacts_and_fails_on_its_gate()
    {
        var (code, error) = Run(Example("pipeline"));
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

    [Fact]
    public void The_watch_of_the_readme_stops_a_training_that_has_settled()
    {
        // Below any activation every node is alive and E is 0, which settles after six checkpoints.
        var (code, error) = Run(Example("watch").Replace("watch runs/long", "watch runs/long --threshold -1000 --every 0.2",
            StringComparison.Ordinal));
        Assert.True(code == 0, error);
        Assert.Matches(@"(?m)^note: runs/long/ckpt_005\.onnx \(epoch 5\): E 0, 26 of 26 nodes alive; settled$", error);
        // Sixty epochs were asked for; some go by while the last is analyzed and the program ends.
        Assert.InRange(Directory.GetFiles(Kept("runs/long"), "*.onnx").Length, 6, 40);
        using var results = JsonDocument.Parse(File.ReadAllText(Kept("results/results.json")));
        Assert.Equal("settled", results.RootElement.GetProperty("verdicts")[0].GetProperty("verdict").GetString());
    }

    private static string Example(string name)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("the example is for a POSIX shell");
        var readme = File.ReadAllText(Path.Combine(SharedFiles.Repository, "README.md"));
        var begin = $"<!-- {name}: run by a test as it stands -->\n\n{Fence}sh\n";
        var start = readme.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        Assert.True(start > begin.Length);
        return readme[start..readme.IndexOf(Fence, start, StringComparison.Ordinal)];
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
