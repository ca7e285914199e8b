using System.Globalization;
using System.Net;
using System.Text;

namespace Emergence.Pages;

/// <summary>
/// One self-contained HTML page, built from top to bottom: opens from a file, asks no network for anything, light or dark, fit to
/// print. Every text is escaped; the same calls give the same text.
/// </summary>
/// <param name="title">Title of the document and its only heading of level 1.</param>
public sealed class Page(string title)
{
    // From here on, a text is broken into lines of a width that is easy to read.
    private const int LongText = 24;

    private readonly StringBuilder _body = new();
    private readonly List<(string Id, string Text)> _sections = [];
    private readonly List<Chart> _charts = [];
    private readonly HashSet<string> _ids = ["main", "data", "theme"];
    private int _level = 1;
    private string? _lead;

    /// <summary>What stands on top, beside the title: the answer in a sentence, what it rests on, and a few numbers.</summary>
    public Page Lead(Lead lead)
    {
        ArgumentNullException.ThrowIfNull(lead);
        var evidence = string.Concat(lead.Evidence.Select(text => $"<p class=\"evidence\">{Escape(text)}</p>\n"));
        var cards = string.Concat(lead.Cards.Select(card =>
            $"<div class=\"card\"><dt>{Escape(card.Question)}</dt><dd class=\"big\">{Escape(card.Answer)}</dd>" +
            $"<dd class=\"small\">{Escape(card.Detail)}</dd></div>\n"));
        _lead = $"<p class=\"verdict\" "
            + $"data-tone=\"{lead.Tone.ToString().ToLowerInvariant()}\">{Escape(lead.Verdict)}</p>\n{evidence}" +
            (cards.Length == 0 ? "" : $"<dl class=\"cards\">\n{cards}</dl>\n");
        return this;
    }

    /// <summary>A heading. Level 2 begins a section; two or more of them give the page a menu.</summary>
    /// <param name="level">2 to 6, and at most one below the heading before it: readers skip through a page by its
    /// outline.</param>
    /// <param name="text">The heading.</param>
    /// <exception cref="ArgumentOutOfRangeException">The level is not one of those.</exception>
    public Page Heading(int level, string text)
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
    public Page Paragraph(string text) => Line($"<p>{Escape(text)}</p>");

    /// <summary>A remark that stands out.</summary>
    /// <param name="text">One line.</param>
    /// <param name="isWarning">Whether the reader should act on it.</param>
    public Page Note(string text, bool isWarning) => Line($"<p class=\"note{(isWarning ? " warning" : "")}\">{Escape(text)}</p>");

    /// <summary>A bullet list of plain texts; nothing where there are none.</summary>
    public Page List(IEnumerable<string> items)
    {
        var lines = string.Concat(items.Select(item => $"<li>{Escape(item)}</li>\n"));
        return lines.Length == 0 ? this : Line($"<ul>\n{lines}</ul>");
    }

    /// <summary>Names with what they are.</summary>
    public Page Facts(IEnumerable<(string Name, string Value)> facts) =>
        Line("<dl class=\"facts\">\n"
            + string.Concat(facts.Select(fact => $"<dt>{Escape(fact.Name)}</dt><dd>{Escape(fact.Value)}</dd>\n"))
            + "</dl>");

