using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Emergence.Pruning;

namespace Emergence.Analyzer.Reports.Inspection;

/// <summary>Which nodes can only be cut out together, as <c>inspect --channels</c> shows it.</summary>
internal static class ChannelGroupsReport
{
    /// <summary>A row for each kind of group: how many there are of the same layers with as many nodes of each.</summary>
    public static void WriteTable(ImmutableArray<ChannelGroup> groups, Stream stream)
    {
        var kinds = groups.GroupBy(group => (Layers: LayersOf(group), group.Pin)).ToArray();
        var table = new TextTable();
        table.AddNumbers("groups", kinds.Select(kind => NumberText.Integer(kind.Count())));
        table.AddNumbers("nodes each", kinds.Select(kind => NumberText.Integer(kind.First().Count)));
        table.AddText("of layers", kinds.Select(kind => kind.Key.Layers));
        table.AddText("leave the file", kinds.Select(kind => kind.Key.Pin is { } pin ? $"no: {pin}" : "yes"));
        stream.Write(Encoding.UTF8.GetBytes(table.Write()));
    }

    /// <summary>Every group with its nodes.</summary>
    public static void WriteJson(ImmutableArray<ChannelGroup> groups, Stream stream)
    {
        using (var json = new Utf8JsonWriter(stream,
            new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartArray("groups");
            foreach (var group in groups)
            {
                json.WriteStartObject();
                json.WriteStartArray("nodes");
                foreach (var (layer, nodes) in group.Members)
                {
                    json.WriteStartObject();
                    json.WriteString("layer", layer);
                    json.WriteStartArray("indices");
                    foreach (var node in nodes)
                        json.WriteNumberValue(node);
                    json.WriteEndArray();
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteString("why_not_cut", group.Pin);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static string LayersOf(ChannelGroup group) => string.Join(" + ", group.Members.Select(member =>
        member.Nodes.Length == 1
            ? member.Layer
            : string.Create(CultureInfo.InvariantCulture, $"{member.Nodes.Length} of {member.Layer}")));
}
