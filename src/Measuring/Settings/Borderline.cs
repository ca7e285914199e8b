namespace Emergence.Measuring.Settings;

/// <summary>The nodes that are neither clearly alive nor clearly dead.</summary>
internal static class Borderline
{
    /// <summary>How far a statistic may stand from θ and still flip between devices and optimisation levels.</summary>
    public const double Margin = 1e-4;
}
