using System.Collections.Immutable;

namespace Emergence.Analyzer.Gates;

/// <summary>What a gate said of the last checkpoint under one threshold.</summary>
/// <param name="Expression">The gate, as the user wrote it.</param>
/// <param name="File">The checkpoint, as the user named it.</param>
/// <param name="Threshold">θ.</param>
/// <param name="Findings">What was compared: one value, or one of each layer that the pattern matches.</param>
public sealed record GateResult(string Expression, string File, float Threshold, ImmutableArray<GateFinding> Findings)
{
    /// <summary>Why it could not be judged: a line with finding and remedy; else null.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the problem is that a pattern matches no layer.</summary>
    public bool MatchesNothing { get; init; }

    /// <summary>Whether a value trips it.</summary>
    public bool IsTripped => Findings.Any(finding => finding.IsTripped);

    /// <summary>A sentence for each value that trips it.</summary>
    public IEnumerable<string> Reasons => Findings.Where(finding => finding.IsTripped).Select(finding => finding.Sentence);
}

/// <summary>One value that a gate compared.</summary>
/// <param name="Layer">The layer; null for the network.</param>
/// <param name="Value">The exact number, as p or p/q, or the word.</param>
/// <param name="Sentence">The value in words, without a full stop.</param>
/// <param name="IsTripped">Whether it trips the gate.</param>
public sealed record GateFinding(string? Layer, string Value, string Sentence, bool IsTripped);
