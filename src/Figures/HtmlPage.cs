using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Emergence.Figures;

/// <summary>
/// One self-contained HTML page, built from top to bottom: no script, no request to anywhere, light or dark as the reader
/// prefers, fit to print. Every text is escaped; the same calls give the same text.
/// </summary>
/// <param name="title">Title of the document and its only heading of level 1.</param>
public sealed class HtmlPage(string title)
{
    private readonly StringBuilder _body = new();
    private readonly List<(string Id, string Text)> _sections = [];
    private readonly HashSet<string> _ids = [];
    private int _level = 1;

    /// <summary>A heading. Level 2 begins a section; four or more of them give the page a table of contents.</summary>
    /// <param name="level">2 to 6, and at most one below the heading before it: readers skip through a page by its outline.</param>
    /// <param name="text">The heading.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is not one of those.</exception>
    public HtmlPage Heading(int level, string text)
    {
        if (level < 2 || level > 6 || level > _level + 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(level), level, $"heading '{text}': level is not 2 to {Math.Min(6, _level + 1)}");
        }

        _level = level;
        var id = Anchor(text);
        if (level == 2)
            _sections.Add((id, text));
        return Line($"<h{level} id=\"{id}\">{Escape(text)}</h{level}>");
    }

    /// <summary>A paragraph of plain text.</summary>
    public HtmlPage Paragraph(string text) => Line($"<p>{Escape(text)}</p>");

    /// <summary>A bullet list of plain texts; nothing where there are none.</summary>
    public HtmlPage List(IEnumerable<string> items)
    {
        var lines = string.Concat(items.Select(item => $"<li>{Escape(item)}</li>\n"));
        return lines.Length == 0 ? this : Line($"<ul>\n{lines}</ul>");
    }

    /// <summary>A table. Columns of numbers are set flush right; a first column of words heads its rows.</summary>
    /// <param name="headers">Heads of the columns.</param>
    /// <param name="rows">As many cells in each as there are heads.</param>
    /// <param name="caption">What the table shows.</param>
    /// <exception cref="ArgumentException">A row has another number of cells.</exception>
    public HtmlPage Table(IEnumerable<string> headers, IEnumerable<IEnumerable<string>> rows, string? caption = null)
    {
        string[] heads = [.. headers];
        string[][] cells = [.. rows.Select(row => row.ToArray())];
        if (Array.Find(cells, row => row.Length != heads.Length) is { } wrong)
        {
            throw new ArgumentException(
                $"table '{caption}': row '{wrong.FirstOrDefault()}' has {wrong.Length} cells for {heads.Length} columns", nameof(rows));
        }

        bool[] numeric = [.. heads.Select((_, column) => IsNumeric(cells.Select(row => row[column])))];
        string Class(int column) => numeric[column] ? " class=\"number\"" : "";
        string Cell(string text, int column) => column == 0 && !numeric[0]
            ? $"<th scope=\"row\">{Escape(text)}</th>"
            : $"<td{Class(column)}>{Escape(text)}</td>";

        // A wide table scrolls by itself, by keyboard too; that needs the focus, and a name for it.
        Line($"<section class=\"scroll\" tabindex=\"0\" aria-label=\"{Escape(caption ?? "table")}\">\n<table>");
        if (caption is not null)
            Line($"<caption>{Escape(caption)}</caption>");
        var head = heads.Select((text, column) => $"<th scope=\"col\"{Class(column)}>{Escape(text)}</th>");
        Line($"<thead><tr>{string.Concat(head)}</tr></thead>\n<tbody>");
        foreach (var row in cells)
            Line($"<tr>{string.Concat(row.Select(Cell))}</tr>");
        return Line("</tbody>\n</table>\n</section>");
    }

    /// <summary>A picture with its caption.</summary>
    /// <param name="svg">What <see cref="SvgFigure.Render"/> gave.</param>
    /// <param name="caption">What it shows; stands below.</param>
    /// <exception cref="ArgumentException">It is not a well-formed <c>&lt;svg&gt;</c> element, or holds a script.</exception>
    public HtmlPage Figure(string svg, string caption) =>
        Line($"<figure>\n{Picture(svg)}\n<figcaption>{Escape(caption)}</figcaption>\n</figure>");

    /// <summary>Text as it was typed, in a font of fixed width.</summary>
    public HtmlPage Code(string text) => Line($"<pre tabindex=\"0\"><code>{Escape(text)}</code></pre>");

    /// <summary>A part that is closed until the reader opens it.</summary>
    /// <param name="summary">The line that opens it.</param>
    /// <param name="content">Writes the part to this page.</param>
    public HtmlPage Details(string summary, Action<HtmlPage> content)
    {
        ArgumentNullException.ThrowIfNull(content);
        Line($"<details>\n<summary>{Escape(summary)}</summary>");
        content(this);
        return Line("</details>");
    }

    /// <summary>The whole document.</summary>
    public string Render()
    {
        var styleHash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(HtmlStyle.Sheet)));
        return $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'sha256-{styleHash}'; base-uri 'none'; form-action 'none'">
            <meta name="referrer" content="no-referrer">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <link rel="icon" href="data:,">
            <title>{Escape(title)}</title>
            <style>{HtmlStyle.Sheet}</style>
            </head>
            <body>
            <main>
            <h1>{Escape(title)}</h1>
            {Contents()}{_body}</main>
            </body>
            </html>

            """.ReplaceLineEndings("\n");
    }

    private static string Picture(string svg)
    {
        XElement picture;
        try
        {
            using var reader = XmlReader.Create(new StringReader(svg), new() { DtdProcessing = DtdProcessing.Prohibit });
            picture = XElement.Load(reader);
        }
        catch (XmlException e)
        {
            throw new ArgumentException($"figure: not well-formed SVG; {e.Message}", nameof(svg), e);
        }

        if (picture.Name.LocalName != "svg" || picture.Descendants().Any(element => element.Name.LocalName is "script" or "foreignObject"))
            throw new ArgumentException("figure: not an <svg> element without scripts", nameof(svg));
        return picture.ToString(SaveOptions.DisableFormatting);
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private static bool IsNumeric(IEnumerable<string> column)
    {
        string[] filled = [.. column.Where(cell => !IsBlank(cell))];
        return filled.Length > 0 && filled.All(IsNumber);
    }

    private static bool IsBlank(string cell) => cell.Trim() is "" or "-" or "–" or "—" or "n/a";

    // 1,234 −0.5 95.7% 1.2×10³⁰ 1e-3 0.81 (0.7 to 0.9): begins with a number and holds no word.
    private static bool IsNumber(string cell)
    {
        var text = cell.Replace(" to ", "–", StringComparison.Ordinal).TrimStart([.. "+-−<>≤≥≈±[( "]);
        return text.Length > 0 && char.IsAsciiDigit(text[0]) && text.All(c => !char.IsLetter(c) || c is 'e' or 'E');
    }

    private string Anchor(string text)
    {
        var words = new string([.. text.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')]);
        var stem = string.Join('-', words.Split('-', StringSplitOptions.RemoveEmptyEntries));
        var id = stem.Length == 0 ? "section" : stem;
        for (var number = 2; !_ids.Add(id); number++)
            id = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
        return id;
    }

    private string Contents()
    {
        var items = _sections.Select(section => $"<li><a href=\"#{section.Id}\">{Escape(section.Text)}</a></li>\n");
        return _sections.Count < 4 ? "" : $"<nav aria-label=\"Contents\">\n<ul>\n{string.Concat(items)}</ul>\n</nav>\n";
    }

    private HtmlPage Line(string html)
    {
        _body.Append(html).Append('\n');
        return this;
    }
}
