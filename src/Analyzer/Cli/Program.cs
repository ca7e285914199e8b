namespace Emergence.Analyzer.Cli;

internal static class Program
{
    public static Task<int> Main(string[] args) =>
        CommandLine.RunAsync(args, Terminal.OfProcess(), Analysis.RunAsync);
}
