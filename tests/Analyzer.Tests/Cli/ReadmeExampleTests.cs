using System.Text;
using Emergence.Analyzer.Cli;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

/// <summary>Runs the first command of the README as a user would.</summary>
public class ReadmeExampleTests
{
    private const string Begin =
        "<!-- output: dotnet run -c Release --project src/Analyzer -- models/digits-mlp/ckpt_*.onnx -->\n";
    private const string End = "<!-- end of output -->";

    [Fact]
    public async Task The_readme_shows_what_its_first_command_prints()
    {
        var series = Path.Combine(SharedFiles.Repository, "models", "digits-mlp");
        Assert.SkipUnless(Directory.Exists(series), "models/digits-mlp is not in this tree");

        using var output = new MemoryStream();
        using var error = new StringWriter();
        var exitCode = await Commands.RunAsync(
            // A slow machine would also show how far it is.
            [Path.Combine(series, "ckpt_*.onnx"), "--quiet"], new Terminal(output, error, null, TimeProvider.System),
            Analysis.RunAsync,
            token: TestContext.Current.CancellationToken);
        Assert.Equal("", error.ToString());
        Assert.Equal(0, exitCode);

        var printed = Encoding.UTF8.GetString(output.ToArray());
        var path = Path.Combine(SharedFiles.Repository, "README.md");
        var readme = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        var start = readme.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("EMERGENCE_RENEW_GOLDENS") == "1")
        {
            readme = $"{readme[..start]}\n```text\n{printed.TrimEnd('\n')}\n```\n\n{readme[end..]}";
            await File.WriteAllTextAsync(path, readme, TestContext.Current.CancellationToken);
            end = readme.IndexOf(End, StringComparison.Ordinal);
        }
        Assert.Equal(Skeleton(printed),
            Skeleton(readme[start..end]
            .Replace("```text", "", StringComparison.Ordinal)
            .Replace("```", "", StringComparison.Ordinal)));
    }

    /// <summary>
    /// What is the same on every machine: headers, which checkpoints, epochs and node counts, and the lines below the
    /// table. A node at the threshold may be alive on one processor and dead on another; so of what moved E only the beginning
    /// counts, and of the verdict that there is one.
    /// </summary>
    private static string[] Skeleton(string table) =>
        [.. table.Trim('\n').Split('\n').TakeWhile(line => !line.StartsWith("epoch ", StringComparison.Ordinal)).Append(
            table.Contains("\nverdict: ", StringComparison.Ordinal) ? "verdict" : "none").Select(line =>
            line.StartsWith("ckpt_", StringComparison.Ordinal)
                ? string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(3))
            : line.StartsWith("E: ", StringComparison.Ordinal) ? "E:"
            : line.StartsWith('─') ? "" : string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
}
