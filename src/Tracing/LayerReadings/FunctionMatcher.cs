
namespace Emergence.Tracing.LayerReadings;

/// <summary>An activation function or quantizer that was found, whole.</summary>
/// <param name="Expression">From the tensor it is a function of.</param>
/// <param name="Name">The name of the activation function; empty for a quantizer that clips nothing at zero.</param>
internal sealed record FoundFunction(Expression Expression, string Name);

/// <summary>
/// Matches the whole function behind a tensor by its values, before any single operator may close a layer: HardSwish is no
/// Relu6, though one stands inside it.
/// </summary>
internal sealed class FunctionMatcher(Expressions expressions)
{
    private const int MostExpressions = 10;

    /// <summary>The activation function behind a tensor, scales and shifts of one element in front of it
    /// included; else null.</summary>
    public FoundFunction? Activation(string tensor)
    {
        FoundFunction? first = null, own = null, wider = null;
        Expression? whole = null, itself = null;
        // A function may begin behind any of the scales in front of it: HardSigmoid at the Add, or at the Mul before it.
        var beginnings = new List<Expression>();
        foreach (var next in Chain(tensor).TakeWhile(next => !next.HasStatistics && (next.IsScalar || !next.IsAffine)))
        {
            // A second function of its own is no part of the first.
            if (first is not null && (!next.IsScalar || IsSecond(next, [itself!, .. beginnings])))
                break;
            // A quantizer behind a scale is one all the same, and no function of what is scaled.
            if (first is null && whole is not null && !next.IsAffine && IsRounded(next))
                break;
            whole = whole is null ? next : whole.Then(next);
            beginnings = [.. beginnings.Select(beginning => beginning.Then(next))];
            itself = itself?.Then(next);
            if (first is null && !whole.IsAffine && next.IsFloat)
            {
                (first, itself) = (new FoundFunction(whole, NameOf(next)), next);
                own = next.Nodes is [_] || !next.IsScalar || Recognize(next) is not null ? first : null;
            }
            else if (first is null)
            {
                beginnings.Add(next);
            }
            else if (!next.IsSameAs(x => x) && Recognize(itself!) is { } name)
            {
                own = new FoundFunction(whole, name);
            }
            // Another shape of the same function moves nothing.
            if (first is not null && whole.IsScalar && !next.IsSameAs(x => x)
                && RecognizeAny(beginnings) is { } wide)
                wider = new FoundFunction(whole, wide);
            if (!next.IsScalar)
                break;
        }
        if (own is null || wider is null)
            return own ?? wider ?? first;
        // By what begins in front, only what is another function by that: HardSigmoid, and not the Relu6 in it; or one of which
        // the scale is a parameter. Any other scale could as well stand in the weights.
        var (ownEnd, widerEnd) = (own.Expression.Nodes.Length, wider.Expression.Nodes.Length);
        var isAnother = wider.Name != own.Name || wider.Name is "Softplus" or "Swish";
        return widerEnd == ownEnd || widerEnd > ownEnd && isAnother ? wider : own;
    }

    /// <summary>Whether an operator behind a function is a function of its own: not where both together are one that is known, as
    /// the logarithm of a Sigmoid is, or bounds behind bounds.</summary>
    /// <param name="next">The operator.</param>
    /// <param name="before">The function, from each place where it may begin.</param>
    private static bool IsSecond(Expression next, Expression[] before)
    {
        if (next.Nodes is not [var only] || !Expressions.IsFunction(only) || RecognizeAny(before) is not { } name)
            return false;
        static bool IsBound(string name) => name is "Relu" or "Relu6" or "Clip";
        return RecognizeAny(before.Select(expression => expression.Then(next))) is null
            || Recognize(next) is { } second && !(IsBound(name) && IsBound(second));
    }

    /// <summary>A softmax or its logarithm, whole or in parts: it closes no layer.</summary>
    public bool IsSoftmax(string tensor, int depth = 0)
    {
        if (depth > 2 || expressions.Behind(tensor) is not { } next)
            return false;
        if (next.HasStatistics)
        {
            return next.Nodes.Any(node => node.OpType is "Exp" or "ReduceLogSumExp" or "Softmax")
                || next.Nodes.All(node => node.OpType is "ReduceMax" or "Sub" or "Add" or "Neg" or "Expand")
                    && IsSoftmax(next.Output, depth + 1);
        }
        return next.Nodes is [{ OpType: "Exp" }] && expressions.Behind(next.Output) is { HasStatistics: true } share
            && share.Nodes.Any(node => node.OpType is "ReduceSum" or "ReduceMean" or "ReduceL1");
    }

