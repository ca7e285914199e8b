using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Emergence.Analyzer.Tests.Containment;

/// <summary>A run of the program as it was built, in a process of its own.</summary>
/// <param name="ExitCode">What it told the shell; null where it had to be ended.</param>
/// <param name="Output">Its answer.</param>
/// <param name="Error">What it said besides.</param>
/// <param name="Peak">Largest memory of a process of it, in bytes; null where the system does not tell.</param>
internal sealed partial record BuiltProgram(int? ExitCode, string Output, string Error, long? Peak)
{
    private const string Time = "/usr/bin/time";

    /// <summary>What it said that is neither a warning nor a note, nor how far it is: a slow machine makes it say that.</summary>
    public string[] Errors => [.. Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith("warning: ", StringComparison.Ordinal)
            && !line.StartsWith("note: ", StringComparison.Ordinal)
            && !Progress().IsMatch(line))];

    [GeneratedRegex(@"^\d+/\d+  ")]
    private static partial Regex Progress();

    /// <summary>Runs it; ends it where it takes longer.</summary>
    public static async Task<BuiltProgram> RunAsync(string folder, TimeSpan limit, params string[] args)
    {
        var program =
            Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "emergence-analyze.exe" : "emergence-analyze");
        var peak = Path.Combine(folder, ".peak");
        string[] call = File.Exists(Time) ? [Time, "-q", "-f", "%M", "-o", peak, program, .. args] : [program, .. args];
        var start = new ProcessStartInfo(call[0], call[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        using var process = Process.Start(start)!;
        using var clock = new CancellationTokenSource(limit);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None),
            process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            await process.WaitForExitAsync(clock.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new BuiltProgram(null, await output, await error, null);
        }
        var kilobytes =
            File.Exists(peak) ? long.Parse(await File.ReadAllTextAsync(peak, CancellationToken.None), null) : (long?)null;
        File.Delete(peak);
        return new BuiltProgram(process.ExitCode, await output, await error, kilobytes * 1024);
    }
}
