using System.Text;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Reports;

/// <summary>A table of text in columns of equal width, for a fixed-width font.</summary>
internal sealed class TextTable
{
    private const string Gap = "  ";

    private readonly List<Column> columns = [];

    private sealed record Column(string Header, bool AlignRight, string[] Cells)
    {
        public int Width => Cells.Append(Header).Max(cell => cell.Length);

        public string Pad(string cell, int width) => AlignRight ? cell.PadLeft(width) : cell.PadRight(width);
    }

    /// <summary>Adds a column of words.</summary>
    public void AddText(string header, IEnumerable<string> cells) =>
        columns.Add(new(header, false, [.. cells.Select(Printable.Of)]));

    /// <summary>Adds a column of numbers; one that would be empty in every row is left out.</summary>
    public void AddNumbers(string header, IEnumerable<string> cells)
    {
        string[] numbers = [.. cells];
        if (numbers.Any(cell => cell.Length > 0))
            columns.Add(new(header, true, numbers));
    }

    /// <summary>A name in the given number of characters: its end tells names apart; the beginning rarely does.</summary>
    public static string KeepEnd(string name, int length) => name.Length <= length ? name : "…" + name[^(length - 1)..];

    /// <summary>Width of the lines that <see cref="Write"/> gives.</summary>
    public int Width => columns.Sum(column => column.Width) + (columns.Count - 1) * Gap.Length;

    /// <summary>A line of headers, a rule, a line for each row; no line ends in spaces.</summary>
    public string Write()
    {
        var widths = columns.ConvertAll(column => column.Width);
        var text = new StringBuilder();
        AppendLine(column => column.Header);
        AppendLine(column => new string('─', column.Width));
        for (var row = 0; row < columns[0].Cells.Length; row++)
            AppendLine(column => column.Cells[row]);
        return text.ToString();

        void AppendLine(Func<Column, string> cell) =>
            text.Append(string.Join(Gap, columns.Select((column, i) => column.Pad(cell(column), widths[i]))).TrimEnd())
                .Append('\n');
    }
}
