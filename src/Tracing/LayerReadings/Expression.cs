using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>What stands between a tensor and a later one that depends on it alone: one operator, or the
/// several of one function.</summary>
/// <param name="Input">The earlier tensor.</param>
/// <param name="Output">The later one.</param>
/// <param name="Nodes">The operators, in order.</param>
/// <param name="Samples">
/// Its values on <see cref="ScalarFunction.Grid"/>, for a few choices of an element from each constant of several; what is
/// reduced over an axis counts as a constant.
/// </param>
/// <param name="IsScalar">All its constants have one element.</param>
/// <param name="HasStatistics">A part of it is reduced over an axis.</param>
/// <param name="IsFloat">Its result holds floating-point numbers.</param>
internal sealed record Expression(
    string Input, string Output, ImmutableArray<NodeProto> Nodes,
    ImmutableArray<Func<double, double>> Samples, bool IsScalar, bool HasStatistics,
    bool IsFloat)
{
    /// <summary>True where it scales and shifts: a·x + b, whatever a and b are made of.</summary>
    public bool IsAffine { get; } =
        !(Nodes is [var only] && Expressions.IsFunction(only)) && Samples.All(sample => On(sample).IsAffine);

    /// <summary>False where an element of the result does not depend on the element at its place: of a reduction alone.</summary>
    public bool KeepsElements => Samples.Any(sample => sample(1.25) != sample(-0.75) || sample(3.5) != sample(0.5));

    /// <summary>Behind another expression, as one.</summary>
    public Expression Then(Expression next) => new(
        Input, next.Output, [.. Nodes, .. next.Nodes],
        [.. Samples.Zip(next.Samples, (f, g) => (Func<double, double>)(x => g(f(x))))], IsScalar && next.IsScalar,
        HasStatistics || next.HasStatistics, next.IsFloat);

    /// <summary>The same function of the elements, up to rounding.</summary>
    public bool IsSameAs(Func<double, double> other) => Samples.All(sample => On(sample).Matches(other));

    /// <summary>A function on the grid.</summary>
    public static ScalarFunction On(Func<double, double> f) => ScalarFunction.Identity("").Then(f);
}
