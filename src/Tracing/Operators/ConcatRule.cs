using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Concat: what follows is fed by every part.</summary>
internal sealed class ConcatRule : MovingRule
{
    public override OpKind Kind => OpKind.Merge;

    public override ImmutableArray<string> Ops => ["Concat"];

    public override void Apply(NodeContext node)
    {
        var parts = Enumerable.Range(0, node.InputCount).Select(node.Shaped).ToArray();
        var axis = AxisOf(node.Call);
        if (parts.FirstOrDefault(part => part.Rank != parts[0].Rank) is { } odd)
            throw new TraceException($"parts of rank {parts[0].Rank} and {odd.Rank}");
        var lead = parts.FirstOrDefault(part => !part.Carries.IsEmpty) ?? parts.FirstOrDefault(part => !part.IsConstant)
            ?? parts[0];
        var axes = lead.Axes.ToBuilder();
        var total = parts.Sum(part => part.Shape[axis]);
        axes[axis] = Axis.Of(total, lead.Axes[axis].Role);
        var joinsChannels = lead.Axes[axis].Has(AxisRole.Channel);
        var carries = new List<Carry>();
        var start = 0;
        foreach (var part in parts)
        {
            var length = part.Shape[axis];
            foreach (var carry in part.Carries)
                carries.Add(Placed(carry, part, axis, start, length, joinsChannels, parts.Length == 1));
            start += length;
        }
        // A layer that stands in several parts (x beside −x) is whole in none of them.
        var unique = carries.GroupBy(carry => carry.Layer).Select(group => group.Count() == 1
            ? group.First()
            : group.First() with
            {
                IsWhole = !joinsChannels && group.All(carry => carry.IsWhole),
                IsAligned = group.All(carry => carry.IsAligned),
                Range = null
            });
        var isSame = lead.Quantization is { } meaning && parts.All(part =>
            part.Quantization is { } other && QuantizedOutput.AreSame(node.Trace, meaning, other));
        node.Output(node.NewTensor(axes.ToImmutable(), lead.ElementType) with
        {
            Carries = [.. unique],
            Quantization = isSame ? lead.Quantization : null,
        });
    }

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        var axis = AxisOf(call);
        return ElementMaps.Placed(
            call.Shape(input), ShapeOf(call, 0), axis, Enumerable.Range(0, input).Sum(before => call.Shape(before)[axis]));
    }

    protected override int[] Shape(OperatorCall call, int output)
    {
        var axis = AxisOf(call);
        var dims = call.Shape(0).ToArray();
        for (var input = 1; input < call.InputCount; input++)
        {
            var part = call.Shape(input);
            if (part.Length != dims.Length || Enumerable.Range(0, dims.Length).Any(i => i != axis && part[i] != dims[i]))
                throw new TraceException($"[{Shapes.Text(dims)}] and [{Shapes.Text(part)}] are joined along axis {axis}");
            dims[axis] += part[axis];
        }
        return dims;
    }

    // Up to opset 3 the axis could be left out.
    private static int AxisOf(OperatorCall call) => call.Attributes.Axis("axis", 1, call.Shape(0).Length);

    private static Carry Placed(Carry carry, TracedTensor part, int axis, int start, int length, bool joinsChannels, bool alone)
    {
        if (alone)
            return carry;
        if (!joinsChannels)
            return carry.Range is { } other && other.Axis == axis ? carry with { IsWhole = false, Range = null } : carry;
        // Only an axis that counts nothing but this layer's channels can be sliced back out.
        if (carry.Range is null && part.Axes[axis].Factors.Any(factor => factor.Size > 1 && factor.Role != AxisRole.Channel))
            return carry with { IsWhole = false };
        return carry.Range is not { } range ? carry with { Range = new AxisRange(axis, start, start + length) }
            : range.Axis == axis ? carry with { Range = new AxisRange(axis, range.Start + start, range.End + start) }
            : carry with { IsWhole = false, Range = null };
    }
}
