using System.Text;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Reports;

/// <summary>A table of text in columns of equal width, for a fixed-width font.</summary>
internal sealed class TextTable
{
    private const string Gap = "  ";
    private const int ShortestName = 8;

    private readonly List<Column> columns = [];

    /// <summary>The importance of a column that is never left out.</summary>
    public const int Always = int.MaxValue;

    private sealed record Column(string Header, bool AlignRight, string[] Cells, int Importance, bool IsName = false)
    {
        public int Width => Cells.Append(Header).Max(cell => cell.Length);

        public string Pad(string cell, int width) => AlignRight ? cell.PadLeft(width) : cell.PadRight(width);
    }

    /// <summary>Adds a column of words.</summary>
    public void AddText(string header, IEnumerable<string> cells) =>
        columns.Add(new(header, false, [.. cells.Select(Printable.Of)], Always));

    /// <summary>Adds a column of names, which lose their beginnings where the table does not fit.</summary>
    public void AddNames(string header, IEnumerable<string> cells) =>
        columns.Add(new(header, false, [.. cells.Select(Printable.Of)], Always, IsName: true));

    /// <summary>Adds a column of numbers; one that would be empty in every row is left out.</summary>
    /// <param name="header">Its head.</param>
    /// <param name="cells">One for each row.</param>
    /// <param name="importance">Of columns that do not fit, those of the least importance go first, all at once.</param>
    public void AddNumbers(string header, IEnumerable<string> cells, int importance = Always)
    {
        string[] numbers = [.. cells];
        if (numbers.Any(cell => cell.Length > 0))
            columns.Add(new(header, true, numbers, importance));
    }

    /// <summary>A name in the given number of characters: its end tells names apart; the beginning rarely does.</summary>
    public static string KeepEnd(string name, int length) => name.Length <= length ? name : "…" + name[^(length - 1)..];

    /// <summary>
    /// Leaves out columns until the table fits, or none may go any more; then shortens names, the longest first.
    /// </summary>
    /// <returns>The heads of those left out, in the order in which they went.</returns>
    public IEnumerable<string> Fit(int width)
    {
        var gone = new List<string>();
        while (Width > width && columns.Min(column => column.Importance) is not Always and var least)
        {
            gone.AddRange(columns.Where(column => column.Importance == least).Select(column => column.Header));
            columns.RemoveAll(column => column.Importance == least);
        }
        while (Width > width && columns.Where(column => column.IsName).MaxBy(column => column.Width) is { } names
            && names.Width > Math.Max(ShortestName, names.Header.Length))
        {
            var room = Math.Max(Math.Max(ShortestName, names.Header.Length), names.Width - (Width - width));
            columns[columns.IndexOf(names)] = names with { Cells = Array.ConvertAll(names.Cells, name => KeepEnd(name, room)) };
        }
        return gone;
    }

    /// <summary>Width of the lines that <see cref="Write"/> gives.</summary>
    public int Width => columns.Sum(column => column.Width) + (columns.Count - 1) * Gap.Length;

    /// <summary>A line of headers, a rule, a line for each row; no line ends in spaces.</summary>
    /// <param name="isColored">Whether the head stands out.</param>
    public string Write(bool isColored = false)
    {
        var widths = columns.ConvertAll(column => column.Width);
        var text = new StringBuilder();
        AppendLine(column => column.Header, isColored ? Paint.Strong : null);
        AppendLine(column => new string('─', column.Width));
        for (var row = 0; row < columns[0].Cells.Length; row++)
            AppendLine(column => column.Cells[row]);
        return text.ToString();

        void AppendLine(Func<Column, string> cell, Func<string, string>? paint = null)
        {
            var line = string.Join(Gap, columns.Select((column, i) => column.Pad(cell(column), widths[i]))).TrimEnd();
            text.Append(paint is null ? line : paint(line)).Append('\n');
        }
    }
}
