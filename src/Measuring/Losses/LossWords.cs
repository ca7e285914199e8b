namespace Emergence.Measuring.Losses;

/// <summary>How losses are called in options and files.</summary>
public static class LossWords
{
    /// <summary>The word of a loss.</summary>
    public static string Of(LossKind kind) => kind switch
    {
        LossKind.CrossEntropy => "cross-entropy",
        LossKind.SquaredError => "mse",
        LossKind.Output => "output",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "has no word"),
    };

    /// <summary>The word of what a loss reads.</summary>
    public static string Of(OutputForm form) => form switch
    {
        OutputForm.Logits => "logits",
        OutputForm.Probabilities => "probabilities",
        OutputForm.Values => "values",
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "has no word"),
    };
}
