namespace Emergence.Trainer.Experiments.Report;

/// <summary>A table as CSV (RFC 4180, with <c>\n</c>).</summary>
internal static class CsvTable
{
    /// <summary>Heads and rows.</summary>
    public static string Render(ResultTable table) =>
        string.Concat(table.Rows.Prepend(table.Headers).Select(row => string.Join(',', row.Select(Field)) + "\n"));

    private static string Field(string text)
    {
        return text.AsSpan().IndexOfAny(",\"\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
