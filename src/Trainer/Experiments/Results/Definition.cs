using System.Collections.Immutable;
using Emergence.Trainer.Experiments.Steps;

namespace Emergence.Trainer.Experiments.Results;

/// <summary>A number that a checkpoint has.</summary>
internal enum Quantity
{
    /// <summary>E.</summary>
    Emergence,

    /// <summary>E_H.</summary>
    Active,

    /// <summary>E_w.</summary>
    Wired,

    /// <summary>E over the non-zero parameters.</summary>
    Relative,

    /// <summary>E over all parameters.</summary>
    RelativeAll,

    /// <summary>Share of the nodes that are alive: a rival of emergence, not one of its forms.</summary>
    AliveShare,
}

/// <summary>What exactly is meant by emergence: a measure, and when a node counts as alive.</summary>
/// <param name="Quantity">The measure.</param>
/// <param name="Reading">The statistic and the layers that count.</param>
/// <param name="Threshold">θ.</param>
internal sealed record Definition(Quantity Quantity, Reading Reading, double Threshold = 0.05)
{
    /// <summary>E by the mean at the paper's threshold: the definition of the figures.</summary>
    public static Definition Usual { get; } = new(Quantity.Emergence, Reading.Mean);

    /// <summary>The measure, by its sign.</summary>
    public string Symbol => SymbolOf(Quantity);

    /// <summary>The definition in words, as <c>E_H, mean &gt; 0.05</c>.</summary>
    public string Name => $"{Symbol}, {Reading.Describe(Threshold)}";

    /// <summary>E, E_H and E_w under each of <paramref name="readings"/> at the paper's threshold, then E
    /// by the first at the others.</summary>
    public static ImmutableArray<Definition> AllOf(ImmutableArray<Reading> readings) =>
    [
        .. from reading in readings
           from quantity in new[] { Quantity.Emergence, Quantity.Active, Quantity.Wired }
           select new Definition(quantity, reading),
        .. Reading.Thresholds.Skip(1).Select(threshold => new Definition(Quantity.Emergence, readings[0], threshold)),
    ];

    /// <summary>What a checkpoint has by this definition; NaN where it was not measured.</summary>
    public double Of(AnalyzedCheckpoint checkpoint)
    {
        var measured = checkpoint.At(Threshold);
        return Quantity switch
        {
            Quantity.Emergence => measured.Emergence,
            Quantity.Active => measured.Active,
            Quantity.Wired => measured.Wired ?? double.NaN,
            Quantity.Relative => measured.Relative,
            Quantity.RelativeAll => measured.RelativeAll,
            Quantity.AliveShare => (double)measured.Alive / measured.Nodes,
            _ => throw new NotSupportedException($"quantity {Quantity}"),
        };
    }

    /// <summary>The sign of a measure.</summary>
    public static string SymbolOf(Quantity quantity) => quantity switch
    {
        Quantity.Emergence => "E",
        Quantity.Active => "E_H",
        Quantity.Wired => "E_w",
        Quantity.Relative => "Ẽ",
        Quantity.RelativeAll => "Ẽ all",
        Quantity.AliveShare => "alive share",
        _ => throw new NotSupportedException($"quantity {quantity}"),
    };
}
