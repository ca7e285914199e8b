using System.Collections.Immutable;

namespace Emergence.Analyzer.Metrics;

/// <summary>The measures there are.</summary>
public static class MeasureCatalog
{
    /// <summary>E, the paper's measure: a path may pass through dead nodes.</summary>
    public static Measure Emergence { get; } = new PathMeasure("emergence", "E", activeOnly: false);

    /// <summary>E_H, the measure of Li et al. 2023 (arXiv 2311.17403): every node of a path after the first is alive.</summary>
    public static Measure EmergenceActive { get; } = new PathMeasure("emergence_active", "E_H", activeOnly: true);

    /// <summary>
    /// E_w, wired: the paths of E over the connections that exist; a weight of exactly zero is none. It needs masks, and
    /// costs about one addition per connection and digit of the counts.
    /// </summary>
    public static Measure EmergenceWired { get; } = new WiredMeasure("emergence_wired", "E_w");

    /// <summary>All measures, in the order of the outputs.</summary>
    public static ImmutableArray<Measure> All { get; } = [Emergence, EmergenceActive, EmergenceWired];
}
