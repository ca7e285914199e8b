using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.LayerReadings;

/// <summary>
/// Finds the expression behind a tensor: the operators from it to the nearest tensor that all its readers lead to, where
/// nothing but constants and the tensor itself takes part. One operator, or LayerNormalization in nine, or GELU in five.
/// </summary>
internal sealed class Expressions(Trace trace, ValueGraph values, IReadOnlyDictionary<NodeProto, NodeContext> nodes)
{
    // The longest decomposed normalization that is known has 19 operators.
    private const int MostNodes = 48;

    // Constants of several elements are tried at a few of them.
    private static readonly ImmutableArray<double> Choices = [0, 0.37, 1];

    private readonly Dictionary<string, Expression?> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double[]?> _chosen = new(StringComparer.Ordinal);

    /// <summary>The expression behind a tensor; null where it ends, forks, or meets a weighted operator or
    /// another branch.</summary>
    public Expression? Behind(string tensor)
    {
        tensor = values.Of(tensor);
        if (!_known.TryGetValue(tensor, out var known))
            _known[tensor] = known = Find(tensor);
        return known;
    }

    /// <summary>The one operator behind a tensor that moves its values or takes the largest of some, as an expression that
    /// changes none; null where another follows.</summary>
    public Expression? Past(string tensor)
    {
        if (values.ReadersOf(tensor) is not [var node] || !IsSelection(node) || values.Of(node.Input[0]) != values.Of(tensor))
            return null;
        return node.Output.Where(output => output.Length > 0 && values.ReadersOf(output).Count > 0).ToArray() is [var part]
            ? new Expression(values.Of(tensor), part, [node], [.. Choices.Select(_ => (Func<double, double>)(x => x))],
                IsScalar: true, HasStatistics: false, IsFloatOrMeant(part))
            : null;
    }

    /// <summary>Whether a node moves values or takes the largest of some.</summary>
    public bool IsSelection(NodeProto node) => Pooling.Of(nodes[node]) is ValueFlow.Selection or ValueFlow.Largest;

    private bool IsFloatOrMeant(string tensor) => trace.Tensor(tensor) is { IsFloat: true } or { Quantization: not null };

    private Expression? Find(string start)
    {
        var inside = new HashSet<string>(StringComparer.Ordinal) { start };
        var open = new SortedDictionary<int, NodeProto>();
        var found = new List<NodeProto>();
        Open(start);
        while (open.Count > 0 && found.Count < MostNodes)
        {
            var (order, node) = open.First();
            open.Remove(order);
            if (!IsAdmissible(node, inside))
                return null;
            found.Add(node);
            var outputs = node.Output.Where(output => output.Length > 0 && values.ReadersOf(output).Count > 0).ToArray();
            if (open.Count == 0 && node.Output[0].Length > 0
                && (outputs.Length == 0 || outputs is [var only] && only == node.Output[0]))
                return Evaluate(start, node.Output[0], found);
            foreach (var output in outputs)
            {
                inside.Add(values.Of(output));
                Open(output);
            }
        }
        return null;

        void Open(string tensor)
        {
            foreach (var reader in values.ReadersOf(tensor))
                open.TryAdd(nodes[reader].Order, reader);
        }
    }

    private bool IsAdmissible(NodeProto node, HashSet<string> inside)
    {
        if (!nodes.TryGetValue(node, out var context) || OpRules.Find(node.Domain, node.OpType) is not { } rule)
            return false;
        if (rule is BodyBorderRule)
            return false;
        if (!node.Input.Where(input => input.Length > 0)
            .All(input => inside.Contains(values.Of(input)) || trace.Tensor(input) is { IsConstant: true }))
            return false;
        // A statistic may be spread over the axis that it was reduced over; the tensor itself may not.
        var isSpread = node.OpType == "Expand" && !values.Of(node.Input[0]).Equals(inside.First(), StringComparison.Ordinal);
        return isSpread || IsStatistic(node) || IsNormalization(rule, node) || ValueGraph.IsLayout(node)
            || ScalarOperators.Of(context) is not null;
    }

    /// <summary>An operator that is an activation function by its name, whatever its values on the grid.</summary>
    public static bool IsFunction(NodeProto node) =>
        node.OpType is not ("Clip" or "Neg") && OpRules.Find(node.Domain, node.OpType) is { Kind: OpKind.Activation };

    private static bool IsStatistic(NodeProto node) =>
        node.OpType.StartsWith("Reduce", StringComparison.Ordinal) || node.OpType is "GlobalAveragePool" or "Softmax";

    private static bool IsNormalization(OpRule rule, NodeProto node) =>
        rule is NormalizationRule && node.Output.Count(output => output.Length > 0) == 1;

    private Expression? Evaluate(string start, string exit, List<NodeProto> found)
    {
        var isScalar = true;
        var samples = ImmutableArray.CreateBuilder<Func<double, double>>();
        foreach (var choice in Choices)
        {
            if (Compile(start, found, choice, ref isScalar) is not { } sample)
                return null;
            samples.Add(sample);
        }
        var hasStatistics = found.Any(node =>
            IsStatistic(node)
                || node.OpType != "BatchNormalization" && OpRules.Find(node.Domain, node.OpType) is NormalizationRule);
        return new Expression(start, exit, [.. found], samples.ToImmutable(), isScalar, hasStatistics, IsFloatOrMeant(exit));
    }

