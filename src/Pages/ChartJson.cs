using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Emergence.Pages;

/// <summary>Charts as the page's script reads them.</summary>
internal static class ChartJson
{
    // Escapes <, >, &, quotes and the separators U+2028 and U+2029, so that no text ends the script element it stands in.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
        NewLine = "\n" };

    /// <summary>All charts of a page.</summary>
    public static byte[] Of(IEnumerable<Chart> charts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            Array(json, "charts", charts, chart => Object(json, () =>
            {
                json.WriteString("kind", chart.Kind);
                json.WriteString("title", chart.Title);
                chart.WriteMembers(json);
            }));
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    /// <summary>An array under a name.</summary>
    public static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> items, Action<T> write)
    {
        json.WritePropertyName(name);
        Array(json, items, write);
    }

    /// <summary>An array as a value.</summary>
    public static void Array<T>(Utf8JsonWriter json, IEnumerable<T> items, Action<T> write)
    {
        json.WriteStartArray();
        foreach (var item in items)
            write(item);
        json.WriteEndArray();
    }

    /// <summary>An object as a value.</summary>
    public static void Object(Utf8JsonWriter json, Action writeMembers)
    {
        json.WriteStartObject();
        writeMembers();
        json.WriteEndObject();
    }

    /// <summary>Texts under a name.</summary>
    public static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts) =>
        Array(json, name, texts, json.WriteStringValue);

    /// <summary>A number to nine digits, which is more than a chart shows, also of a logarithm; null where it is not
    /// finite.</summary>
    public static void Number(Utf8JsonWriter json, double? value)
    {
        if (value is not { } number || !double.IsFinite(number))
            json.WriteNullValue();
        else if (number == Math.Truncate(number) && Math.Abs(number) < 1e15)
            json.WriteNumberValue((long)number);
        else
            json.WriteRawValue(number.ToString("G9", System.Globalization.CultureInfo.InvariantCulture));
    }
}
