using System.Text.RegularExpressions;
using Emergence.Pages;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Pages;

public sealed class PageTests
{
    private const string Hostile = "<script>alert('1')</script> & \"quotes\"";
    private static readonly Figure Picture = new("f", [new(null, new Axis("x"), new Axis("y"),
        [new("s", [new(0, 0.5), new(1, 1234.5)])])]);

    [Fact]
    public void Every_text_is_escaped()
    {
        var html = new Page(Hostile).Heading(2, Hostile).Paragraph(Hostile).List([Hostile]).Code(Hostile)
            .Table([Hostile], [[Hostile]], Hostile).Chart(Picture with { Title = Hostile }, Hostile).Details(Hostile,
                part => part.Paragraph(Hostile))
            .Heading(2, "a").Heading(2, "b").Heading(2, "c").Render();
        // The two scripts and the data between them; nothing else.
        Assert.Equal(3, Regex.Count(html, "<script"));
        Assert.Equal(17, Regex.Count(html, Regex.Escape(
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;quotes&quot;")));
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_text_is_the_same_in_every_culture(string culture)
    {
        var expected = Sample().Render();
        Cultures.Run(culture, () => Assert.Equal(expected, Sample().Render()));
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">\n", expected, StringComparison.Ordinal);
        Assert.EndsWith("</html>\n", expected, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', expected);
    }

    [Fact]
    public void Headings_follow_the_outline()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => new Page("t").Heading(3, "too deep"));
        Assert.StartsWith("heading 'too deep': level is not 2 to 2", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Page("t").Heading(1, "second title"));
        var html = new Page("t").Heading(2, "A").Heading(3, "A").Heading(2, "Ẽ").Render();
        Assert.Contains("<h2 id=\"a\">A</h2>\n<h3 id=\"a-2\">A</h3>\n<h2 id=\"section\">", html, StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(html, "<h1"));
    }

    [Fact]
    public void Two_sections_have_a_menu()
    {
        var page = new Page("t").Heading(2, "one").Heading(3, "inner");
        Assert.DoesNotContain("href=\"#one", page.Render(), StringComparison.Ordinal);
        var html = page.Heading(2, "three").Heading(2, "three").Render();
        Assert.Equal(["#main", "#one", "#three", "#three-2"],
            Regex.Matches(html, "href=\"(#[^\"]*)").Select(match => match.Groups[1].Value));
    }

    [Theory]
    [InlineData("634,398", true)]
    [InlineData("−0.5%", true)]
    [InlineData("1.2×10³⁰", true)]
    [InlineData("1e-3", true)]
    [InlineData("95.7 (95.1 to 96.0)", true)]
    [InlineData("[0.1, 0.2]", true)]
    [InlineData("< 0.001", true)]
    [InlineData("3 seeds", false)]
    [InlineData("holds", false)]
    public void Columns_of_numbers_are_flush_right(string cell, bool number)
    {
        var html = new Page("t").Table(["name", "value"], [["row", cell], ["other", "—"]]).Render();
        Assert.Equal(number, html.Contains("<th scope=\"col\" class=\"number\">value</th>", StringComparison.Ordinal));
        Assert.Contains("<th scope=\"row\">row</th>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_the_wrong_length_is_refused()
    {
        var e = Assert.Throws<ArgumentException>(() => new Page("t").Table(["a", "b"], [["1", "2"], ["3"]], "c"));
        Assert.StartsWith("table 'c': row '3' has 1 cells for 2 columns", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chart_stands_in_the_page_with_its_caption_and_a_table()
    {
        var html = new Page("t").Chart(Picture, "What it shows").Render();
        Assert.Contains("<figure data-chart=\"0\">\n<figcaption><strong>f</strong> What it shows</figcaption>", html,
            StringComparison.Ordinal);
        Assert.Contains("<summary>Show the numbers as a table</summary>", html, StringComparison.Ordinal);
        Assert.Contains("\"points\":[[0,0.5],[1,1234.5]]", html, StringComparison.Ordinal);
    }

    /// <summary>A logarithmic axis has no place for zero and none for what is below: the script draws the one and leaves out the
    /// other.</summary>
    [Fact]
    public void Values_of_a_logarithmic_axis_are_logarithms()
    {
        var axis = new Axis("y") { Logarithmic = true };
        var figure = new Figure("f", [new(null, new Axis("x"), axis,
            [new("s", [new(0, 1000, 0, 10), new(1, 0), new(2, -5), new(3, double.NaN)])])]);
        Assert.Contains("\"points\":[[0,3,\"zero\",1],[1,\"zero\"],[2,null],[3,null]]",
            new Page("t").Chart(figure, "c").Render(), StringComparison.Ordinal);
        var given = new Figure("f", [new(null, new Axis("x"), axis with { IsLog10 = true },
            [new("s", [new(0, 1000.25), new(1, double.NegativeInfinity)])])]);
        Assert.Contains("\"points\":[[0,1000.25],[1,\"zero\"]]", new Page("t").Chart(given, "c").Render(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_leaves_nothing_behind() =>
        Assert.Equal(new Page("t").Render(), new Page("t").List([]).Render());

    private static Page Sample() => new Page("Title").Paragraph("Text").Table(["a"], [["1.5"]]).Chart(Picture, "caption");
}
