using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Pad in every mode, and CenterCropPad: axes that begin and end elsewhere.</summary>
internal sealed class PadRule : ResizingRule
{
    public override ImmutableArray<string> Ops => ["Pad", "CenterCropPad"];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        var shape = Shape(node.Call, 0);
        var output = node.Trace.Pass(
            input, node.NewTensor([.. input.Axes.Select((axis, i) => axis.Resized(shape[i]))], input.ElementType),
            range => range);
        var carries = output.Carries;
        var sources = SourcesOf(node.Call, input.Shape);
        for (var i = 0; i < shape.Length; i++)
        {
            var along = Enumerable.Range(0, shape[i]).Select(position => sources(i, position)).ToArray();
            if (!along.SequenceEqual(Enumerable.Range(0, input.Shape[i])))
                carries = PickedLayers.Along(carries, input.Axes[i], i, along);
        }
        node.Output(output with { Name = node.OutputName(0), Carries = carries });
    }

    public override bool OnlyShapes(NodeContext node, int input) => node.Op == "CenterCropPad" && input == 1;

    public override ValueFlow? Flow(OperatorCall call) => ValueFlow.Selection;

    /// <summary>As much cut off as is added moves elements within an axis of the same length.</summary>
    public override IEnumerable<int> Mixes(OperatorCall call)
    {
        if (call.Op == "CenterCropPad")
            return [];
        var (begin, end) = Pads(call, call.Shape(0));
        return Enumerable.Range(0, begin.Length).Where(axis => begin[axis] != 0 && begin[axis] + end[axis] == 0);
    }

    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0)
            return null;
        var dims = call.Shape(0);
        return ElementMaps.Each(dims, ShapeOf(call, 0), SourcesOf(call, dims));
    }

    /// <summary>By axis and position in the output, the position in the input; -1 where it is padding.</summary>
    private static Func<int, int, int> SourcesOf(OperatorCall call, int[] dims)
    {
        var (begin, end) = Pads(call, dims);
        var mode = call.Op == "Pad" ? call.Attributes.Text("mode", "constant") : "constant";
        // What is cut off is gone before anything is repeated.
        return (axis, position) =>
            At(mode, position - begin[axis], Math.Max(0, -begin[axis]), dims[axis] - Math.Max(0, -end[axis]));
    }

    protected override int[] Shape(OperatorCall call, int output)
    {
        var dims = call.Shape(0);
        var (begin, end) = Pads(call, dims);
        return [.. dims.Select((size, axis) => checked(size + begin[axis] + end[axis]))];
    }

    protected override double Filling(OperatorCall call) => call.Op == "CenterCropPad" ? 0
        : call.Opset < 11 ? call.Attributes.Float("value", 0)
        : call.Values(2) is [var value, ..] ? value : 0;

    /// <summary>Where a position beyond the part of an axis from first to last lies in it; -1 where it is padding.</summary>
    private static int At(string mode, int position, int first, int last)
    {
        if (position >= first && position < last)
            return position;
        var size = last - first;
        if (size <= 0)
            return -1;
        switch (mode)
        {
            case "constant":
                return -1;
            case "edge":
                return Math.Clamp(position, first, last - 1);
            case "wrap":
                return first + ((position - first) % size + size) % size;
            case "reflect":
                var period = Math.Max(1, 2 * (size - 1));
                var at = ((position - first) % period + period) % period;
                return first + (at < size ? at : period - at);
            default:
                throw new TraceException($"mode {mode} is not known");
        }
    }

    /// <summary>How many elements are added before and behind each axis, less than none where it is cut.</summary>
    private static (int[] Begin, int[] End) Pads(OperatorCall call, int[] dims)
    {
        var (begin, end) = (new int[dims.Length], new int[dims.Length]);
        if (call.Op == "CenterCropPad")
        {
            var target = call.Integers(1) ?? throw new TraceException("the sizes are missing");
            var centered = AxesOf(call.Attributes.Ints("axes")?.Select(axis => (int)axis), dims.Length);
            Require(target.Length == centered.Length, "sizes");
            foreach (var (axis, size) in centered.Zip(target))
            {
                begin[axis] = size < dims[axis] ? -((dims[axis] - size) / 2) : (size - dims[axis]) / 2;
                end[axis] = size - dims[axis] - begin[axis];
            }
            return (begin, end);
        }
        var pads = (call.Opset < 11
            ? (call.Attributes.Ints("pads") ?? call.Attributes.Ints("paddings"))?.Select(pad => (int)pad).ToArray()
            : call.Integers(1))
            ?? throw new TraceException("the pads are missing");
        var axes = AxesOf(call.Opset >= 18 ? call.Integers(3) : null, dims.Length);
        Require(pads.Length == 2 * axes.Length, "pads");
        for (var i = 0; i < axes.Length; i++)
            (begin[axes[i]], end[axes[i]]) = (pads[i], pads[i + axes.Length]);
        return (begin, end);
    }

    private static int[] AxesOf(IEnumerable<int>? axes, int rank) =>
        [.. axes?.Select(axis => Shapes.Axis(axis, rank)) ?? Enumerable.Range(0, rank)];
}
