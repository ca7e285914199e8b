using System.CommandLine;
using Emergence.CommandLine;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Cli;

/// <summary><c>--init</c>, which both commands have.</summary>
internal static class InitializationOption
{
    public static Option<InitialWeights> Create() => TypedOption.Read(
        "--init", InitialWeights.Form,
        "how the initial weights are drawn: pytorch, lecun, xavier or kaiming [default: pytorch]; emergence:A (EmergenceInit) "
        + "then divides those of the first layers by powers of A and multiplies those of the last, scaled:A multiplies all by "
        + "one number, to the same norm",
        [.. InitialWeights.Words], InitialWeights.Parse);
}
