using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Operators that lengthen or shorten axes.</summary>
internal abstract class ResizingRule : MovingRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        var shape = Shape(node.Call, 0);
        var lead = shape.Length - input.Rank;
        var axes = shape.Select((size, i) => i < lead ? Axis.Of(size, AxisRole.Sample) : input.Axes[i - lead].Resized(size));
        var output = node.NewTensor([.. axes], input.ElementType) with { Name = node.OutputName(0) };
        var whole = !Enumerable.Range(0, input.Rank)
            .Any(i => shape[lead + i] != input.Shape[i] && input.Axes[i].Has(AxisRole.Channel));
        output = node.Trace.Pass(input, output,
            range => shape[lead + range.Axis] == input.Shape[range.Axis] ? range with { Axis = range.Axis + lead } : null);
        node.Output(whole
            ? output
            : output with { Carries = [.. output.Carries.Select(carry => carry with { IsWhole = false })] });
    }

    /// <summary>Requires one number for each of some axes.</summary>
    /// <exception cref="TraceException">There are more or fewer.</exception>
    protected static void Require(bool fits, string what)
    {
        if (!fits)
            throw new TraceException($"the number of {what} is not that of the axes");
    }
}
