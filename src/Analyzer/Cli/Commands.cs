using Emergence.Analyzer.Containment;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>The program as a shell sees it: arguments in, exit code out.</summary>
internal static class Commands
{
    /// <summary>Runs the command that <paramref name="args"/> name.</summary>
    public static Task<int> RunAsync(
        IReadOnlyList<string> args, Terminal terminal, AnalysisRunner analyze, Worker? worker = null,
        CancellationToken token = default) =>
        Tree(terminal, analyze, worker).RunAsync(args, token);

    /// <summary>The default command and its siblings: one file of this folder and one line here each.</summary>
    public static CommandTree Tree(Terminal terminal, AnalysisRunner analyze, Worker? worker = null) => new(
        terminal, "emergence-analyze",
        AnalyzeCommand.Create(terminal, analyze, worker),
        WatchCommand.Create(terminal, worker),
        InspectCommand.Create(terminal, worker),
        ReduceCommand.Create(terminal, worker),
        CompareCommand.Create(terminal, analyze, worker),
        PruneCommand.Create(terminal, worker),
        LandscapeCommand.Create(terminal, worker));
}
