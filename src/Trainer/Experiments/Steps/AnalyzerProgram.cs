using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Experiments.Steps;

/// <summary>The <c>emergence-analyze</c> program, called as a user calls it.</summary>
internal sealed class AnalyzerProgram
{
    private const string Name = "emergence-analyze";

    private readonly string path;

    private AnalyzerProgram(string path, string version) => (this.path, Version) = (path, version);

    /// <summary>Its name and what it says to <c>--version</c>.</summary>
    public string Version { get; }

    /// <summary>Finds the program: where the user says, beside this one, as built from the same source
    /// tree, or on the PATH.</summary>
    /// <param name="given">The file, or null to look for it.</param>
    /// <param name="token">Ends the wait for its answer.</param>
    /// <exception cref="UsageException">It is not there.</exception>
    /// <exception cref="UserException">It does not run.</exception>
    public static async Task<AnalyzerProgram> FindAsync(string? given, CancellationToken token)
    {
        if (given is not null && !File.Exists(given))
            throw new UsageException($"--analyzer {given}: does not exist; give the path of the program {Name}");
        var path = given is not null ? Path.GetFullPath(given)
            : Candidates().FirstOrDefault(File.Exists)
            ?? throw new UsageException(
                $"{Name}: is neither beside emergence-train nor on the PATH; build it (dotnet build -c Release src/Analyzer) "
                + "or install it, or name it with --analyzer");
        var program = new AnalyzerProgram(path, "");
        return new AnalyzerProgram(path, $"{Name} {(await program.RunAsync(["--version"], token)).Trim()}");
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>What it wrote to stdout.</returns>
    /// <exception cref="UserException">It ended with anything but 0; the message is its own.</exception>
    /// <exception cref="OperationCanceledException">On request; the program is ended too.</exception>
    public async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken token)
    {
        var isAssembly = path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : path, isAssembly ? [path, .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Start(start);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(token);
            var error = process.StandardError.ReadToEndAsync(token);
            await process.WaitForExitAsync(token);
            // Ctrl-C reaches the program too: what it then says is no failure.
            token.ThrowIfCancellationRequested();
            if (process.ExitCode == 0)
                return await output;
            var said = (await error)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .LastOrDefault() ?? "it said nothing";
            throw new UserException($"{Name} (exit code {process.ExitCode.ToString(CultureInfo.InvariantCulture)}): {said}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)
                ?? throw new UserException($"{start.FileName}: did not start; name another program with --analyzer");
        }
        catch (Win32Exception e)
        {
            throw new UserException($"{start.FileName}: does not start ({e.Message}); name another program with --analyzer", e);
        }
    }

    private static IEnumerable<string> Candidates()
    {
        var file = OperatingSystem.IsWindows() ? Name + ".exe" : Name;
        var here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        yield return Path.Combine(here, file);
        // Built from source, src/Trainer/bin/Release/net10.0 has its neighbor at src/Analyzer/bin/Release/net10.0.
        if (here.Split(Path.DirectorySeparatorChar) is [.. var root, "Trainer", "bin", var configuration, var framework])
            yield return Path.Combine(
                [string.Join(Path.DirectorySeparatorChar, root), "Analyzer", "bin", configuration, framework, file]);
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            yield return Path.Combine(folder, file);
    }
}