    /// <summary>An activation function with the quantizer directly behind it; one of them where there is no other.</summary>
    public FoundFunction? Quantized(string tensor) => Quantizer(tensor) ?? (Activation(tensor) is not { } function ? null
        : Quantizer(function.Expression.Output) is { } quantizer
            ? function with { Expression = function.Expression.Then(quantizer.Expression) }
            : function);

    /// <summary>A quantizer directly behind a tensor: QuantizeLinear and DequantizeLinear, or rounding
    /// between scales, whatever selects values between them; else null.</summary>
    public FoundFunction? Quantizer(string tensor)
    {
        FoundFunction? found = null;
        Expression? whole = null;
        foreach (var next in Chain(tensor, expressions.Past).TakeWhile(next => !next.HasStatistics))
        {
            whole = whole is null ? next : whole.Then(next);
            if (next.Nodes is [var only] && expressions.IsSelection(only))
                continue;
            if (IsRounded(whole))
            {
                (double, double)?[] stairs = [.. whole.Samples.Select(StaircaseOf)];
                if (stairs.All(stair => stair is not null))
                    found = new FoundFunction(whole, SaturationOf(stairs[0]));
            }
            else if (!next.IsAffine && next.Nodes.Any(node => node.OpType is not ("Clip" or "Min" or "Max")))
            {
                return null;
            }
        }
        return found;
    }

    private static bool IsRounded(Expression expression) =>
        expression.Nodes.Any(node => node.OpType is "Round" or "Floor" or "QuantizeLinear");

    private IEnumerable<Expression> Chain(string tensor, Func<string, Expression?>? past = null)
    {
        for (var i = 0; i < MostExpressions && (past?.Invoke(tensor) ?? expressions.Behind(tensor)) is { } next; i++)
        {
            yield return next;
            tensor = next.Output;
        }
    }

    private static string? RecognizeAny(IEnumerable<Expression> expressions) =>
        expressions.Select(Recognize).FirstOrDefault(name => name is not null);

    private static string? Recognize(Expression expression) => Expression.On(expression.Samples[0]).Recognize();

    /// <summary>By its values where these are a ReLU's, or several operators spell it; by the operator
    /// where one alone has a name of its own.</summary>
    private static string NameOf(Expression expression)
    {
        string?[] names = [.. expression.Samples.Select(sample => Expression.On(sample).Recognize())];
        if (expression.IsScalar && names[0] == "Relu")
            return "Relu";
        if (expression.Nodes is [var only] && Expressions.IsFunction(only))
            return only.OpType;
        if (expression.IsScalar && names[0] is { } name)
            return name;
        return !expression.IsScalar && expression.Samples.All(HasSlope) ? "PRelu" : expression.Nodes[^1].OpType;
    }

    /// <summary>The argument above zero, and below it in a proportion of its own.</summary>
    private static bool HasSlope(Func<double, double> f)
    {
        var slope = -f(-1);
        return Expression.On(f).Matches(x => x < 0 ? slope * x : x);
    }

    /// <summary>The bounds between which a function follows its argument in equal steps; null where it does not.</summary>
    private static (double Low, double High)? StaircaseOf(Func<double, double> f)
    {
        const int Points = 4001;
        var (low, high) = (f(-1e9), f(1e9));
        if (!(low < high) || !double.IsFinite(low) || !double.IsFinite(high))
            return null;
        var margin = 0.25 * (high - low);
        var points =
            Enumerable.Range(0, Points).Select(i => low - margin + i * (high - low + 2 * margin) / (Points - 1)).ToArray();
        var steps = points.Select(f).ToArray();
        var levels = steps.Distinct().Count();
        // Of more levels than points, the steps are too fine to be seen.
        var step = levels < Points / 4 ? (high - low) / (levels - 1) : 2 * (high - low) / Points;
        return points.Zip(steps)
            .All(pair => Math.Abs(pair.Second - Math.Clamp(pair.First, low, high)) <= 0.51 * step + 1e-6 * (high - low))
                ? (low, high)
                : null;
    }

    /// <summary>A quantizer whose smallest value is exactly 0 is a ReLU; its upper bound makes it a ReLU6
    /// where that is 6.</summary>
    private static string SaturationOf((double Low, double High)? stair) =>
        stair is not { Low: 0 } bounds ? "" : Math.Abs(bounds.High - 6) < 0.03 ? "Relu6" : "Relu";
}
