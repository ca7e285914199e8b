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
    private const int LongestName = 24, ShortestName = 8;
    // The columns beside the two names of models, and beside the two of layers, with the gaps.
    private const int BesideNames = 29, BesideLayers = 46;
    // What alive says too goes first.
    private const int Nodes = 0, Flips = 1;
    // Stretches of nodes that are named one by one; the JSON form has all.
    private const int MostStretches = 12;

    public static void Write(ModelComparison comparison, Stream stream) => Write(comparison, stream, null);

    /// <summary>The table in the width of a terminal.</summary>
    /// <param name="comparison">The two sides.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="columns">Of the terminal; null if there is none.</param>
    public static void Write(ModelComparison comparison, Stream stream, int? columns)
    {
        // Before a column goes, names lose their beginnings.
        var layers = Layers(comparison, columns is null ? int.MaxValue : Room(columns, BesideLayers));
        string[] gone = columns is { } width ? [.. layers.Fit(width)] : [];
        var text = new StringBuilder(Models(comparison, columns).Write()).Append('\n').Append(layers.Write())
            .Append(WrappedText.LeftOut(gone, "csv"));
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

    private static TextTable Models(ModelComparison comparison, int? columns)
    {
        var room = Room(columns, BesideNames);
        var (a, b, before, after) = (comparison.A.Last, comparison.B.Last, comparison.Before, comparison.After);
        List<(string What, string A, string B, string Ratio)> rows = [("model", Name(a, room), Name(b, room), "")];
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

    /// <summary>For each of two names in a line.</summary>
    private static int Room(int? columns, int beside) =>
        columns is { } width ? Math.Clamp((width - beside) / 2, ShortestName, LongestName) : LongestName;

    private static TextTable Layers(ModelComparison comparison, int room)
    {
        var rows = comparison.Layers;
        var table = new TextTable();
        table.AddNames("layer", rows.Select(row => TextTable.KeepEnd((row.Before ?? row.After)!.Name, room)));
        table.AddNumbers("nodes", rows.Select(row => Change(row.Before?.Nodes, row.After?.Nodes)), Nodes);
        table.AddNumbers("alive", rows.Select(row => Change(row.Before?.Alive, row.After?.Alive, always: true)));
        table.AddNumbers("became active", rows.Select(row => Count(row.BecameActive)), Flips);
        table.AddNumbers("died", rows.Select(row => Count(row.Died)), Flips);
        if (rows.Any(row => Remark(row, room).Length > 0))
            table.AddNames("remark", rows.Select(row => Remark(row, room)));
        return table;
    }

    private static string Remark(LayerComparison row, int room) => row switch
    {
        { After: null } => "only in A",
        { Before: null } => "only in B",
        { Match: LayerMatch.Structure } => $"'{TextTable.KeepEnd(row.After.Name, room)}' in B",
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

    private static string Name(CheckpointResult checkpoint, int room) =>
        TextTable.KeepEnd(Printable.Of(Path.GetFileName(checkpoint.File)), room);

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
