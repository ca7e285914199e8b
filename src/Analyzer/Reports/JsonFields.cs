using System.Globalization;
using System.Text.Json;
using Emergence.Analyzer.Metrics;

namespace Emergence.Analyzer.Reports;

/// <summary>The fields that our JSON is made of.</summary>
internal static class JsonFields
{
    // A writer keeps what it was given until it is flushed: of a long series more than memory, or an array, holds.
    private const int MostPending = 1 << 16;

    /// <summary>A value rounded half to even.</summary>
    public static string? Rounded(EmergenceValue? value) => value?.Rounded.ToString(CultureInfo.InvariantCulture);

    /// <summary>A value as an object: rounded, exact and its logarithm.</summary>
    public static void Exact(Utf8JsonWriter json, string name, EmergenceValue value)
    {
        json.WriteStartObject(name);
        json.WriteString("rounded", Rounded(value));
        json.WriteString("numerator", value.Numerator.ToString(CultureInfo.InvariantCulture));
        json.WriteString("denominator", value.Denominator.ToString(CultureInfo.InvariantCulture));
        Number(json, "log10", value.Log10);
        json.WriteEndObject();
    }

    /// <summary>
    /// A value as three fields: exact as <c>p</c> or <c>p/q</c>, the nearest double, and its logarithm; all null if unknown.
    /// </summary>
    public static void Flat(Utf8JsonWriter json, string name, EmergenceValue? value)
    {
        json.WriteString(name, value?.ToString());
        Number(json, $"{name}_float", value?.ToDouble());
        Number(json, $"{name}_log10", value?.Log10);
    }

    /// <summary>A number; null where it is unknown or not finite.</summary>
    public static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (Spelling.Finite(value) is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    /// <summary>A whole number; null where it is unknown.</summary>
    public static void Number(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    /// <summary>An array of texts.</summary>
    public static void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>An array of objects.</summary>
    public static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> writeMembers)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            writeMembers(item);
            json.WriteEndObject();
            if (json.BytesPending > MostPending)
                json.Flush();
        }
        json.WriteEndArray();
    }
}
