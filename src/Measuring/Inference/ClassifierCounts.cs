using Emergence.Checkpoints;

namespace Emergence.Measuring.Inference;

/// <summary>How samples were classified.</summary>
/// <param name="Correct">Samples whose largest logit is that of their label.</param>
/// <param name="Seen">Samples in all.</param>
/// <param name="Unfit">Why there is no accuracy; null where it is known.</param>
/// <param name="Shifted">How labels were read; null where there is nothing to say.</param>
public sealed record ClassifierCounts(int Correct, int Seen, Diagnostic? Unfit, Diagnostic? Shifted)
{
    /// <summary>Share of samples classified as labeled; null where the output was no classifier's.</summary>
    public double? Accuracy => Unfit is null && Seen > 0 ? (double)Correct / Seen : null;

    /// <summary>Why accuracy is missing, if it is, and how labels were read.</summary>
    public IEnumerable<Diagnostic> Diagnostics => new[] { Unfit, Shifted }.OfType<Diagnostic>();

    /// <summary>Both together, these samples before the others.</summary>
    public ClassifierCounts Then(ClassifierCounts next)
    {
        ArgumentNullException.ThrowIfNull(next);
        // From the first output on that is no classifier's, nothing is counted.
        return Unfit is not null ? this
            : new(Correct + next.Correct, Seen + next.Seen, next.Unfit, Shifted ?? next.Shifted);
    }
}
