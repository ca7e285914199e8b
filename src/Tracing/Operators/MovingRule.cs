using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Operators that move, select or repeat values and change none: what they make of constants follows from where each
/// element comes from.
/// </summary>
internal abstract class MovingRule : OpRule
{
    /// <summary>The shape of an output, as it follows from the inputs.</summary>
    /// <exception cref="TraceException">The node's inputs do not fit together or are not known well enough.</exception>
    protected abstract int[] Shape(OperatorCall call, int output);

    /// <summary>The value of elements that come from nowhere.</summary>
    protected virtual double Filling(OperatorCall call) => 0;

    /// <summary>The shape of an output: what the trace knows, else what follows from the inputs.</summary>
    protected int[] ShapeOf(OperatorCall call, int output) => call.OutputShape(output) ?? Shape(call, output);

    public override ConstantTensor[]? Fold(OperatorCall call)
    {
        var outputs = new ConstantTensor[call.Node.Output.Count];
        for (var output = 0; output < outputs.Length; output++)
        {
            if (Fold(call, output) is not { } folded)
                return null;
            outputs[output] = folded;
        }
        return outputs;
    }

    private ConstantTensor? Fold(OperatorCall call, int output)
    {
        var shape = Shape(call, output);
        var read = Enumerable.Range(0, call.InputCount).Max(input => call.Constant(input)?.Values.Length ?? 0);
        var count = ConstantValues.Bounded(shape, read);
        double[]? values = null;
        for (var input = 0; input < call.InputCount; input++)
        {
            if (call.Constant(input) is not { } constant || Sources(call, input, output) is not { } map)
                continue;
            if (map.IsIdentity && map.From == count)
                return constant with { Dims = shape };
            if (values is null)
                Array.Fill(values = new double[count], Filling(call));
            for (var element = 0; element < count; element++)
            {
                if (map[element] is [var source])
                    values[element] = constant.Values[source];
            }
        }
        return values is null ? null : new ConstantTensor(shape, values, call.Known(0).ElementType);
    }
}
