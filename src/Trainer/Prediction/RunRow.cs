using System.Collections.Immutable;
using System.Globalization;

namespace Emergence.Trainer.Prediction;

/// <summary>A checkpoint of a finished run: a row of the file that the study keeps.</summary>
/// <param name="Run">The run.</param>
/// <param name="Epoch">Epochs trained.</param>
/// <param name="Numbers">What was measured, by the names of <see cref="Names"/>; NaN where it was not.</param>
internal sealed record RunRow(Configuration Run, int Epoch, ImmutableArray<double> Numbers)
{
    /// <summary>What is measured. Behind epoch 2 only losses, accuracies, E and the alive share are.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy", "parameters",
        "emergence", "emergence_active", "emergence_wired", "relative_emergence", "emergence_z", "alive_share", "dormant_ratio",
        "silent_share", "log_frobenius_norm", "log_spectral_norm", "stable_rank", "effective_rank", "alpha",
    ];

    private static readonly ImmutableArray<string> Settings =
        ["run", "part", "dataset", "network", "sizes", "activation", "init", "optimizer", "lr", "seed", "epoch"];

    /// <summary>The heads of the columns.</summary>
    public static string Header { get; } = string.Join(',', Settings.Concat(Names));

    /// <summary>What was measured under a name.</summary>
    public double this[string name] => Numbers[Names.IndexOf(name)];

    /// <summary>The row, without its end of line. Infinite numbers are written as such; what was not measured is empty.</summary>
    public string ToCsv() => string.Join(',', Describe().Concat(Numbers.Select(number =>
        double.IsNaN(number) ? "" : number.ToString("R", CultureInfo.InvariantCulture))));

    /// <summary>Reads a row that <see cref="ToCsv"/> wrote.</summary>
    /// <exception cref="FormatException">It is none, or one of another design.</exception>
    public static RunRow Parse(string text)
    {
        var fields = text.Split(',');
        if (fields.Length != Settings.Length + Names.Length)
            throw new FormatException($"has {fields.Length} fields, expected {Settings.Length + Names.Length}");
        var number = int.Parse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture);
        if (number >= Configuration.All.Length)
            throw new FormatException($"is of run {number}; the last is {Configuration.All.Length - 1}");
        var row = new RunRow(
            Configuration.All[number], int.Parse(fields[Settings.Length - 1], NumberStyles.None, CultureInfo.InvariantCulture),
            [.. fields[Settings.Length..].Select(field => field.Length == 0 ? double.NaN
                : double.Parse(field, NumberStyles.Float, CultureInfo.InvariantCulture))]);
        return fields[..Settings.Length].SequenceEqual(row.Describe()) ? row
            : throw new FormatException($"run {number} has other settings than the study gives it");
    }

    private IEnumerable<string> Describe() =>
    [
        Text(Run.Number), Run.Part, Run.Dataset, Run.Family, Run.Sizes, Run.Design.Activation.ToString().ToLowerInvariant(),
        Run.Design.Initialization.ToString(), Run.Optimizer, Text(Run.Hyper.LearningRate), Text(Run.Hyper.Seed), Text(Epoch),
    ];

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
