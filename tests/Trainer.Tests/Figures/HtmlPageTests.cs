using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Emergence.Figures;
using Emergence.Testing;

namespace Emergence.Trainer.Tests.Figures;

public sealed class HtmlPageTests
{
    private const string Hostile = "<script>alert('1')</script> & \"quotes\"";
    private const string Picture = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"><title>t</title></svg>\n";

    [Fact]
    public void Every_text_is_escaped()
    {
        var html = new HtmlPage(Hostile).Heading(2, Hostile).Paragraph(Hostile).List([Hostile]).Code(Hostile)
            .Table([Hostile], [[Hostile]], Hostile).Figure(Picture, Hostile).Details(Hostile, part => part.Paragraph(Hostile))
            .Heading(2, "a").Heading(2, "b").Heading(2, "c").Render();
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.Equal(14, Regex.Count(html, Regex.Escape("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;quotes&quot;")));
    }

    [Fact]
    public void The_page_loads_nothing_and_its_policy_allows_its_own_style_alone()
    {
        var html = Page().Render();
        var style = Regex.Match(html, "<style>(.*)</style>", RegexOptions.Singleline).Groups[1].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Contains($"default-src 'none'; img-src data:; style-src 'sha256-{hash}';", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(" style=| on[a-z]+=|@import", html);
        Assert.All(Regex.Matches(html, "(?:href|src)=\"([^\"]*)\""), match => Assert.Matches("^(#|data:,)", match.Groups[1].Value));
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_text_is_the_same_in_every_culture(string culture)
    {
        var expected = Page().Render();
        Cultures.Run(culture, () => Assert.Equal(expected, Page().Render()));
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">\n", expected, StringComparison.Ordinal);
        Assert.EndsWith("</html>\n", expected, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', expected);
    }

    [Fact]
    public void Headings_follow_the_outline()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => new HtmlPage("t").Heading(3, "too deep"));
        Assert.StartsWith("heading 'too deep': level is not 2 to 2", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HtmlPage("t").Heading(1, "second title"));
        var html = new HtmlPage("t").Heading(2, "A").Heading(3, "A").Heading(2, "Ẽ").Render();
        Assert.Contains("<h2 id=\"a\">A</h2>\n<h3 id=\"a-2\">A</h3>\n<h2 id=\"section\">", html, StringComparison.Ordinal);
        Assert.Equal(1, Regex.Count(html, "<h1"));
    }

    [Fact]
    public void Four_sections_have_a_table_of_contents()
    {
        var page = new HtmlPage("t").Heading(2, "one").Heading(2, "two").Heading(3, "inner").Heading(2, "three");
        Assert.DoesNotContain("<nav", page.Render(), StringComparison.Ordinal);
        var html = page.Heading(2, "three").Render();
        Assert.Equal(["#one", "#two", "#three", "#three-2"], Regex.Matches(html, "href=\"(#[^\"]*)").Select(match => match.Groups[1].Value));
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
        var html = new HtmlPage("t").Table(["name", "value"], [["row", cell], ["other", "—"]]).Render();
        Assert.Equal(number, html.Contains("<th scope=\"col\" class=\"number\">value</th>", StringComparison.Ordinal));
        Assert.Contains("<th scope=\"row\">row</th>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_the_wrong_length_is_refused()
    {
        var e = Assert.Throws<ArgumentException>(() => new HtmlPage("t").Table(["a", "b"], [["1", "2"], ["3"]], "c"));
        Assert.StartsWith("table 'c': row '3' has 1 cells for 2 columns", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_stands_in_the_page_with_its_caption()
    {
        var html = new HtmlPage("t").Figure(Picture, "What it shows").Render();
        Assert.Contains(
            "<figure>\n<svg xmlns=\"http://www.w3.org/2000/svg\"><title>t</title></svg>\n<figcaption>What it shows</figcaption>\n</figure>",
            html,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no picture")]
    [InlineData("<svg>")]
    [InlineData("<p/>")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>")]
    [InlineData("<!DOCTYPE svg [<!ENTITY a \"a\">]><svg>&a;</svg>")]
    public void What_is_no_plain_picture_is_refused(string svg) =>
        Assert.Throws<ArgumentException>(() => new HtmlPage("t").Figure(svg, "c"));

    [Fact]
    public void An_empty_list_leaves_nothing_behind() =>
        Assert.Equal(new HtmlPage("t").Render(), new HtmlPage("t").List([]).Render());

    private static HtmlPage Page() => new HtmlPage("Title").Paragraph("Text").Table(["a"], [["1.5"]])
        .Figure(SvgFigure.Render(new("f", [new(null, new Axis("x"), new Axis("y"), [new("s", [new(0, 0.5), new(1, 1234.5)])])])), "caption");
}
