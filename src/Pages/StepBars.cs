using System.Collections.Immutable;
using System.Text.Json;

namespace Emergence.Pages;

/// <summary>What moved a number from step to step: bars up and down, whose lengths add to 100 % of all movement of the
/// step.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Label">What a step is named by.</param>
/// <param name="Parts">What the movement is split among.</param>
/// <param name="Steps">In order.</param>
public sealed record StepBars(string Title, string Label, ImmutableArray<string> Parts, ImmutableArray<StepMark> Steps)
    : Chart(Title)
{
    internal override string Kind => "steps";

    internal override void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("label", Label);
        ChartJson.Texts(json, "parts", Parts);
        ChartJson.Array(json, "steps", Steps, step => ChartJson.Object(json, () =>
        {
            json.WriteString("name", step.Name);
            json.WriteString("heading", step.Heading);
            ChartJson.Array(json, "shares", step.Shares, share => ChartJson.Number(json, Math.Round(share, 4)));
            ChartJson.Texts(json, "texts", step.Texts);
        }));
    }
}

/// <summary>One step.</summary>
/// <param name="Name">On the axis.</param>
/// <param name="Heading">What happened, in a line.</param>
/// <param name="Shares">By part, from −1 to 1.</param>
/// <param name="Texts">By part, in full; empty where it moved nothing.</param>
public sealed record StepMark(string Name, string Heading, ImmutableArray<double> Shares, ImmutableArray<string> Texts);