    /// <summary>The expression as a function of one number, with the element at <paramref name="choice"/>
    /// (0 to 1) of each constant.</summary>
    private Func<double, double>? Compile(string start, List<NodeProto> found, double choice, ref bool isScalar)
    {
        // A slot for every number that takes part: the argument, constants, results.
        var slots = new Dictionary<string, int>(StringComparer.Ordinal) { [start] = 0 };
        var initial = new List<double> { 0 };
        var steps = new List<(int Slot, int[] Inputs, Func<double[], double> F)>();
        foreach (var node in found)
        {
            var inputs = new int[node.Input.Count];
            for (var i = 0; i < inputs.Length; i++)
            {
                if (slots.TryGetValue(values.Of(node.Input[i]), out inputs[i]))
                    continue;
                if (Number(node, i, choice, ref isScalar) is not { } number)
                    return null;
                inputs[i] = initial.Count;
                initial.Add(number);
            }
            if (OnMeanings(node, FunctionOf(node)) is not { } function)
                return null;
            steps.Add((initial.Count, inputs, function));
            slots[values.Of(node.Output[0])] = initial.Count;
            initial.Add(0);
        }
        return x =>
        {
            double[] numbers = [.. initial];
            numbers[0] = x;
            foreach (var (slot, inputs, f) in steps)
                numbers[slot] = f(Array.ConvertAll(inputs, input => numbers[input]));
            return numbers[^1];
        };
    }

    private Func<double[], double> FunctionOf(NodeProto node)
    {
        // A softmax is no statistic that scales: its weights grow with the very element.
        if (node.OpType == "Softmax")
            return x => Math.Exp(x[0]) / 7;
        // Of what is reduced no more counts than that it is a number, and a positive one for a deviation to be.
        if (IsStatistic(node))
            return _ => 0.71;
        if (OpRules.Find(node.Domain, node.OpType) is NormalizationRule)
            return node.OpType == "BatchNormalization" ? BatchNormalization(node) : x => (x[0] - 0.71) / 1.3;
        return ScalarOperators.Of(nodes[node]) ?? (x => x[0]);
    }

    /// <summary>
    /// A function of integers as one of what they stand for, which is what a value is here wherever it is known; null where the
    /// scale is not.
    /// </summary>
    private Func<double[], double>? OnMeanings(NodeProto node, Func<double[], double> function)
    {
        string[] tensors = [node.Output[0], .. node.Input];
        var isOnMeanings = nodes[node].IsOnMeanings || ValueGraph.IsLayout(node);
        var meanings = Array.ConvertAll(tensors, tensor => isOnMeanings ? null : trace.Tensor(tensor)?.Quantization);
        if (Array.TrueForAll(meanings, meaning => meaning is null))
            return function;
        var (scales, zeros) = (new double[tensors.Length], new double[tensors.Length]);
        for (var i = 0; i < tensors.Length; i++)
        {
            scales[i] = 1;
            if (meanings[i] is not { } meaning)
                continue;
            if (Chosen(meaning.Scale) is not [var scale, ..] || (meaning.ZeroPoint.Length > 0 ? Chosen(meaning.ZeroPoint) : [0])
                is not [var zero, ..])
                return null;
            (scales[i], zeros[i]) = (scale, zero);
        }
        return x =>
        {
            var integers = x.Select((number, i) =>
                meanings[i + 1] is null ? number : number / scales[i + 1] + zeros[i + 1]);
            return (function([.. integers]) - zeros[0]) * scales[0];
        };
    }

    private Func<double[], double> BatchNormalization(NodeProto node)
    {
        var epsilon = nodes[node].Attributes.Float("epsilon", 1e-5f);
        return x => (x[0] - x[3]) / Math.Sqrt(x[4] + epsilon) * x[1] + x[2];
    }

    /// <summary>One element of a constant input; not a number where it is left out, 0 where it is a shape.</summary>
    private double? Number(NodeProto node, int input, double choice, ref bool isScalar)
    {
        var name = node.Input[input];
        if (name.Length == 0)
            return double.NaN;
        if (IsStatistic(node) || ValueGraph.IsLayout(node) || node.OpType == "Expand" && input > 0)
            return 0;
        if (trace.Tensor(name) is not { HasShape: true } tensor || tensor.Count == 0)
            return null;
        isScalar &= tensor.Count == 1;
        if (!_chosen.TryGetValue(name, out var elements))
            _chosen[name] = elements = Chosen(name);
        return elements?[Choices.IndexOf(choice)];
    }

    /// <summary>An element of a constant for each of the <see cref="Choices"/>; null where its value is not known.</summary>
    private double[]? Chosen(string name)
    {
        try
        {
            return trace.Constants.Evaluate(name)?.Values is { Length: > 0 } elements
                ? [.. Choices.Select(choice => elements[(int)(choice * (elements.Length - 1))])]
                : null;
        }
        catch (Exception e) when (e is TraceException or UserException)
        {
            return null;
        }
    }
}
