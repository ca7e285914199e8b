using Emergence.Pages;

namespace Emergence.Figures;

/// <summary>Draws a <see cref="Figure"/> as SVG.</summary>
public static class SvgFigure
{
    /// <summary>
    /// The figure as an <c>&lt;svg&gt;</c> element: self-contained, without scripts and style sheets, on a white ground. A panel
    /// is 420 units wide and set to be read at the width of a printed column (about 85 mm). The same figure is the same text
    /// on every machine and in every culture.
    /// </summary>
    /// <exception cref="ArgumentException">The figure has no panels, or fewer than one column.</exception>
    public static string Render(Figure figure)
    {
        ArgumentNullException.ThrowIfNull(figure);
        if (figure.Panels.IsDefaultOrEmpty)
            throw new ArgumentException($"figure '{figure.Title}': has no panels; give at least one", nameof(figure));
        if (figure.Columns < 1)
            throw new ArgumentException($"figure '{figure.Title}': has {figure.Columns} columns; give at least 1", nameof(figure));
        return new FigureLayout(figure).Draw();
    }
}
