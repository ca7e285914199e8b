using System.CommandLine;
using Emergence.Analyzer.Containment;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>What one checkpoint may take, on every command that reads some.</summary>
/// <param name="worker">The process that may die; null where it is not watched.</param>
internal sealed class LimitOptions(Worker? worker)
{
    private static readonly RunLimits Default = new();

    private Option<TimeSpan> Timeout { get; } = TypedOption.Duration(
        "--timeout", $"time that one checkpoint may take, in seconds or as in 30m [default: {Default.Timeout.TotalHours}h]",
        TimeSpan.FromSeconds(1e6));

    /// <summary>For commands of which <c>--timeout</c> is something else.</summary>
    public Option<long> Memory { get; } = TypedOption.Bytes(
        "--memory", "memory that the program may take, as in 4G [default: 1G, 8 times the checkpoint and 4 times its samples, "
        + "at most half of what there is]");

    /// <summary>In the order of help.</summary>
    public IEnumerable<Option> All => [Timeout, Memory];

    /// <summary>The boundary of each checkpoint.</summary>
    public Boundary Read(ParseResult parsed) => new(
        new RunLimits
        {
            Timeout = parsed.Given(Timeout, Default.Timeout),
            Memory = parsed.GetResult(Memory) is null ? Default.Memory : parsed.GetValue(Memory),
        },
        worker);
}
