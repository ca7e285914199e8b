using System.Collections.Immutable;

namespace Emergence.Figures;

/// <summary>Surfaces seen from above, side by side: colors and lines of equal height.</summary>
/// <param name="Title">What the figure shows.</param>
/// <param name="Panels">One for each surface.</param>
public sealed record ContourFigure(string Title, ImmutableArray<ContourPanel> Panels);

/// <summary>One surface.</summary>
/// <param name="Title">Heading of the panel.</param>
/// <param name="XLabel">What the horizontal axis measures.</param>
/// <param name="YLabel">What the vertical axis measures.</param>
/// <param name="X">Where the columns are, in ascending order, at least two.</param>
/// <param name="Y">Where the rows are.</param>
/// <param name="Values">The heights, row by row; what is not finite is drawn gray.</param>
public sealed record ContourPanel(
    string Title, string XLabel, string YLabel, ImmutableArray<double> X, ImmutableArray<double> Y, ImmutableArray<double> Values)
{
    /// <summary>What the heights are.</summary>
    public string Quantity { get; init; } = "loss";

    /// <summary>Places joined by a line, the last of them marked.</summary>
    public ImmutableArray<(double X, double Y)> Path { get; init; } = [];
}
