using System.Collections.Immutable;
using System.Text.Json;

namespace Emergence.Pages;

/// <summary>For each layer, how many of its nodes have which activation, dead ones left of a line and alive ones right of
/// it.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Label">What is counted along the axis.</param>
/// <param name="Bins">What each bin holds, in words.</param>
/// <param name="Edges">Texts of the ends of the bins, one more than there are bins.</param>
/// <param name="Marks">The ends whose texts are shown.</param>
/// <param name="Threshold">The end at which life begins.</param>
/// <param name="Rows">The layers.</param>
public sealed record UnitStrips(
    string Title, string Label, ImmutableArray<string> Bins, ImmutableArray<string> Edges, ImmutableArray<int> Marks,
        int Threshold,
    ImmutableArray<UnitStrip> Rows) : Chart(Title)
{
    /// <summary>The name of the line.</summary>
    public required string ThresholdText { get; init; }

    internal override string Kind => "strips";

    internal override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("label", Label);
        ChartJson.Texts(json, "bins", Bins);
        ChartJson.Texts(json, "edges", Edges);
        ChartJson.Array(json, "marks", Marks, json.WriteNumberValue);
        json.WriteNumber("threshold", Threshold);
        json.WriteString("thresholdText", ThresholdText);
        ChartJson.Array(json, "rows", Rows, row => ChartJson.Object(json, () =>
        {
            json.WriteString("name", row.Name);
            ChartJson.Array(json, "counts", row.Counts, json.WriteNumberValue);
            ChartJson.Texts(json, "nodes", row.Nodes);
            json.WriteString("dead", row.Dead);
        }));
    }
}

/// <summary>The nodes of one layer.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Counts">Nodes in each bin.</param>
/// <param name="Nodes">Which nodes they are, in words.</param>
/// <param name="Dead">Which nodes are dead, in words; empty where none is.</param>
public sealed record UnitStrip(string Name, ImmutableArray<int> Counts, ImmutableArray<string> Nodes, string Dead);
