using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

internal static class Program
{
    public static Task<int> Main(string[] args) =>
        Commands.RunAsync(args, Terminal.OfProcess(), Analysis.RunAsync);
}
