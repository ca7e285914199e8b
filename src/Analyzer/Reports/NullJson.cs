using System.Text.Json;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>Comparisons with chance in <c>results.json</c>.</summary>
internal static class NullJson
{
    public static void Write(Utf8JsonWriter json, NullModel model)
    {
        json.WriteString("kind", Spelling.Of(model.Kind));
        json.WriteNumber("draws", model.Draws);
        json.WriteNumber("seed", model.Seed);
    }

    public static void Write(Utf8JsonWriter json, NullResult result)
    {
        Write(json, result.Model);
        json.WriteString("measure", Spelling.Of(result.Measure));
        Number(json, "z", result.Z);
        json.WriteNumber("p", result.P);
        json.WriteNumber("p_above", result.Above);
        json.WriteNumber("p_below", result.Below);
        json.WriteNumber("p_limit", result.Limit);
        json.WriteString("low", Rounded(result.Low));
        json.WriteString("median", Rounded(result.Median));
        json.WriteString("high", Rounded(result.High));
    }
}
