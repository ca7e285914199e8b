using System.Collections.Immutable;
using System.CommandLine;
using Emergence.Analyzer.Comparison;
using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Reports;
using Emergence.Checkpoints;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Cli;

/// <summary>The options that make a result fail a pipeline.</summary>
internal sealed class GateOptions
{
    private Option<ImmutableArray<string>> FailOn { get; } = TypedOption.Texts(
        "--fail-on", "EXPR", "exit with 3 if this holds of the last checkpoint, as in 'alive_share < 0.6'; repeatable");

    private Option<string> Baseline { get; } = TypedOption.Text(
        "--baseline", "FILE", "results.json that '.change' in --fail-on compares with [default: the checkpoint before]");

    /// <summary>In the order of help.</summary>
    public IEnumerable<Option> All => [FailOn, Baseline];

    /// <summary>The files that are read for them.</summary>
    public IEnumerable<string> Files(ParseResult parsed) =>
        parsed.GetValue(Baseline) is { Length: > 0 } name ? [name, Path.Combine(name, "results.json")] : [];

    /// <summary>The gates, which fit what is to be analyzed as far as that can be told before.</summary>
    /// <exception cref="GateSyntaxException">One cannot be read.</exception>
    /// <exception cref="UsageException">One needs what the call does not give.</exception>
    /// <exception cref="UserException">The baseline cannot be read, or was measured in another way.</exception>
    public GateCall Read(ParseResult parsed, AnalysisRequest request)
    {
        ImmutableArray<Gate> gates = parsed.GetResult(FailOn) is null
            ? [] : [.. parsed.GetValue(FailOn).Select(GateParser.Parse)];
        var file = parsed.GetValue(Baseline);
        foreach (var gate in gates)
            RequireFits(gate, request, hasBaseline: file is not null);
        return new GateCall(gates, file is null ? null : ReadBaseline(file, request))
        {
            Notes = file is not null && !gates.Any(gate => gate.NeedsBefore)
                ? ["--baseline changes nothing without a --fail-on of a change, as in 'accuracy.change < -1'"]
                : [],
        };
    }

    private static void RequireFits(Gate gate, AnalysisRequest request, bool hasBaseline)
    {
        if ((request.Shard ?? request.SampleShard) is not null)
            throw new UsageException(
                $"--fail-on '{gate.Expression}': is judged on the whole series, not on a shard; give it to emergence-analyze "
                + "merge");
        var isOne = request.Checkpoints.Length == 1;
        if (isOne && gate.NeedsSeries)
            throw new UsageException($"--fail-on '{gate.Expression}': one checkpoint has no verdict; give a series");
        if (isOne && gate.NeedsBefore && !hasBaseline)
        {
            throw new UsageException(
                $"--fail-on '{gate.Expression}': there is no checkpoint before; give two or more, or --baseline results.json");
        }
        if (gate is NumberGate { Number.Name: "emergence_wired" } && !request.Settings.Wired)
            throw new UsageException($"--fail-on '{gate.Expression}': E_w is computed when asked for; add --measures wired");
    }

    private static GateBaseline ReadBaseline(string name, AnalysisRequest request)
    {
        var file = Directory.Exists(name) ? Path.Combine(name, "results.json") : name;
        if (!File.Exists(file))
            throw new UsageException($"--baseline {name}: no such file; name a results.json that --out wrote, or its directory");
        var series = ResultsReader.Read(file);
        if (series.Checkpoints.IsEmpty)
            throw new UserException($"{file}: holds no checkpoint that was analyzed; name another --baseline");
        ComparableSettings.Require("this run", request.Settings, file, series.Settings);
        foreach (var threshold in request.Settings.Thresholds)
            ComparableSettings.IndexOf(threshold, file, series.Settings);
        return new GateBaseline(file, series);
    }
}

/// <summary>The gates of one call.</summary>
/// <param name="Gates">In the order given.</param>
/// <param name="Baseline">What changes are measured against; null: the checkpoint before.</param>
internal sealed record GateCall(ImmutableArray<Gate> Gates, GateBaseline? Baseline)
{
    /// <summary>What the user should know about the options.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The outcome, with what the gates say of it.</summary>
    public AnalysisOutcome Judge(AnalysisOutcome outcome) =>
        outcome with { Gates = new GateJudge(outcome.Series, Baseline).Judge(Gates) };
}
