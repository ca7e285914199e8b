using System.Collections.Immutable;
using Emergence.Analyzer.Landscapes;
using Emergence.CommandLine;
using Emergence.Measuring.Losses;
using Emergence.Pages;

namespace Emergence.Analyzer.Reports.Landscapes;

/// <summary>The pictures of a landscape on a page.</summary>
internal static class LandscapeCharts
{
    /// <summary>The plane, with the path or the checkpoint.</summary>
    public static Surface Surface(Landscape landscape) => new("Loss on the plane", landscape.Grid.X, landscape.Grid.Y,
        [.. landscape.Grid.Values.Select(value => value.Loss)])
    {
        XLabel = LandscapeWords.Axis(landscape, 0),
        YLabel = LandscapeWords.Axis(landscape, 1),
        HeightLabel = "loss",
        Path = landscape.Path.IsEmpty
            ? [new(Name(landscape.File), 0, 0)]
            : [.. landscape.Path.Select(place => new SurfacePlace(Name(place.File), place.X, place.Y))],
    };

    /// <summary>Loss and accuracy along lines.</summary>
    public static Figure Lines(Landscape landscape)
    {
        var axis = new Axis(landscape.Grid.IsLine ? "from the first (0) to the second (1)" : "along the direction");
        var panels = ImmutableArray.Create(
            new Panel(null, axis, new Axis("loss"), Curves(landscape, value => value.Loss)));
        return new Figure("Along lines", landscape.Center.Accuracy is null ? panels : panels.Add(
            new Panel(null, axis, new Axis("accuracy") { Percent = true },
                Curves(landscape, value => value.Accuracy ?? double.NaN))))
        { Columns = 2 };
    }

    private static ImmutableArray<Pages.Series> Curves(Landscape landscape, Func<LossValue, double> number)
    {
        var grid = landscape.Grid;
        if (!grid.IsLine)
        {
            var (column, row) = (Nearest(grid.X), Nearest(grid.Y));
            return
            [
                new(LandscapeWords.Axis(landscape, 0),
                    [.. grid.X.Select((x, i) => new Point(x, number(grid.At(i, row))))]),
                new(LandscapeWords.Axis(landscape, 1),
                    [.. grid.Y.Select((y, i) => new Point(y, number(grid.At(column, i))))]),
            ];
        }
        Pages.Series measured = new("measured", [.. grid.X.Select((x, i) => new Point(x, number(grid.Values[i])))]);
        // The ends were measured, whether or not the grid has points there.
        return landscape.End is not { } end ? [measured]
            : [measured, new("straight line between the ends", [new(0, number(landscape.Center)), new(1, number(end))])];
    }

    private static int Nearest(ImmutableArray<double> places) =>
        Enumerable.Range(0, places.Length).MinBy(i => Math.Abs(places[i]));

    private static string Name(string file) => Printable.Of(Path.GetFileName(file));
}
