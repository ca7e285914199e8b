using System.Globalization;
using System.Xml.Linq;
using Emergence.Figures;
using Emergence.Pages;
using Emergence.Testing;

namespace Emergence.Trainer.Tests.Figures;

public sealed class SvgFigureTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void A_figure_is_an_svg_with_a_size_a_name_and_a_description()
    {
        var svg = Draw(Lines("a", "b"));
        Assert.Equal(Svg + "svg", svg.Name);
        Assert.Equal("Title", svg.Element(Svg + "title")!.Value);
        Assert.Equal("Panel: E against epoch; a, b.", svg.Element(Svg + "desc")!.Value);
        Assert.Equal("img", svg.Attribute("role")!.Value);
        double[] box = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(Value)];
        Assert.Equal([0, 0, 420, Value(svg.Attribute("height")!.Value)], box);
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_text_is_the_same_in_every_culture(string culture)
    {
        var figure = new Figure("Title",
        [
            Lines("a", "b") with { Y = new Axis("Δ") { Percent = true } },
            new Panel(null, new Axis("x") { Logarithmic = true }, new Axis("E"),
                [new("s", [new(0.5, -1e30, -2e30, 3.25), new(0, 12)])]),
        ]);
        var expected = SvgFigure.Render(figure);
        Cultures.Run(culture, () => Assert.Equal(expected, SvgFigure.Render(figure)));
        Assert.DoesNotContain('\r', expected);
        Assert.EndsWith("</svg>\n", expected, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_text_stays_text()
    {
        const string hostile = "</svg><script>alert('1')</script>&amp;\"\u0001";
        var panel = new Panel(hostile, new Axis(hostile), new Axis(hostile), [new(hostile, [new(1, 2), new(2, 3)])])
        {
            Markers = [new(1, hostile)],
        };
        var text = SvgFigure.Render(new(hostile, [panel]));
        Assert.DoesNotContain("<script", text, StringComparison.Ordinal);
        var svg = XElement.Parse(text);
        Assert.Equal(hostile.Replace('\u0001', '\uFFFD'), svg.Element(Svg + "title")!.Value);
    }

    [Fact]
    public void Every_series_has_its_entry_in_the_legend()
    {
        string[] names = [.. Enumerable.Range(0, 9).Select(i => $"series number {i}")];
        var legend = Assert.Single(Groups(Draw(Lines(names)), "legend"));
        Assert.Equal(names, Texts(legend));
        // A line and a symbol each.
        Assert.Equal(9, legend.Elements(Svg + "polyline").Count());
        Assert.Equal(9, legend.Elements().Count(shape => shape.Name.LocalName is "circle" or "polygon"));
    }

    [Fact]
    public void Panels_with_the_same_series_share_one_legend()
    {
        Assert.Single(Groups(Draw(Lines("a", "b"), Lines("a", "b")), "legend"));
    }

    [Fact]
    public void Panels_with_different_series_have_a_legend_each()
    {
        var legends = Groups(Draw(Lines("a", "b"), Lines("c")), "legend");
        Assert.Equal([["a", "b"], ["c"]], legends.Select(Texts));
    }

    [Fact]
    public void Series_differ_without_color()
    {
        var svg = Draw(Lines([.. Enumerable.Range(0, 8).Select(i => $"s{i}")]));
        var legend = Assert.Single(Groups(svg, "legend"));
        var dashes = legend.Elements(Svg + "polyline").Select(line => line.Attribute("stroke-dasharray")?.Value);
        var symbols = legend.Elements().Where(shape => shape.Name.LocalName is "circle" or "polygon").Select(shape =>
            (shape.Name.LocalName, Corners: shape.Attribute("points")?.Value.Count(c => c == ' '),
                Hollow: shape.Attribute("fill")!.Value == "#ffffff"));
        Assert.Equal(8, dashes.Zip(symbols).Distinct().Count());
    }

    [Fact]
    public void A_style_can_be_chosen_and_is_kept_across_panels()
    {
        var panel = Lines("a", "b");
        var alone = panel with { Series = [panel.Series[1] with { Style = 1 }] };
        Assert.Equal(LineColors(Draw(panel))[1], Assert.Single(LineColors(Draw(alone))));
    }

    [Fact]
    public void A_gap_breaks_the_line_and_a_lone_point_between_gaps_is_marked()
    {
        var panel = Lines() with
        {
            Series = [new("a", [new(0, 1), new(1, 2), new(2, double.NaN), new(3, 3), new(4, double.NaN), new(5, 1), new(6, 2)])],
        };
        var series = Groups(Draw(panel), "series");
        var lines = series.SelectMany(group => group.Elements(Svg + "polyline"))
            .Select(line => line.Attribute("points")!.Value.Split(' ').Length);
        Assert.Equal([2, 2], lines);
        Assert.Equal(5, series.SelectMany(group => group.Elements(Svg + "circle")).Count());
    }

    [Fact]
    public void A_range_is_a_band_behind_a_line_and_a_whisker_at_other_points()
    {
        Series ranged = new("a", [new(0, 1, 0, 2), new(1, 2, 1, 3), new(2, 2)]);
        var line = Assert.Single(Groups(Draw(Lines() with { Series = [ranged] }), "series").Elements(Svg + "polygon"));
        Assert.NotNull(line.Attribute("fill-opacity"));
        var scatter = Groups(Draw(Lines() with { Series = [ranged with { Kind = SeriesKind.Scatter }] }), "series");
        Assert.Equal(2, scatter.Elements(Svg + "polyline").Count());
        Assert.Empty(scatter.Elements(Svg + "polygon"));
    }

    [Fact]
    public void Bars_and_categories_are_refused()
    {
        var e = Assert.Throws<ArgumentException>(() =>
            Draw(Lines() with { Series = [new("a", [new(0, 1)]) { Kind = SeriesKind.Bar }] }));
        Assert.StartsWith("series 'a': pictures have no bars; draw it in a page", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<ArgumentException>(() => Draw(Lines("a") with { X = new Axis("x") { Categories = ["one", "two"] } }));
        Assert.StartsWith("axis 'x': pictures have no categories; draw it in a page", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Figures_without_data_are_drawn_and_say_so()
    {
        Assert.Contains("no data", Texts(Draw(Lines())));
        Assert.Contains("no data", Texts(Draw(Lines() with { Series = [new("empty", []), new("nan", [new(double.NaN, 1)])] })));
        Assert.DoesNotContain("no data", Texts(Draw(Lines() with { Series = [new("one", [new(3, 4)]), new("empty", [])] })));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    [InlineData(-1e-300, 1e-300)]
    [InlineData(-1e300, 1e300)]
    [InlineData(0.1, 0.10000000000000002)]
    [InlineData(1e15, 1e15 + 1)]
    public void Any_range_can_be_drawn(double low, double high)
    {
        foreach (var logarithmic in (bool[])[false, true])
        {
            var axis = new Axis("v") { Logarithmic = logarithmic };
            var svg = Draw(Lines() with { X = axis, Y = axis, Series = [new("a", [new(low, low), new(high, high)])] });
            Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("∞", svg.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Points_below_zero_on_a_logarithmic_axis_are_counted_in_a_note()
    {
        var panel = Lines() with
        {
            Y = new Axis("E") { Logarithmic = true },
            Series = [new("a", [new(0, 10), new(1, 0), new(2, -1), new(3, 5)])]
        };
        Assert.Contains("1 point below zero not shown", Texts(Draw(panel)));
    }

    [Fact]
    public void A_marker_has_its_label_above_the_plot_and_widens_the_axis()
    {
        var svg = Draw(Lines("a") with { Markers = [new(40, "pruned")] });
        Assert.Contains("pruned", Texts(svg));
        Assert.Contains("40", Texts(svg));
    }

    [Fact]
    public void Crowded_marker_labels_stand_in_rows()
    {
        var svg = Draw(Lines("a") with { Markers = [new(1, "first event"), new(1.1, "second event"), new(1.2, "third event")] });
        var heights = svg.Descendants(Svg + "text").Where(text => text.Value.EndsWith("event", StringComparison.Ordinal))
            .Select(text => text.Attribute("y")!.Value);
        Assert.Equal(3, heights.Distinct().Count());
    }

    [Fact]
    public void Stacked_panels_of_one_axis_cover_one_range_and_write_its_label_once()
    {
        var shorter = Lines("a") with { Series = [new("a", [new(10, 1), new(12, 2)])] };
        var svg = Draw(Lines("a"), shorter);
        Assert.Single(Texts(svg), "epoch");
        Assert.Equal(2, Texts(svg).Count(text => text == "25"));
    }

    [Fact]
    public void No_text_leaves_the_picture()
    {
        const string wordy =
            "a name that goes on and on until it is wider than any figure that could be printed in a column of a paper";
        var panel = new Panel(wordy, new Axis(wordy), new Axis(wordy), [new(wordy, [new(1, 1e6, 1, 2e6), new(1_000_000, 3e6)])])
        {
            Markers = [new(1, "begin of the training"), new(1_000_000, "end of the training")],
        };
        var svg = Draw(panel);
        var (width, height) = (Value(svg.Attribute("width")!.Value), Value(svg.Attribute("height")!.Value));
        Assert.All(svg.Descendants(Svg + "text"), text =>
        {
            var size = Value(text.Attribute("font-size")!.Value);
            var length = Typography.Width(text.Value, size, text.Attribute("font-weight") is not null);
            var (left, top) = Origin(text);
            // A turned text runs upwards.
            var (along, limit) = text.Attribute("transform") is not null
                ? (height - top + Value(text.Attribute("x")!.Value), height)
                : (left + Value(text.Attribute("x")!.Value), width);
            var start = text.Attribute("text-anchor")?.Value switch
            {
                "end" => along - length,
                "middle" => along - length / 2,
                _ => along
            };
            Assert.True(start >= -0.1 && start + length <= limit + 0.1, text.ToString());
        });
    }

    [Fact]
    public void Several_figures_fit_on_a_page_and_nothing_is_loaded()
    {
        var text = SvgFigure.Render(new("t", [Lines("a"), Lines("b")]));
        Assert.DoesNotMatch(" id=|url\\(|style=|href", text);
    }

    [Fact]
    public void A_figure_without_panels_or_columns_is_refused()
    {
        var e = Assert.Throws<ArgumentException>(() => SvgFigure.Render(new("t", [])));
        Assert.StartsWith("figure 't': has no panels; give at least one", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<ArgumentException>(() => SvgFigure.Render(new("t", [Lines("a")]) { Columns = 0 }));
        Assert.StartsWith("figure 't': has 0 columns; give at least 1", e.Message, StringComparison.Ordinal);
    }

    private static Panel Lines(params string[] names) => new(
        "Panel",
        new Axis("epoch"),
        new Axis("E"),
        [.. names.Select((name, k) =>
            new Series(name, [.. Enumerable.Range(0, 26).Select(i => new Point(i, 1000 + k * 100 - 10 * i))]))]);

    private static XElement Draw(params Panel[] panels) => XElement.Parse(SvgFigure.Render(new("Title", [.. panels])));

    private static List<XElement> Groups(XElement svg, string name) =>
        [.. svg.Descendants(Svg + "g").Where(group => group.Attribute("class")?.Value == name)];

    private static List<string> Texts(XElement element) => [.. element.Descendants(Svg + "text").Select(text => text.Value)];

    private static List<string> LineColors(XElement svg) =>
        [.. Groups(svg, "series").Elements(Svg + "polyline").Select(line => line.Attribute("stroke")!.Value)];

    private static (double Left, double Top) Origin(XElement element)
    {
        var moves = element.Ancestors()
            .Attributes("transform")
            .Select(move => move.Value["translate(".Length..^1].Split(' '))
            .ToList();
        return (moves.Sum(move => Value(move[0])), moves.Sum(move => Value(move[1])));
    }

    private static double Value(string number) => double.Parse(number, CultureInfo.InvariantCulture);
}
