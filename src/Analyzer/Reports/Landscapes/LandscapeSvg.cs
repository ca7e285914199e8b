using System.Collections.Immutable;
using System.Text;
using Emergence.Analyzer.Landscapes;
using Emergence.Figures;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary><c>landscape.svg</c>: lines of equal loss, or loss and accuracy along a line.</summary>
internal static class LandscapeSvg
{
    public static void Write(LandscapeOutcome outcome, Stream stream) => stream.Write(Encoding.UTF8.GetBytes(
        outcome.Landscapes[0].Grid.IsLine ? SvgFigure.Render(Line(outcome.Landscapes[0])) : SvgContours.Render(Planes(outcome))));

    private static ContourFigure Planes(LandscapeOutcome outcome) => new("Loss landscape",
        [.. outcome.Landscapes.Select(landscape => new ContourPanel(
            Path.GetFileName(landscape.File), LandscapeWords.Axis(landscape, 0), LandscapeWords.Axis(landscape, 1),
            landscape.Grid.X, landscape.Grid.Y,
            [.. landscape.Grid.Values.Select(value => value.Loss)])
        {
            Path = landscape.Path.IsEmpty ? [(0, 0)] : [.. landscape.Path.Select(place => (place.X, place.Y))],
        })]);

    private static Figure Line(Landscape landscape)
    {
        var axis = new Axis(LandscapeWords.Axis(landscape, 0));
        var panels = ImmutableArray.Create(Along("loss", new Axis("loss"), value => value.Loss));
        if (landscape.Center.Accuracy is not null)
            panels = panels.Add(Along("accuracy", new Axis("accuracy") { Percent = true }, value =>
                value.Accuracy ?? double.NaN));
        return new Figure("Between two checkpoints", panels);

        Panel Along(string name, Axis y, Func<Measuring.Losses.LossValue, double> number) => new(null, axis, y,
            [new Pages.Series(name,
                [.. landscape.Grid.X.Zip(landscape.Grid.Values, (x, value) => new Point(x, number(value)))])]);
    }
}
