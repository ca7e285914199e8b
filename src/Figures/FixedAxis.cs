using OxyPlot.Axes;

namespace Emergence.Figures;

/// <summary>An axis of OxyPlot with the ticks of a scale.</summary>
internal sealed class FixedAxis : LinearAxis
{
    private readonly AxisScale _scale;

    public FixedAxis(AxisScale scale)
    {
        _scale = scale;
        Minimum = scale.Minimum;
        Maximum = scale.Maximum;
        LabelFormatter = position => scale.Ticks.MinBy(tick => Math.Abs(tick.Position - position)).Label;
    }

    public override void GetTickValues(
        out IList<double> majorLabelValues, out IList<double> majorTickValues, out IList<double> minorTickValues)
    {
        majorLabelValues = [.. _scale.Ticks.Select(tick => tick.Position)];
        majorTickValues = majorLabelValues;
        minorTickValues = [.. _scale.MinorTicks.Except(majorLabelValues)];
    }
}
