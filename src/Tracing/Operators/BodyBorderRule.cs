using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Where values enter and leave the body of an If, Loop or Scan. A layer never reaches across: it is read within its body, so
/// that it has as many samples as the body has iterations, or outside of every body.
/// </summary>
internal sealed class BodyBorderRule : OpRule
{
    public override OpKind Kind => OpKind.NotALayer;

    public override ImmutableArray<string> Ops =>
    [
        BodyBorder.Capture, BodyBorder.State, BodyBorder.Counter, BodyBorder.Step,
        BodyBorder.Last, BodyBorder.Stack, BodyBorder.Choice,
    ];

    public override void Apply(NodeContext node)
    {
        switch (node.Op)
        {
            case BodyBorder.Capture:
                var captured = node.Input(0);
                node.Output(captured with { Carries = NotWhole(captured.Carries) });
                break;
            case BodyBorder.State:
                node.Output(State(node, node.Input(0)));
                break;
            case BodyBorder.Counter:
                var units = Enumerable.Repeat(Axis.Unit, (int)node.Attributes.Int("rank", 0));
                node.Output(node.NewTensor([.. units], (int)node.Attributes.Int("type", 0)));
                break;
            case BodyBorder.Step:
                node.Output(Step(node, node.Input(0)));
                break;
            case BodyBorder.Last:
                node.Output(Last(node, node.Input(0)));
                break;
            case BodyBorder.Stack:
                node.Output(Stack(node, node.Input(0)));
                break;
            case BodyBorder.Choice:
                node.Output(Choice(node, node.Input(0), node.Input(1)));
                break;
            default:
                throw new TraceException($"{node.Op} is no border of a body");
        }
    }

    /// <summary>Elements of what leaves or enters, in terms of those of an input; null where they do not correspond.</summary>
    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        var (dims, axis) = (call.Shape(input), call.Attributes.Int("axis", 0));
        if (call.OutputShape(output) is not { } shape)
            return null;
        switch (call.Op)
        {
            case BodyBorder.Capture or BodyBorder.State:
            case BodyBorder.Last when input == 0:
            case BodyBorder.Choice when input < 2:
                return dims.AsSpan().SequenceEqual(shape) ? ElementMap.Identity(Shapes.Count(dims)) : null;
            case BodyBorder.Step:
                // All steps have the same nodes: the first stands for them.
                return ElementMaps.Gather(dims, Shapes.Axis(axis, dims.Length), [], [0]);
            case BodyBorder.Stack when input == 0:
                axis = Shapes.Axis(axis, shape.Length);
                return ElementMaps.Broadcast([.. dims[..axis], 1, .. dims[axis..]], shape);
            default:
                return null;
        }
    }

    /// <summary>A layer that is not whole is read no further.</summary>
    private static ImmutableArray<Carry> NotWhole(IEnumerable<Carry> carries) =>
        [.. carries.Select(carry => carry with { IsWhole = false })];

    /// <summary>The state of any iteration: its axes are those it has once the body has run.</summary>
    private static TracedTensor State(NodeContext node, TracedTensor initial)
    {
        var state = node.NewTensor(default, initial.ElementType) with { Carries = NotWhole(initial.Carries) };
        if (initial.HasShape)
            state = state with { Axes = initial.Axes };
        if (node.Trace.Steady.TryGetValue(node.OutputName(0), out var steady))
            state = state with { Axes = steady };
        return state;
    }

    private static TracedTensor Step(NodeContext node, TracedTensor sequence)
    {
        if (!sequence.HasShape)
            return node.NewTensor(default, sequence.ElementType) with { Carries = Trace.Mix([sequence]) };
        var axis = Shapes.Axis((int)node.Attributes.Int("axis", 0), sequence.Rank);
        var cuts = sequence.Axes[axis].Has(AxisRole.Channel) || sequence.Axes[axis].Has(AxisRole.Position);
        var carries = NotWhole(sequence.Carries).Select(carry => carry with
        {
            IsAligned = carry.IsAligned && !cuts && (carry.Range is not { } range || range.Axis != axis),
            Range = carry.Range is not { } part || part.Axis == axis ? null
                : part.Axis < axis ? part : part with { Axis = part.Axis - 1 },
        });
        return node.NewTensor(sequence.Axes.RemoveAt(axis), sequence.ElementType) with { Carries = [.. carries] };
    }

    private static TracedTensor Last(NodeContext node, TracedTensor value)
    {
        var state = node.Attributes.Text("state", "");
        node.Trace.Reached[state] = value;
        var result = node.NewTensor(default, value.ElementType) with { Carries = NotWhole(value.Carries) };
        // A state that grows has a length that only a run shows.
        var isSteady = value.HasShape && node.Trace.Tensor(state) is { HasShape: true } before
            && before.Shape.AsSpan().SequenceEqual(value.Shape);
        return isSteady ? result with { Axes = value.Axes } : Measured(node, result, value.HasShape ? value.Axes : []);
    }

    private static TracedTensor Stack(NodeContext node, TracedTensor value)
    {
        if (!value.HasShape)
            return Measured(node, node.NewTensor(default, value.ElementType) with { Carries = NotWhole(value.Carries) }, []);
        var axis = Shapes.Axis((int)node.Attributes.Int("axis", 0), value.Rank + 1);
        var result = node.NewTensor(default, value.ElementType) with
        {
            Carries =
            [
                .. NotWhole(value.Carries).Select(carry => carry.Range is { } range && range.Axis >= axis
                    ? carry with { Range = range with { Axis = range.Axis + 1 } }
                    : carry),
            ],
        };
        if (node.Trace.Tensor(node.Attributes.Text("sequence", "")) is { HasShape: true } sequence)
        {
            var along = sequence.Axes[Shapes.Axis((int)node.Attributes.Int("along", 0), sequence.Rank)];
            return result with { Axes = value.Axes.Insert(axis, along.As(AxisRole.Sample)) };
        }
        return Measured(node, result, value.Axes.Insert(axis, Axis.Of(0, AxisRole.Sample)));
    }

    private static TracedTensor Choice(NodeContext node, TracedTensor yes, TracedTensor no)
    {
        var carries = yes.Carries.Concat(no.Carries).GroupBy(carry => carry.Layer)
            .Select(group => group.First() with
            {
                IsAligned = group.All(carry => carry.IsAligned && carry.Range == group.First().Range),
            });
        var result = node.NewTensor(default, yes.ElementType) with { Carries = NotWhole(carries) };
        if (!yes.HasShape || !no.HasShape)
            return Measured(node, result, []);
        ImmutableArray<Axis> axes = yes.Rank == no.Rank
            ? [.. yes.Axes.Zip(no.Axes, (one, other) => one.Role is null ? other : one)]
            : [];
        return yes.Shape.AsSpan().SequenceEqual(no.Shape) ? result with { Axes = axes } : Measured(node, result, axes);
    }

    /// <summary>The tensor in the shape that a run has shown; an axis counts what it is known to count.</summary>
    private static TracedTensor Measured(NodeContext node, TracedTensor result, ImmutableArray<Axis> known)
    {
        var measured = node.Trace.UnknownShapes.Complete(result, node.OutputName(0));
        if (!measured.HasShape || measured.Rank != known.Length)
            return measured with { Carries = Trace.Mix([measured]) };
        return measured with { Axes = [.. measured.Axes.Zip(known, Sized)] };

        static Axis Sized(Axis shown, Axis axis) =>
            axis.Size == shown.Size ? axis : axis.Role is null or AxisRole.Batch ? shown : axis.Resized(shown.Size);
    }
}
