using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Emergence.CommandLine;
using Emergence.Trainer.Curvature;
using Emergence.Trainer.Experiments.Report;

namespace Emergence.Trainer.Cli;

/// <summary>What <c>sharpness</c> answers: a row for each number of each checkpoint, or JSON.</summary>
internal static class SharpnessReport
{
    private static readonly ImmutableArray<string> Headers =
        ["file", "epoch", "dataset", "split", "samples", "loss", "quantity", "value", "error"];

    public static string Render(IReadOnlyList<Sharpness> measured, CurvatureSettings settings, OutputForm form) => form switch
    {
        OutputForm.Csv => Csv(measured),
        OutputForm.Json => Json(measured, settings),
        _ => Table(measured),
    };

    private static IEnumerable<ImmutableArray<string>> Rows(IReadOnlyList<Sharpness> measured, string format) =>
        from sharpness in measured
        from number in sharpness.Top
            .Select((top, i) => (
                Name: string.Create(CultureInfo.InvariantCulture, $"eigenvalue_{i + 1}"), top.Value, Error: top.Residual))
            .Append((Name: "eigenvalue_lowest", sharpness.Lowest.Value, Error: sharpness.Lowest.Residual))
            .Append((Name: "trace", Value: sharpness.Trace, Error: sharpness.TraceError))
        select ImmutableArray.Create(
            sharpness.Checkpoint.Path, sharpness.Checkpoint.Metadata.Epoch?.ToString(CultureInfo.InvariantCulture) ?? "",
            sharpness.Samples.Name, sharpness.Samples.Split, sharpness.Samples.Count.ToString(CultureInfo.InvariantCulture),
            Number(sharpness.Loss, format), number.Name, Number(number.Value, format), Number(number.Error, format));

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Csv(IReadOnlyList<Sharpness> measured) =>
        CsvTable.Render(new ResultTable("", "", Headers, [.. Rows(measured, "R")]));

    private static string Table(IReadOnlyList<Sharpness> measured)
    {
        // A path may hold what a terminal would obey.
        var rows = Rows(measured, "G5").Select(row => row.SetItem(0, Printable.Of(row[0]))).Prepend(Headers).ToArray();
        var widths = Enumerable.Range(0, Headers.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return string.Concat(rows.Select(row => string.Join("  ", row.Select((cell, column) => column is 1 or > 3 and not 6
            ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd() + "\n"))
            + "\nerror: of an eigenvalue its residual, of the trace its standard error\n";
    }

    private static string Json(IReadOnlyList<Sharpness> measured, CurvatureSettings settings)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream,
            new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("iterations", settings.Iterations);
            json.WriteNumber("tolerance", settings.Tolerance);
            json.WriteNumber("vectors", settings.Vectors);
            json.WriteNumber("seed", settings.Seed);
            json.WriteStartArray("checkpoints");
            foreach (var sharpness in measured)
                Write(json, sharpness, settings);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, Sharpness sharpness, CurvatureSettings settings)
    {
        json.WriteStartObject();
        json.WriteString("file", sharpness.Checkpoint.Path);
        json.WriteString("sha256", sharpness.Checkpoint.Sha256);
        if (sharpness.Checkpoint.Metadata.Epoch is { } epoch)
            json.WriteNumber("epoch", epoch);
        else
            json.WriteNull("epoch");
        json.WriteString("dataset", sharpness.Samples.Name);
        json.WriteString("split", sharpness.Samples.Split);
        json.WriteNumber("samples", sharpness.Samples.Count);
        json.WriteNumber("parameters", sharpness.Parameters);
        json.WriteNumber("loss", sharpness.Loss);
        json.WriteStartArray("top_eigenvalues");
        foreach (var top in sharpness.Top)
            Write(json, top, settings);
        json.WriteEndArray();
        json.WritePropertyName("lowest_eigenvalue");
        Write(json, sharpness.Lowest, settings);
        json.WriteNumber("trace", sharpness.Trace);
        json.WriteNumber("trace_standard_error", sharpness.TraceError);
        json.WriteNumber("products", sharpness.Products);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Eigenvalue eigenvalue, CurvatureSettings settings)
    {
        json.WriteStartObject();
        json.WriteNumber("value", eigenvalue.Value);
        json.WriteNumber("residual", eigenvalue.Residual);
        json.WriteBoolean("converged", eigenvalue.Residual <= settings.Tolerance * Math.Abs(eigenvalue.Value));
        json.WriteEndObject();
    }
}
