using Emergence.Trainer.Cli;

namespace Emergence.Trainer;

internal static class Program
{
    public static Task<int> Main(string[] args) => CommandLine.RunAsync(args, Terminal.OfProcess());
}
