using System.Collections.Immutable;

namespace Emergence.Trainer.Experiments.Report;

/// <summary>The words of a report, for a reader who has only the report.</summary>
internal static class Glossary
{
    /// <summary>One word or two in each.</summary>
    public static ImmutableArray<string> Lines { get; } =
    [
        "A node is alive where its activation, after the activation function, summed up over the probe, is above the "
        + "threshold; the probe is the first samples of the test split, in stored order. \"mean > 0.05\": its mean is above "
        + "0.05. \"max > 0.05\": it is above 0.05 on some sample. \"half of samples > 0.05\": it is above 0.05 on more "
        + "than half of them. \"input counted\": the pixels are a layer, too. \"filters\": the nodes of a convolution "
        + "are its filters, else its units, one for each filter and position.",
        "E is the paper's measure: the paths from all dead nodes to alive ones. E_H counts only paths all of whose nodes "
        + "after the first are alive (Li et al. 2023). E_w counts only paths over weights that are not zero.",
        "Ẽ is E over the parameters that are not zero; Ẽ all is E over all parameters.",
        "Accuracies are of the weights at the end of an epoch, over the whole training and test split.",
        "In tables of results a number with a range in brackets is the median over the seeds, from the smallest to the largest; "
        + "in those of claims it is the estimate over the runs with its 95 % interval, not adjusted for how many there are.",
    ];
}
