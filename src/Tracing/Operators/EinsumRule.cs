using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Einsum: a dense layer where one of two operands is stored and an index is summed over, else a
/// product of activations.</summary>
internal sealed class EinsumRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["Einsum"];

    public override void Apply(NodeContext node)
    {
        var operands = Enumerable.Range(0, node.InputCount).Select(node.Shaped).ToArray();
        var (terms, result) = Parse(node.Attributes.Text("equation", ""), [.. operands.Select(operand => operand.Rank)]);
        var letters = new Dictionary<char, (Axis Axis, bool Stored, bool Computed)>();
        for (var i = 0; i < operands.Length; i++)
        {
            for (var j = 0; j < terms[i].Length; j++)
            {
                var axis = operands[i].Axes[j];
                var known = letters.GetValueOrDefault(terms[i][j]);
                var best = known.Axis.Factors.IsDefault || known.Axis.Size < axis.Size || known.Stored && !known.Computed
                    ? axis
                    : known.Axis;
                letters[terms[i][j]] = (best, known.Stored || operands[i].IsConstant, known.Computed || !operands[i].IsConstant);
            }
        }
        var data = operands.Where(operand => !operand.IsConstant).ToArray();
        var weights = operands.Where(operand => operand.IsConstant).ToArray();
        var summed =
            letters.Where(letter => !result.Contains(letter.Key) && letter.Value is { Stored: true, Computed: true }).ToArray();
        var isDense = data.Length == 1 && weights.Length > 0 && summed.Length > 0;
        if (result.FirstOrDefault(letter => !letters.ContainsKey(letter)) is not '\0' and var strange)
            throw new TraceException(
                $"the result of '{node.Attributes.Text("equation", "")}' has '{strange}', which no term has");
        var axes = result.Select(letter => letters[letter]).Select(letter =>
            !isDense ? letter.Axis : letter.Axis.As(letter.Stored ? AxisRole.Channel : AxisRole.Sample)).ToImmutableArray();
        var output = node.NewTensor(axes, operands[0].ElementType);
        if (isDense)
        {
            foreach (var letter in summed)
                letter.Value.Axis.Contract();
            output = node.Trace.Open(node, output, data, weights.Select(weight => weight.Name));
        }
        else if (data.Length > 0)
        {
            output = output with { Carries = Trace.Mix(data) };
        }
        node.Output(output);
    }

    /// <summary>A product with a matrix of weights: one index is summed over, the other is that of the outputs.</summary>
    public override LayerWeights? Weights(OperatorCall call)
    {
        if (call.InputCount != 2)
            return null;
        var (terms, result) = Parse(call.Attributes.Text("equation", ""), [call.Shape(0).Length, call.Shape(1).Length]);
        var (data, weight) = call.IsConstant(0) ? (1, 0) : (0, 1);
        var (term, dims) = (terms[weight], call.Shape(weight));
        // In a stack of one matrix, the axes of length 1 count nothing.
        int[] axes = [.. Enumerable.Range(0, term.Length).Where(axis => term.Length == 2 || dims[axis] != 1)];
        if (axes is not [var a, var b] || result.Contains(term[a]) == result.Contains(term[b]))
            return new LayerWeights(data, weight);
        var (inputs, outputs) = result.Contains(term[a]) ? (b, a) : (a, b);
        var summed = term[inputs];
        return !terms[data].Contains(summed) || terms[data].Contains(term[outputs])
            ? new LayerWeights(data, weight)
            : new LayerWeights(data, weight)
            {
                InputAxis = inputs,
                OutputAxis = outputs,
                DataAxis = terms[data].LastIndexOf(summed)
            };
    }

    private static (string[] Terms, string Result) Parse(string equation, int[] ranks)
    {
        var text = string.Concat(equation.Where(c => !char.IsWhiteSpace(c)));
        var sides = text.Split("->");
        var terms = sides[0].Split(',');
        if (terms.Length != ranks.Length)
            throw new TraceException($"the equation '{equation}' has {terms.Length} terms for {ranks.Length} inputs");
        // The dots stand for leading axes: give them letters of their own, counted from the right.
        string Dots(int count) => string.Concat(Enumerable.Range(0, count).Select(i => (char)('\u0400' + count - 1 - i)));
        var most = 0;
        for (var i = 0; i < terms.Length; i++)
        {
            if (!terms[i].Contains("...", StringComparison.Ordinal))
                continue;
            var count = ranks[i] - (terms[i].Length - 3);
            if (count < 0)
                throw new TraceException($"the term '{terms[i]}' of '{equation}' does not fit a tensor of rank {ranks[i]}");
            most = Math.Max(most, count);
            terms[i] = terms[i].Replace("...", Dots(count), StringComparison.Ordinal);
        }
        for (var i = 0; i < terms.Length; i++)
        {
            if (terms[i].Length != ranks[i])
                throw new TraceException($"the term '{terms[i]}' of '{equation}' does not fit a tensor of rank {ranks[i]}");
        }
        var result = sides.Length > 1
            ? sides[1].Replace("...", Dots(most), StringComparison.Ordinal)
            : Dots(most)
                + string.Concat(string.Concat(terms)
                .Where(char.IsAsciiLetter)
                .GroupBy(c => c)
                .Where(group => group.Count() == 1)
                .Select(group => group.Key)
                .Order());
        return (terms, result);
    }
}