    /// <summary>A table, which sorts by its columns. Columns of numbers are set flush right; a first column of words heads its
    /// rows.</summary>
    /// <param name="headers">Heads of the columns.</param>
    /// <param name="rows">As many cells in each as there are heads.</param>
    /// <param name="caption">What the table shows.</param>
    /// <exception cref="ArgumentException">A row has another number of cells.</exception>
    public Page Table(IEnumerable<string> headers, IEnumerable<IEnumerable<string>> rows, string? caption = null)
    {
        string[] heads = [.. headers];
        string[][] cells = [.. rows.Select(row => row.ToArray())];
        if (Array.Find(cells, row => row.Length != heads.Length) is { } wrong)
        {
            throw new ArgumentException(
                $"table '{caption}': row '{wrong.FirstOrDefault()}' has {wrong.Length} cells for {heads.Length} columns",
                    nameof(rows));
        }

        bool[] numeric = [.. heads.Select((_, column) => TableNumbers.AreAll(cells.Select(row => row[column])))];
        string Class(int column) => numeric[column] ? " class=\"number\"" : "";
        string Cell(string text, int column) => column == 0 && !numeric[0]
            ? $"<th scope=\"row\">{Escape(text)}</th>"
            : $"<td{(numeric[column] || text.Length < LongText ? Class(column) : " class=\"words\"")}>{Escape(text)}</td>";

        // A wide table scrolls by itself, by keyboard too; that needs the focus, and a name for it. What it shows stands
        // outside, where
        // it is not scrolled away.
        if (caption is not null)
            Line($"<p class=\"caption\">{Escape(caption)}</p>");
        Line($"<section class=\"scroll\" tabindex=\"0\" aria-label=\"{Escape(caption ?? "table")}\">\n<table "
            + "class=\"sortable\">");
        var head = heads.Select((text, column) => $"<th scope=\"col\"{Class(column)}>{Escape(text)}</th>");
        Line($"<thead><tr>{string.Concat(head)}</tr></thead>\n<tbody>");
        foreach (var row in cells)
            Line($"<tr>{string.Concat(row.Select(Cell))}</tr>");
        return Line("</tbody>\n</table>\n</section>");
    }

    /// <summary>A chart, with its numbers as a table that the reader may open.</summary>
    /// <param name="chart">What is drawn.</param>
    /// <param name="caption">What it shows, and how to read it.</param>
    public Page Chart(Chart chart, string caption)
    {
        ArgumentNullException.ThrowIfNull(chart);
        _charts.Add(chart);
        var name = Escape(chart.Title.Length > 0 ? chart.Title : caption);
        var heading = chart.Title.Length > 0 ? $"<strong>{name}</strong> " : "";
        return Line($"""
            <figure data-chart="{_charts.Count - 1}">
            <figcaption>{heading}{Escape(caption)}</figcaption>
            <ul class="legend"></ul>
            <div class="box"><div class="plot" tabindex="0" role="img"
            aria-label="{name}; arrow keys read its values, a table is below"></div></div>
            <details class="numbers"><summary>Show the numbers as a table</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="{name}, as a table"></div></details>
            </figure>
            """);
    }

    /// <summary>Text as it was typed, in a font of fixed width.</summary>
    public Page Code(string text) => Line($"<pre tabindex=\"0\"><code>{Escape(text)}</code></pre>");

    /// <summary>A part that is closed until the reader opens it.</summary>
    /// <param name="summary">The line that opens it.</param>
    /// <param name="content">Writes the part to this page.</param>
    public Page Details(string summary, Action<Page> content)
    {
        ArgumentNullException.ThrowIfNull(content);
        Line($"<details class=\"part\">\n<summary>{Escape(summary)}</summary>");
        content(this);
        return Line("</details>");
    }

    /// <summary>The whole document.</summary>
    public string Render()
    {
        var items = _sections.Select(section => $"<li><a href=\"#{section.Id}\">{Escape(section.Text)}</a></li>\n");
        var menu = _sections.Count < 2 ? "" : $"<ul>\n{string.Concat(items)}</ul>\n";
        var main = _lead is null
            ? $"<header class=\"plain\"><h1>{Escape(title)}</h1></header>\n{_body}"
            : $"<header class=\"lead\"><h1>{Escape(title)}</h1>\n{_lead}</header>\n{_body}";
        return PageFrame.Of(Escape(title), menu, main, ChartJson.Of(_charts)).Replace("\r\n", "\n", StringComparison.Ordinal);
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private string Anchor(string text)
    {
        var words = new string([.. text.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '-')]);
        var stem = string.Join('-', words.Split('-', StringSplitOptions.RemoveEmptyEntries));
        var id = stem.Length == 0 ? "section" : stem;
        for (var number = 2; !_ids.Add(id); number++)
            id = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
        return id;
    }

    private Page Line(string html)
    {
        _body.Append(html).Append('\n');
        return this;
    }
}
