using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Containment;

/// <summary>The models of <c>../shared/cases/hostile</c>: what its README says of every one, by the program
/// as it was built.</summary>
public class HostileCasesTests
{
    private const long MostMemory = 3L << 29;

    // A machine that runs other tests too is slower than one that does not.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40);

    private static readonly string[][] Commands =
    [
        ["CASE", "--samples", "8", "--out", "results"],
        ["inspect", "CASE"],
        ["inspect", "CASE", "--format", "dot"],
        ["inspect", "CASE", "--format", "mermaid"],
        ["prune", "CASE", "--amount", "0.5", "--out", "pruned.onnx"],
        ["prune", "CASE", "--amount", "0.5", "--out", "pruned.onnx", "--structure", "nodes"],
        ["prune", "CASE", "--amount", "0.5", "--out", "pruned.onnx", "--structure", "nodes", "--shrink", "--keep-output"],
    ];

    public static TheoryData<string> Kinds { get; } =
        ["attribute", "external", "names", "native", "numbers", "shrink", "size", "structure", "time"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task every_command_ends_in_words(string kind)
    {
        var jobs = CasesOf(kind).SelectMany(_ => Commands, (file, command) => (file, command)).ToArray();
        var faults = new string?[jobs.Length];
        await Parallel.ForAsync(0, jobs.Length, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (i, _) =>
            faults[i] = await FaultOf(jobs[i].file, jobs[i].command));
        Assert.Empty(faults.OfType<string>());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task the_good_checkpoints_beside_them_are_delivered(string kind)
    {
        using var folder = new TemporaryFolder();
        var good = Path.Combine(SharedFiles.Repository, "models", "tiny", "chain-2-3-2.onnx");
        File.Copy(good, folder.Path("a.onnx"));
        File.Copy(good, folder.Path("z.onnx"));
        var cases = CasesOf(kind);
        foreach (var file in cases)
            File.Copy(file, folder.Path(Path.GetFileName(file)));
        var run = await BuiltProgram.RunAsync(
            folder.Root, Limit * (1 + cases.Length),
            [folder.Path("*.onnx"), "--samples", "8", "--format", "csv", "--timeout", "10", "--quiet"]);
        Assert.True(run.ExitCode is 0 or 4, $"exit {run.ExitCode}: {run.Error}");
        Assert.Contains(run.Output.Split('\n'), line => line.StartsWith(folder.Path("a.onnx"), StringComparison.Ordinal));
        Assert.Contains(run.Output.Split('\n'), line => line.StartsWith(folder.Path("z.onnx"), StringComparison.Ordinal));
        Assert.All(run.Errors, line => Assert.StartsWith($"error: {folder.Root}", line, StringComparison.Ordinal));
    }

    private static string[] CasesOf(string kind)
    {
        var cases = Directory.GetFiles(SharedFiles.Require("cases", "hostile"), $"{kind}_*.onnx")
            .Order(StringComparer.Ordinal)
            .ToArray();
        Assert.NotEmpty(cases);
        return cases;
    }

    /// <summary>What is wrong with a run; null where nothing is.</summary>
    private static async Task<string?> FaultOf(string file, string[] command)
    {
        using var folder = new TemporaryFolder();
        string[] args = [.. command.Select(word => word == "CASE" ? file : word), "--timeout", "10"];
        var run = await BuiltProgram.RunAsync(folder.Root, Limit, args);
        var isDone = run.ExitCode is 0 or 4;
        var fault = run.ExitCode is not (0 or 1 or 2 or 4) ? $"exit {run.ExitCode}"
            : !isDone && !(run.Errors is [var only] && only.StartsWith("error: ", StringComparison.Ordinal))
                ? "not one error line"
            : (run.Output + run.Error).Any(IsHarmful) ? "a character that a terminal obeys"
            : run.Peak > MostMemory ? $"{run.Peak >> 20} MiB"
            : !isDone && Directory.EnumerateFileSystemEntries(folder.Root).Any() ? "a file is left"
            : null;
        return fault is null ? null : $"{string.Join(' ', args)}: {fault}: {run.Error}";
    }

    private static bool IsHarmful(char c) => c is (< ' ' and not '\n') or (>= '\u007F' and <= '\u009F')
        or '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
