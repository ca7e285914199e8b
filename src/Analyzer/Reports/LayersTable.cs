using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// The layers of one model under one threshold: a row each, in at most 80 columns unless the numbers alone are wider.
/// </summary>
internal static class LayersTable
{
    private const int MaxWidth = 80;
    private const int ShortestName = 12;

    /// <summary>The table, with a last row for all layers.</summary>
    public static string Of(Measurement measurement)
    {
        string[] names = [.. measurement.Layers.Select(layer => Printable.Of(layer.Name)), "all layers"];
        var table = Table(measurement, names);
        if (table.Width <= MaxWidth)
            return table.Write();
        var room = Math.Max(ShortestName, names.Max(name => name.Length) - (table.Width - MaxWidth));
        return Table(measurement, [.. names.Select(name => TextTable.KeepEnd(name, room))]).Write();
    }

    private static TextTable Table(Measurement measurement, string[] names)
    {
        var layers = measurement.Layers;
        var table = new TextTable();
        table.AddText("layer", names);
        Add("nodes", layer => Count(layer.Nodes), Count(measurement.Nodes));
        Add("alive", layer => Count(layer.Alive), Count(measurement.Alive));
        Add("dead", layer => Count(layer.Nodes - layer.Alive), Count(measurement.Nodes - measurement.Alive));
        Add("never fired", layer => Count(layer.NeverFired), Count(measurement.NeverFired));
        if (measurement.AliveByBias > 0)
            Add("by bias", layer => Count(layer.AliveByBias), Count(measurement.AliveByBias));
        Add("% of E", layer => Share(layer.EmergenceShare), measurement.Emergence.IsZero || measurement.PerSample is not null
            ? "" : "100.0");
        Add("slope", layer => layer.Slope is { } slope ? NumberText.Short(slope.Rounded) : "", "");
        return table;

        void Add(string header, Func<LayerResult, string> cell, string total) =>
            table.AddNumbers(header, layers.Select(cell).Append(total));
    }

    /// <summary>What the columns mean.</summary>
    public static string Legend(Measurement measurement) =>
        WrappedText.Of(
            "dead: all that are not alive" +
            (measurement.NeverFired is null ? "" : "; never fired: those of them with no activation above θ on any sample") +
            (measurement.AliveByBias > 0 ? "; by bias: alive though all weights into them are zero" : "") +
            (measurement.PerSample is null ? "; % of E: its paths that start in the layer; " +
                "slope: change of E if one more node were alive" : ""), indent: "");

    private static string Count(int? count) => count is { } number ? NumberText.Integer(number) : "";

    private static string Share(double? share) =>
        share is { } value ? (100 * value).ToString("F1", System.Globalization.CultureInfo.InvariantCulture) : "";
}
