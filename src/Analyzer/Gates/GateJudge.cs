using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Comparison;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Gates;

/// <summary>An earlier result that changes are measured against.</summary>
/// <param name="Name">How the user named it.</param>
/// <param name="Series">What it holds, at least one checkpoint.</param>
internal sealed record GateBaseline(string Name, SeriesResult Series);

/// <summary>Judges gates on the last checkpoint of a series. Pure.</summary>
internal sealed class GateJudge(SeriesResult series, GateBaseline? baseline)
{
    // More digits than a person compares; results.json has them all.
    private const int MostDigits = 30;

    /// <summary>One result for each gate and threshold, in that order.</summary>
    public ImmutableArray<GateResult> Judge(ImmutableArray<Gate> gates) => series.Checkpoints.IsEmpty
        ? []
        : [.. gates.SelectMany(gate => Enumerable.Range(0, series.Settings.Thresholds.Length).Select(threshold =>
            gate switch
            {
                NumberGate number => Judge(number, threshold),
                WordGate word => Judge(word, threshold),
                _ => throw new InvalidOperationException($"{gate.GetType().Name} is no gate"),
            }))];

    private CheckpointResult Last => series.Checkpoints[^1];

    private GateResult ResultOf(Gate gate, int threshold, params ImmutableArray<GateFinding> findings) =>
        new(gate.Expression, Last.File, series.Settings.Thresholds[threshold], findings);

    private GateResult Judge(WordGate gate, int threshold)
    {
        if (gate.Word.Of(series.Checkpoints, threshold) is not { } word)
            return ResultOf(gate, threshold) with { Problem = $"{gate.Word.Name} is not known of one checkpoint; give a series" };
        var isTripped = word == gate.Expected == gate.IsEqual;
        return ResultOf(gate, threshold, new GateFinding(null, word, $"{gate.Word.Name} is {word}", isTripped));
    }

    private GateResult Judge(NumberGate gate, int threshold)
    {
        var now = new GateSubject(Last, Last.Measurements[threshold]);
        GateSubject[] subjects = gate.Layers is { } pattern
            ? [.. now.Measurement.Layers.Where(layer => pattern.Matches(layer.Name)).Select(layer => now with { Layer = layer })]
            : [now];
        if (subjects.Length == 0)
        {
            return ResultOf(gate, threshold) with
            {
                Problem = $"no layer matches '{gate.Layers!.Pattern}'"
                    + NameAdvice.For(gate.Layers.Pattern, now.Measurement.Layers.Select(layer => layer.Name)),
                MatchesNothing = true,
            };
        }
        var findings = ImmutableArray.CreateBuilder<GateFinding>();
        var problems = new List<string>();
        foreach (var subject in subjects)
        {
            var (value, problem) = ValueOf(gate, subject, threshold);
            if (value is { } known)
                findings.Add(Find(gate, subject, known));
            else
                problems.Add(subject.Layer is { } layer ? $"{layer.Name}: {problem}" : problem);
        }
        return ResultOf(gate, threshold, findings.ToImmutable()) with { Problem = problems.FirstOrDefault() };
    }

    private static GateFinding Find(NumberGate gate, GateSubject subject, Exact value)
    {
        var change = gate.IsChange ? ".change" : "";
        var of = subject.Layer is { } layer ? $"{layer.Name}: " : "";
        var points = gate.IsChange && gate.Number.Unit == GateUnit.Share ? " points" : "";
        return new GateFinding(subject.Layer?.Name, value.ToString(),
            $"{of}{gate.Number.Name}{change} is {InWords(value)}{points}", gate.IsTrippedBy(value));
    }

    private (Exact? Value, string Problem) ValueOf(NumberGate gate, GateSubject now, int threshold)
    {
        if (gate.Number.Of(now) is not { } value)
            return (null, Unknown(gate, now.Checkpoint.File));
        if (!gate.IsChange)
            return (value, "");
        var (subject, problem) = Before(gate, now, threshold);
        if (subject is null)
            return (null, problem);
        if (gate.Number.Of(subject) is not { } earlier)
            return (null, Unknown(gate, subject.Checkpoint.File));
        var change = value - earlier;
        return (gate.Number.Unit == GateUnit.Share ? change.Hundredfold : change, "");
    }

    private (GateSubject? Subject, string Problem) Before(NumberGate gate, GateSubject now, int threshold)
    {
        var (checkpoint, index) = baseline is { } given
            ? (given.Series.Checkpoints[^1],
                ComparableSettings.IndexOf(series.Settings.Thresholds[threshold], given.Name, given.Series.Settings))
            : (series.Checkpoints.Length > 1 ? series.Checkpoints[^2] : null, threshold);
        if (checkpoint is null)
            return (null, "there is no checkpoint before; give two or more, or --baseline results.json");
        if (gate.Number.IsMeasured && checkpoint.Probe.Sha256 != Last.Probe.Sha256)
        {
            return (null, $"{gate.Number.Name} of {checkpoint.File} was measured on other samples "
                + $"({checkpoint.Probe.Name}, not {Last.Probe.Name}); measure both on the same");
        }
        var before = new GateSubject(checkpoint, checkpoint.Measurements[index]);
        if (now.Layer is null)
            return (before, "");
        var layer = before.Measurement.Layers.FirstOrDefault(layer => layer.Name == now.Layer.Name);
        return layer is null
            ? (null, $"{checkpoint.File} has no layer of this name; compare checkpoints of one structure")
            : (before with { Layer = layer }, "");
    }

    private static string Unknown(NumberGate gate, string file) =>
        $"{gate.Number.Name} of {file} is not known: {gate.Number.WhenUnknown}";

    private static string InWords(Exact value)
    {
        var digits = value.ToString();
        if (value.Denominator.IsOne)
            return digits.Length <= MostDigits ? digits : Rounded(value);
        var rounded = value.ToDouble()?.ToString("G6", CultureInfo.InvariantCulture) ?? Rounded(value);
        return digits.Length <= MostDigits ? $"{rounded} ({digits})" : rounded;
    }

    private static string Rounded(Exact value) =>
        (value.Numerator / value.Denominator).ToString("E5", CultureInfo.InvariantCulture);
}
