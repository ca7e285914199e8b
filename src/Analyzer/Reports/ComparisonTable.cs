using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Emergence.Analyzer.Comparison;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>A comparison for people: the two models, their layers, what moved E and which nodes changed.</summary>
internal static class ComparisonTable
{
    private const int LongestName = 24;
    // Stretches of nodes that are named one by one; the JSON form has all.
    private const int MostStretches = 12;

    public static void Write(ModelComparison comparison, Stream stream)
    {
        var text = new StringBuilder(Models(comparison).Write()).Append('\n').Append(Layers(comparison).Write());
        var after = comparison.After with { Step = comparison.Step };
        if (StepText.Of(comparison.Before.Emergence, comparison.B.Last, after) is { } moved)
            text.Append('\n').Append(WrappedText.Of(moved));
        else if (comparison.Step is null)
            text.Append('\n').Append(WrappedText.Of(WhyNothingMoved(comparison)));
        AppendNodes(text, comparison);
        text.Append('\n').Append(WrappedText.Of(Measured(comparison)));
        foreach (var side in (ComparedSide[])[comparison.A, comparison.B])
        {
            if (side.Verdict is { } verdict)
                text.Append('\n').Append(WrappedText.Of(VerdictText.Headline(verdict, side.Checkpoints),
                    $"{Printable.Of(side.Name)}: "));
        }
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static TextTable Models(ModelComparison comparison)
    {
        var (a, b, before, after) = (comparison.A.Last, comparison.B.Last, comparison.Before, comparison.After);
        List<(string What, string A, string B, string Ratio)> rows = [("model", Name(a), Name(b), "")];
        if (a.Epoch is not null || b.Epoch is not null)
            rows.Add(("epoch", Whole(a.Epoch), Whole(b.Epoch), ""));
        Numbers("bytes", a.Bytes, b.Bytes);
        Numbers("parameters", a.Parameters, b.Parameters);
        Numbers("not zero", a.ParametersNonzero, b.ParametersNonzero);
        Numbers("nodes", before.Nodes, after.Nodes);
        Numbers("alive", before.Alive, after.Alive);
        rows.Add(("E", NumberText.Integer(before.Emergence.Rounded), NumberText.Integer(after.Emergence.Rounded),
            Factor(before.Emergence.Log10, after.Emergence.Log10)));
        Reals("Ẽ", before.RelativeEmergence, after.RelativeEmergence);
        Reals("Ẽ all", before.RelativeEmergenceAll, after.RelativeEmergenceAll);
        if (a.Accuracy is not null || b.Accuracy is not null)
            rows.Add(("accuracy", NumberText.Percent(a.Accuracy), NumberText.Percent(b.Accuracy),
                Points(b.Accuracy - a.Accuracy)));
        var table = new TextTable();
        table.AddText("", rows.Select(row => row.What));
        table.AddNumbers("A", rows.Select(row => row.A));
        table.AddNumbers("B", rows.Select(row => row.B));
        table.AddNumbers("B / A", rows.Select(row => row.Ratio));
        return table;

        void Numbers(string what, long? one, long? other) => rows.Add((what, Whole(one), Whole(other), Ratio(one, other)));
        void Reals(string what, double? one, double? other) =>
            rows.Add((what, NumberText.Significant(one), NumberText.Significant(other), Ratio(one, other)));
    }

    private static TextTable Layers(ModelComparison comparison)
    {
        var rows = comparison.Layers;
        var table = new TextTable();
        table.AddText("layer", rows.Select(row => TextTable.KeepEnd(Printable.Of((row.Before ?? row.After)!.Name), LongestName)));
        table.AddNumbers("nodes", rows.Select(row => Change(row.Before?.Nodes, row.After?.Nodes)));
        table.AddNumbers("alive", rows.Select(row => Change(row.Before?.Alive, row.After?.Alive, always: true)));
        table.AddNumbers("became active", rows.Select(row => Count(row.BecameActive)));
        table.AddNumbers("died", rows.Select(row => Count(row.Died)));
        if (rows.Any(row => Remark(row).Length > 0))
            table.AddText("remark", rows.Select(Remark));
        return table;
    }

    private static string Remark(LayerComparison row) => row switch
    {
        { After: null } => "only in A",
        { Before: null } => "only in B",
        { Match: LayerMatch.Structure } => $"'{TextTable.KeepEnd(row.After.Name, LongestName)}' in B",
        _ when row.Before.Nodes > row.After.Nodes => $"{NumberText.Integer(row.Before.Nodes - row.After.Nodes)} cut out",
        _ => "",
    };

    private static void AppendNodes(StringBuilder text, ModelComparison comparison)
    {
        var lines = comparison.Layers.SelectMany(row => (IEnumerable<(string Name, string What, ImmutableArray<int> Nodes)>)
            [(row.Before?.Name ?? "", "became active", row.BecameActive), (row.Before?.Name ?? "", "died", row.Died)]).Where(
                line => !line.Nodes.IsDefaultOrEmpty).ToArray();
        if (lines.Length > 0)
            text.Append('\n');
        foreach (var (name, what, nodes) in lines)
            text.Append(WrappedText.Of(NodeList(nodes), $"{Printable.Of(name)}, {what}: "));
    }

    /// <summary>Nodes by index, consecutive ones as stretches.</summary>
    internal static string NodeList(ImmutableArray<int> nodes)
    {
        var stretches = new List<string>();
        for (int first = 0, i = 1; i <= nodes.Length; i++)
        {
            if (i < nodes.Length && nodes[i] == nodes[i - 1] + 1)
                continue;
            stretches.Add(FormattableString.Invariant(i - first > 1 ? $"{nodes[first]}-{nodes[i - 1]}"
                : (FormattableString)$"{nodes[first]}"));
            first = i;
        }
        var more = stretches.Count > MostStretches ? FormattableString.Invariant($", … ({nodes.Length} in all)") : "";
        return string.Join(", ", stretches.Take(MostStretches)) + more;
    }

    private static string Measured(ModelComparison comparison)
    {
        var (a, b) = (Samples(comparison.A.Last), Samples(comparison.B.Last));
        return $"alive above θ = {NumberText.Exact(comparison.Before.Threshold)}, on {(a == b ? a : $"{a} (A) and {b} (B)")}";
    }

    private static string Samples(CheckpointResult checkpoint) =>
        $"{Printable.Of(checkpoint.Probe.Name)}, {NumberText.Integer(checkpoint.Probe.Samples)} samples";

    private static string WhyNothingMoved(ModelComparison comparison) =>
        comparison.A.Last.Probe.Sha256 != comparison.B.Last.Probe.Sha256
            ? "what moved E is not told, as the two were measured on different samples"
            : comparison.Before.Layers.Any(layer => layer.Mask is null) ? "what moved E is not told per sample"
            : "what moved E is not told, as it takes both models to tell which nodes skip connections join; " +
                "compare the .onnx files";

    private static string Name(CheckpointResult checkpoint) =>
        TextTable.KeepEnd(Printable.Of(Path.GetFileName(checkpoint.File)), LongestName);

    private static string Whole(long? value) => value is { } number ? NumberText.Integer(number) : "";

    private static string Count(ImmutableArray<int> nodes) => nodes.IsDefault ? "" : NumberText.Integer(nodes.Length);

    private static string Change(int? before, int? after, bool always = false) => (before, after) switch
    {
        ({ } one, { } other) when one != other || always => $"{NumberText.Integer(one)} → {NumberText.Integer(other)}",
        _ => Whole(before ?? after),
    };

    private static string Ratio(double? one, double? other) =>
        one is { } a && other is { } b && a != 0 ? (b / a).ToString("0.###", CultureInfo.InvariantCulture) : "";

    private static string Factor(double? one, double? other) => one is { } from && other is { } to
        ? NumberText.Factor(to - from)[2..] : "";

    private static string Points(double? difference) =>
        difference is { } points ? (100 * points).ToString("+0.00;-0.00;0", CultureInfo.InvariantCulture) + " points" : "";
}
