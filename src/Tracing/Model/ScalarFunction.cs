namespace Emergence.Tracing.Model;

/// <summary>
/// An elementwise function of one tensor, known by its values on a grid. Exporters spell an activation function as
/// anything from one node to a dozen; whatever the spelling, the values are the same, so it is recognized by them.
/// </summary>
/// <param name="Root">Name of the tensor it is a function of.</param>
/// <param name="Values">f at the points of <see cref="Grid"/>.</param>
internal sealed record ScalarFunction(string Root, double[] Values)
{
    // Spread over the range where activation functions differ; no point where one has a kink but 0.
    private static readonly double[] GridPoints =
        [-9.7, -6.3, -4.1, -3.05, -2.6, -2.2, -1.7, -1.3, -0.9, -0.55, -0.31, -0.12, -0.03, 0, 0.02, 0.06, 0.13, 0.29, 0.57,
            0.93, 1.4, 1.9, 2.3, 2.7, 3.07, 4.3, 6.4, 9.9];

    private const double Tolerance = 2e-4;

    /// <summary>The points at which functions are compared.</summary>
    public static ReadOnlySpan<double> Grid => GridPoints;

    public static ScalarFunction Identity(string root) => new(root, GridPoints);

    public ScalarFunction Then(Func<double, double> f) => this with { Values = [.. Values.Select(f)] };

    /// <summary>True where it is a·x + b: no activation function.</summary>
    public bool IsAffine
    {
        get
        {
            var slope = (Values[^1] - Values[0]) / (GridPoints[^1] - GridPoints[0]);
            return Matches(x => Values[0] + slope * (x - GridPoints[0]));
        }
    }

    /// <summary>The name of the activation function it equals, written as several operators; null where it
    /// is none we know.</summary>
    public string? Recognize()
    {
        foreach (var (known, f) in Known)
        {
            if (Matches(f))
                return known;
        }
        // Families: a slope below zero, or two clipping bounds.
        var slope = Values[0] / GridPoints[0];
        if (slope is > 1e-6 and < 0.99 && Matches(x => x < 0 ? slope * x : x))
            return "LeakyRelu";
        var (low, high) = (Values.Min(), Values.Max());
        if (low == 0 && high is > 0.5 and < 9.8 && Matches(x => Math.Clamp(x, 0, high)))
            return high is > 5.99 and < 6.01 ? "Relu6" : "Clip";
        if (low > GridPoints[0] || high < GridPoints[^1])
        {
            if (Matches(x => Math.Clamp(x, low, high)))
                return "Clip";
        }
        if (Scaled() is { } name)
            return name;
        // What is zero up to a threshold, and the argument above it.
        var threshold =
            GridPoints.Zip(Values).Where(pair => pair.Second == 0).Select(pair => pair.First).DefaultIfEmpty(double.NaN).Max();
        return Matches(x => x > threshold ? x : 0) ? "ThresholdedRelu" : null;
    }

    /// <summary>A function with a scale, which one or two of its values tell; null for any other.</summary>
    private string? Scaled()
    {
        var (celu, softplus) = (-1.3 / Math.Log(At(-2.6) / At(-1.3) - 1), At(0) / Math.Log(2));
        var (swish, bell) = (-Math.Log(0.93 / At(0.93) - 1) / 0.93, -Math.Log(At(0.57)) / (0.57 * 0.57));
        static bool IsScale(double c) => c is > 0.01 and < 100;
        return IsScale(celu) && Matches(x => x < 0 ? celu * (Math.Exp(x / celu) - 1) : x) ? "Celu"
            : IsScale(softplus) && Matches(x => softplus * Softplus(x / softplus)) ? "Softplus"
            : IsScale(swish) && Matches(x => x * Sigmoid(swish * x)) ? "Swish"
            : IsScale(bell) && Matches(x => Math.Exp(-bell * x * x)) ? "Gaussian"
            : null;
    }

    private double At(double point) => Values[Array.IndexOf(GridPoints, point)];

    /// <summary>True where another function has the same values on the grid, up to rounding.</summary>
    public bool Matches(Func<double, double> f)
    {
        for (var i = 0; i < GridPoints.Length; i++)
        {
            var expected = f(GridPoints[i]);
            if (!(Math.Abs(Values[i] - expected) <= Tolerance * (1 + Math.Abs(expected))))
                return false;
        }
        return true;
    }

    private static readonly (string Name, Func<double, double> F)[] Known =
    [
        ("Relu", x => Math.Max(x, 0)),
        ("Sigmoid", Sigmoid),
        ("Tanh", Math.Tanh),
        // The two forms differ by up to 4.7e-4: the exact one first.
        ("Gelu", x => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)))),
        ("GeluTanh", x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        ("QuickGelu", x => x * Sigmoid(1.702 * x)),
        ("Swish", x => x * Sigmoid(x)),
        ("Mish", x => x * Math.Tanh(Softplus(x))),
        ("Softplus", Softplus),
        ("LogSigmoid", x => -Softplus(-x)),
        ("Softsign", x => x / (1 + Math.Abs(x))),
        ("HardSwish", x => x * Math.Clamp(x / 6 + 0.5, 0, 1)),
        ("HardSigmoid", x => Math.Clamp(x / 6 + 0.5, 0, 1)),
        ("HardSigmoid", x => Math.Clamp(0.2 * x + 0.5, 0, 1)),
        ("Elu", x => x < 0 ? Math.Exp(x) - 1 : x),
        ("Selu", x => 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * (Math.Exp(x) - 1) : x)),
    ];

    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    public static double Softplus(double x) => x > 30 ? x : Math.Log(1 + Math.Exp(x));

    /// <summary>The error function, to 2e-16 on the grid: its Taylor series below 3, 1 − a continued fraction above.</summary>
    public static double Erf(double x)
    {
        var a = Math.Abs(x);
        if (a > 6)
            return Math.Sign(x);
        if (a < 3)
        {
            double term = a, sum = a;
            for (var n = 1; n < 80; n++)
            {
                term *= -a * a / n;
                sum += term / (2 * n + 1);
            }
            return Math.Sign(x) * sum * 2 / Math.Sqrt(Math.PI);
        }
        double fraction = 0;
        for (var k = 60; k >= 1; k--)
            fraction = k / 2.0 / (a + fraction);
        return Math.Sign(x) * (1 - Math.Exp(-a * a) / Math.Sqrt(Math.PI) / (a + fraction));
    }
}
