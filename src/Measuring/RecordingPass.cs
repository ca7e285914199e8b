using System.Collections.Immutable;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Statistics;

namespace Emergence.Measuring;

/// <summary>What one run over some stretches of the probe counts.</summary>
/// <param name="Plan">How the samples are divided into runs.</param>
/// <param name="Stretches">The stretches to run, each with its place in the order of all.</param>
/// <param name="Keeps">Whether the sums of each are kept.</param>
internal sealed record RecordingPass(BatchPlan Plan, ImmutableArray<(int Place, ProbeStretch Stretch)> Stretches, bool Keeps)
{
    public bool ByGroups { get; init; }

    public Classifier? Classifier { get; init; }

    public SampleAccumulator? Samples { get; init; }

    /// <summary>The same stretches with sums in double, for nodes alone.</summary>
    public RecordingPass Exactly => this with { ByGroups = false, Classifier = null, Samples = null };

    /// <summary>What is run in one go: stretches that follow each other are one segment again.</summary>
    public IEnumerable<ProbeSegment> Segments
    {
        get
        {
            ProbeSegment? open = null;
            foreach (var (_, (segment, _)) in Stretches)
            {
                if (open is not null && open.End == segment.Start && open with { End = segment.End } == segment with
                {
                    Start = open.Start
                })
                {
                    open = open with { End = segment.End };
                    continue;
                }
                if (open is not null)
                    yield return open;
                open = segment;
            }
            if (open is not null)
                yield return open;
        }
    }

    /// <summary>The place of the stretch that a run belongs to, and whether the run is all of it.</summary>
    public (int Place, bool IsWhole) StretchOf(RunOutputs run)
    {
        var (place, (segment, _)) = Stretches.First(each =>
            each.Stretch.Segment.Start <= run.Start && run.Start < each.Stretch.Segment.End);
        return (place, run.Start == segment.Start && run.Start + run.Count == segment.End);
    }
}
