using System.Collections.Immutable;
using System.Globalization;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Html;

/// <summary>What moved E at each step of a series, split among its layers.</summary>
internal static class MovesChart
{
    // More colors than these are not told apart.
    private const int MostParts = 6;
    private const string Others = "other layers";
    private const string Structure = "changed structure";

    /// <summary>Null where no step moved E, or none is known.</summary>
    public static StepBars? Of(Run run)
    {
        int[] shown = [.. run.Shown.Where(i => i > 0)];
        var steps = shown.Select(i => (At: i, Parts: Contributions(run.Measurements[i])))
            .Where(step => step.Parts.Count > 0).ToArray();
        var weights = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, share) in steps.SelectMany(step => Shares(step.Parts)))
            weights[name] = weights.GetValueOrDefault(name) + Math.Abs(share);
        string[] named = [.. weights.Where(part => part.Key != Structure).OrderByDescending(part => part.Value).Take(
            MostParts).Select(part => part.Key)];
        ImmutableArray<string> parts =
        [
            .. shown.SelectMany(i => run.Measurements[i].Layers).Select(layer => layer.Name).Distinct().Where(named.Contains),
            .. weights.Keys.Except(named).Any(name => name != Structure) ? (string[])[Others] : [],
            .. weights.ContainsKey(Structure) ? (string[])[Structure] : [],
        ];
        return parts.IsEmpty ? null : new StepBars(
            "What moved E", run.StepLabel, [.. parts.Select(Printable.Of)],
            [.. shown.Select(i => Step(run, i, parts))]);
    }

    /// <summary>What happened to E at a step, in a line.</summary>
    public static string Sentence(Run run, int at) => Sentence(run.Measurements[at - 1].Emergence, run.Measurements[at], "");

    /// <summary>What happened to E, in a line.</summary>
    /// <param name="before">E before.</param>
    /// <param name="now">What was measured after, with the step.</param>
    /// <param name="way">From where to where, with a space in front; may be empty.</param>
    public static string Sentence(EmergenceValue before, Measurement now, string way)
    {
        var factor = (before.Log10, now.Emergence.Log10) switch
        {
            ({ }, { }) when before == now.Emergence => $"E did not change{way}",
            ({ } from, { } to) => $"E × {PageText.FromLog10(to - from)}{way}",
            (null, null) => $"E stayed 0{way}",
            (_, null) => $"E fell to 0{way}",
            _ => $"E rose from 0{way}",
        };
        return now.Step switch
        {
            { Structure.Sign: not 0 } => $"{factor}: the structure changed",
            { Split: { Largest: { } node, LargestShare: > 0.25 } } =>
                $"{factor}: one node of {Printable.Of(now.Layers[node.Layer].Name)} "
                + $"{(node.BecameAlive ? "became active" : "died")}" +
                (node.Node is { } index ? $" (index {index.ToString(CultureInfo.InvariantCulture)})" : ""),
            _ => factor,
        };
    }

    /// <summary>A change with its sign.</summary>
    public static string Signed(EmergenceChange change) => (change.Sign > 0 ? "+" : "") + PageText.Count(change.Rounded);

    private static StepMark Step(Run run, int at, ImmutableArray<string> parts)
    {
        var contributions = Contributions(run.Measurements[at]);
        var shares = Shares(contributions).ToDictionary(part => part.Name, part => part.Share);
        var isOther = contributions.Where(part => !parts.Contains(part.Name)).ToArray();
        return new StepMark(
            run.Steps[at],
            $"{run.Labels[at]}: {Sentence(run, at)}",
            [.. parts.Select(part => part == Others ? isOther.Sum(other => shares[other.Name]) : shares.GetValueOrDefault(part))],
            [
                .. parts.Select(part => part == Others ? Text([.. isOther])
                    : Text([.. contributions.Where(own => own.Name == part)])),
            ]);
    }

    private static List<(string Name, EmergenceChange Change, LayerStep? Nodes)> Contributions(Measurement measurement) =>
        measurement.Step switch
        {
            null => [],
            { Split: null } step => step.Change.Sign == 0 ? [] : [(Structure, step.Change, null)],
            { Split: { } split } =>
            [
                .. measurement.Layers.Zip(split.Layers).Where(pair => pair.Second.Contribution.Sign != 0)
                .Select(pair => (pair.First.Name, pair.Second.Contribution, (LayerStep?)pair.Second)),
        ],
        };

    // Exactly, before it is rounded: contributions may be far beyond a double.
    private static IEnumerable<(string Name, double Share)> Shares(
        List<(string Name, EmergenceChange Change, LayerStep? Nodes)> parts)
    {
        var moved = parts.Aggregate(new EmergenceValue(), (sum, part) => sum + part.Change.Magnitude);
        return parts.Select(part => (part.Name, part.Change.Sign * (new EmergenceValue(
            part.Change.Magnitude.Numerator * moved.Denominator, part.Change.Magnitude.Denominator * moved.Numerator).ToDouble(
                ) ?? 0)));
    }

    private static string Text((string Name, EmergenceChange Change, LayerStep? Nodes)[] parts)
    {
        if (parts.Length == 0)
            return "";
        var sum = parts.Aggregate(new EmergenceChange(), (all, part) => all + part.Change);
        var text = Signed(sum);
        return parts.All(part => part.Nodes is null) ? text
            : $"{text} ({PageText.Count(parts.Sum(part => part.Nodes?.BecameAlive ?? 0))} became active, "
                + $"{PageText.Count(parts.Sum(part => part.Nodes?.Died ?? 0))} died)";
    }
}
