using Emergence.CommandLine;
using Emergence.Trainer.Cli;

namespace Emergence.Trainer;

internal static class Program
{
    public static Task<int> Main(string[] args) => Commands.RunAsync(args, Terminal.OfProcess());
}
