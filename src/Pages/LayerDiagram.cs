using System.Collections.Immutable;
using System.Text.Json;

namespace Emergence.Pages;

/// <summary>The layers of a network from first to last: what feeds what, and how many of their nodes are alive.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Layers">In an order in which each is fed by earlier ones.</param>
/// <param name="Edges">By index of layer.</param>
public sealed record LayerDiagram(string Title, ImmutableArray<LayerMark> Layers, ImmutableArray<LayerLink> Edges) : Chart(Title)
{
    internal override string Kind => "layers";

    internal override void WriteMembers(Utf8JsonWriter json)
    {
        ChartJson.Array(json, "layers", Layers, layer => ChartJson.Object(json, () =>
        {
            json.WriteString("name", layer.Name);
            json.WriteString("detail", layer.Detail);
            json.WriteNumber("alive", layer.Alive);
            json.WriteNumber("nodes", layer.Nodes);
            ChartJson.Texts(json, "facts", layer.Facts);
        }));
        ChartJson.Array(json, "edges", Edges, edge =>
        {
            json.WriteStartArray();
            json.WriteNumberValue(edge.From);
            json.WriteNumberValue(edge.To);
            json.WriteStringValue(edge.IsIdentity ? "identity" : "dense");
            json.WriteEndArray();
        });
    }
}

/// <summary>One layer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Detail">What it is, in a word or two.</param>
/// <param name="Alive">Alive nodes.</param>
/// <param name="Nodes">All nodes.</param>
/// <param name="Facts">What else is known, a line each.</param>
public sealed record LayerMark(string Name, string Detail, int Alive, int Nodes, ImmutableArray<string> Facts);

/// <summary>One layer feeds another: all nodes all others, or each its own.</summary>
public readonly record struct LayerLink(int From, int To, bool IsIdentity);
