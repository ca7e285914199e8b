using System.Collections.Immutable;

namespace Emergence.Analyzer.Cli;

/// <summary>One call of the default command.</summary>
internal sealed record AnalyzeCall
{
    /// <summary>What to analyze.</summary>
    public required AnalysisRequest Request { get; init; }

    /// <summary>What makes the result fail.</summary>
    public required GateCall Gates { get; init; }

    /// <summary>Whether the user named a device.</summary>
    public required bool SaysDevice { get; init; }

    /// <summary>Where results are shared; null: nowhere.</summary>
    public required CacheCall? Cache { get; init; }

    /// <summary>Where the answer goes.</summary>
    public required OutputCall Output { get; init; }

    /// <summary>What the user should know about the options.</summary>
    public required ImmutableArray<string> Notes { get; init; }
}
