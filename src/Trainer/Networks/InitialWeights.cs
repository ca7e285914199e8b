using System.Collections.Immutable;
using System.Globalization;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Networks;

/// <summary>How fresh weights come about: drawn by a rule, then scaled layer by layer where that is asked for.</summary>
/// <param name="Rule">How they are drawn.</param>
/// <param name="Scaling">How they are scaled then; null for not at all.</param>
internal sealed record InitialWeights(Initialization Rule, WeightScaling? Scaling = null)
{
    /// <summary>What can be written, for help.</summary>
    public const string Form = "RULE|[RULE+]emergence:A|[RULE+]scaled:A";

    /// <summary>What can be completed.</summary>
    public static ImmutableArray<string> Words { get; } =
        [.. Enum.GetValues<Initialization>().Select(Word), "emergence:2", "scaled:2"];

    /// <summary>Drawn by a rule and left so.</summary>
    public static implicit operator InitialWeights(Initialization rule) => new(rule);

    /// <summary>What <see cref="Parse"/> reads: <c>kaiming</c>, <c>emergence:2</c>, <c>kaiming+emergence:2</c>.</summary>
    public override string ToString() => Scaling is null ? Word(Rule)
        : Rule == Initialization.PyTorch ? Scaling.ToString()
        : $"{Word(Rule)}+{Scaling}";

    /// <summary>Reads the words of <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">They are none.</exception>
    public static InitialWeights Parse(string text)
    {
        var parts = text.Split('+');
        var rules = Enum.GetValues<Initialization>().Select(Word).ToImmutableArray();
        return (rules.IndexOf(parts[0]), parts) switch
        {
            ( >= 0 and var rule, [_]) => new((Initialization)rule),
            ( >= 0 and var rule, [_, var scaling]) => new((Initialization)rule, WeightScaling.Parse(scaling)),
            (_, [var scaling]) when scaling.Contains(':', StringComparison.Ordinal) =>
                new(Initialization.PyTorch, WeightScaling.Parse(scaling)),
            _ => throw new FormatException(
                $"'{text}': expected {string.Join(", ", rules)}, emergence:A or scaled:A, or two as in kaiming+emergence:2"
                + NearestName.Question(text, Words)),
        };
    }

    private static string Word(Initialization rule) => rule.ToString().ToLowerInvariant();
}

/// <summary>
/// What is done to drawn weights. With a <see cref="Profile"/> of <see cref="ScalingProfile.Emergence"/>, EmergenceInit (Li,
/// George, Silva 2024, arXiv 2407.19044): layers are counted from the middle, and W₋ₙ becomes W₋ₙ/αⁿ, Wₙ becomes Wₙ·αⁿ, so that
/// activations grow towards the output and the gain of the whole stays. Biases, normalizations and positions stay.
/// </summary>
/// <param name="Profile">Which layers by how much.</param>
/// <param name="Alpha">α; above 1 the first layers shrink.</param>
internal sealed record WeightScaling(ScalingProfile Profile, double Alpha)
{
    private const double Least = 0.1, Most = 10;

    /// <summary>As <c>emergence:2</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Profile.ToString().ToLowerInvariant()}:{Alpha}");

    /// <summary>Reads the words of <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">They are none.</exception>
    public static WeightScaling Parse(string text)
    {
        var parts = text.Split(':');
        ScalingProfile profile = parts[0] switch
        {
            "emergence" => ScalingProfile.Emergence,
            "scaled" => ScalingProfile.Scaled,
            _ => throw new FormatException($"'{text}': expected emergence:A or scaled:A"),
        };
        return parts is [_, var number]
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var alpha)
            && alpha is >= Least and <= Most
                ? new(profile, alpha)
                : throw new FormatException($"'{text}': expected a number from 0.1 to 10 behind {parts[0]}:");
    }

    /// <summary>
    /// The exponent of α for each of <paramref name="stages"/> layers, from the first: −1, 0, 1 of three, −2, −1, 1, 2 of four.
    /// Of an even number none is in the middle.
    /// </summary>
    public static ImmutableArray<int> Exponents(int stages)
    {
        var half = stages / 2;
        return [.. Enumerable.Range(0, stages).Select(stage =>
            stage < half ? stage - half : stage >= stages - half ? stage - (stages - half) + 1 : 0)];
    }

    /// <summary>
    /// The factor of each layer. Under <see cref="ScalingProfile.Scaled"/> it is one for all, with which the norm of all
    /// weights together is that under <see cref="ScalingProfile.Emergence"/>.
    /// </summary>
    /// <param name="stages">The layers in order; those side by side in one stage.</param>
    /// <param name="norm">‖W‖ of a layer.</param>
    public ImmutableArray<(ConnectingLayer Layer, double Factor)> Factors(
        ImmutableArray<ImmutableArray<ConnectingLayer>> stages, Func<ConnectingLayer, double> norm)
    {
        var emergence = stages.Zip(Exponents(stages.Length))
            .SelectMany(stage => stage.First, (stage, layer) => (Layer: layer, Factor: Math.Pow(Alpha, stage.Second)))
            .ToImmutableArray();
        if (Profile == ScalingProfile.Emergence)
            return emergence;
        var one = Math.Sqrt(emergence.Sum(scaled => Square(scaled.Factor * norm(scaled.Layer)))
            / emergence.Sum(scaled => Square(norm(scaled.Layer))));
        return [.. emergence.Select(scaled => (scaled.Layer, one))];

        static double Square(double x) => x * x;
    }
}

/// <summary>Which layers are scaled by how much.</summary>
internal enum ScalingProfile
{
    /// <summary>The first ones down, the last ones up.</summary>
    Emergence,

    /// <summary>All by one factor, to the same norm: what tells the profile from the size of the weights.</summary>
    Scaled,
}
