using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Google.Protobuf.Collections;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// Carries what is counted inside the bodies of If, Loop and Scan out to the main graph: combined over the iterations in an
/// additional state, and out of an If as an additional output of both branches, with the neutral element from the one
/// that is not taken. So no activation leaves a body, however often it runs.
/// </summary>
internal sealed class BodyCounters
{
    // Fewer axes than any runtime takes would do.
    private const int HighestRank = 16;

    private readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);
    private readonly Dictionary<GraphProto, CounterNodes> nodes = new(ReferenceEqualityComparer.Instance);
    private readonly CounterNodes main;
    private readonly FreshNames names;
    private readonly int opset;

    /// <summary>Finds the bodies of a graph, whose inner values must have names of their own.</summary>
    public BodyCounters(GraphProto graph, CounterNodes main, FreshNames names, int opset)
    {
        (this.main, this.names, this.opset) = (main, names, opset);
        Find(graph, null);
    }

    /// <summary>The body that a tensor is computed in; null for one of the main graph.</summary>
    public Place? PlaceOf(string tensor) => places.GetValueOrDefault(tensor);

    /// <summary>Appends to a body.</summary>
    public CounterNodes Inside(Place place) => InsideOf(place.Body);

    /// <summary>A vector of one body run, combined over all runs of the body, in the main graph.</summary>
    public string CarryOut(Place place, string value, CounterKind kind, int length)
    {
        var isLargest = new Counter(kind).KeepsLargest;
        var start = main.Vector(isLargest ? double.NegativeInfinity : 0, length);
        return CarryOut(place, value, start, isLargest ? "Max" : "Add", [length]);
    }

    /// <summary>A tensor of one body run, added up over all runs of the body; it starts as zeros of the main graph.</summary>
    public string AddUp(Place place, string value, string zeros, params Dimension[] shape) =>
        CarryOut(place, value, zeros, "Add", shape);

    /// <summary>The shape of a tensor of a body in its last run, in the main graph: as <see cref="ShapeOf"/> reads it.</summary>
    public string CarryOutShape(Place place, string tensor)
    {
        var inside = Inside(place);
        var shape = inside.Apply("Shape", tensor);
        var padded = inside.Concat(inside.Apply("Shape", shape), shape, inside.Longs(new long[HighestRank]));
        var cut = inside.Slice(padded, 0, 0, HighestRank + 1);
        return CarryOut(place, inside.Cast(cut, DataType.Double), CounterKind.Max, HighestRank + 1);
    }

    /// <summary>The shape that was carried out; null where the body never ran.</summary>
    public static long[]? ShapeOf(ReadOnlySpan<double> carried)
    {
        if (!double.IsFinite(carried[0]))
            return null;
        var shape = new long[(int)carried[0]];
        for (var axis = 0; axis < shape.Length; axis++)
            shape[axis] = (long)carried[axis + 1];
        return shape;
    }

    private string CarryOut(Place place, string value, string start, string combine, Dimension[] shape)
    {
        for (var at = place; at is not null; at = at.Around)
        {
            var control = ControlFlow.Of(at.Node, opset)!;
            var result = names.Next($"{main.Scope}/{at.Node.OpType}");
            if (at.Node.OpType == "If")
            {
                foreach (var branch in control.Bodies)
                {
                    var own = branch == at.Body ? value : InsideOf(branch).Apply("Identity", start);
                    Declare(branch.Output, branch.Output.Count, own, shape);
                }
                at.Node.Output.Add(result);
            }
            else
            {
                var state = names.Next($"{main.Scope}/state");
                Declare(at.Body.Input, control.FirstState + control.States, state, shape);
                var next = InsideOf(at.Body).Apply(combine, state, value);
                Declare(at.Body.Output, control.FirstStateOut + control.States, next, shape);
                while (at.Node.Input.Count < control.FirstState)
                    at.Node.Input.Add("");
                at.Node.Input.Insert(control.FirstState + control.States, start);
                at.Node.Output.Insert(control.States, result);
            }
            value = result;
        }
        return value;
    }

    private CounterNodes InsideOf(GraphProto body)
    {
        if (!nodes.TryGetValue(body, out var inside))
            nodes.Add(body, inside = new CounterNodes(body, opset, names));
        inside.Scope = main.Scope;
        return inside;
    }

    private void Find(GraphProto graph, Place? around)
    {
        foreach (var control in graph.Node.Select(node => ControlFlow.Of(node, opset)).OfType<ControlFlow>())
        {
            foreach (var body in control.Bodies)
            {
                var place = new Place(control.Node, body, around);
                foreach (var tensor in body.Input.Select(input => input.Name).Concat(body.Node.SelectMany(node => node.Output)))
                    places.TryAdd(tensor, place);
                Find(body, place);
            }
        }
    }

    private static void Declare(RepeatedField<ValueInfoProto> values, int index, string name, Dimension[] shape)
    {
        var declared = new TensorShapeProto();
        declared.Dim.AddRange(shape.Select(size => size.Symbol is { } symbol
            ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
            : new TensorShapeProto.Types.Dimension { DimValue = size.Size }));
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)DataType.Double, Shape = declared };
        values.Insert(index, new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } });
    }

    /// <summary>A body, and the body around its node, if any.</summary>
    internal sealed record Place(NodeProto Node, GraphProto Body, Place? Around);
}
