using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// Adds a tensor up over groups of samples in float32, as the product with a vector of ones, and over the groups in double.
/// That costs a fraction of a cast to double. Which samples share a group depends on their position in the probe alone, so
/// that no sum depends on how many run at a time.
/// </summary>
/// <remarks>
/// The ones are an input of the model, [groups, 1, samples of a group], so that the samples behind the last whole group can
/// run as a smaller one.
/// </remarks>
internal sealed class SampleGroups
{
    private readonly CounterNodes nodes;
    private readonly string size;
    private string? tall;

    /// <summary>Adds the input to a graph.</summary>
    public SampleGroups(GraphProto graph, CounterNodes nodes, FreshNames names)
    {
        this.nodes = nodes;
        Ones = names.Next("emergence/ones");
        var shape = new TensorShapeProto
        {
            Dim = { Free("emergence_groups"), new TensorShapeProto.Types.Dimension { DimValue = 1 }, Free("emergence_samples") },
        };
        graph.Input.Add(new ValueInfoProto
        {
            Name = Ones,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float, Shape = shape },
            },
        });
        size = nodes.Slice(nodes.Apply("Shape", Ones), 0, 2, 3);
    }

    /// <summary>The input that takes the ones.</summary>
    public string Ones { get; }

    /// <summary>Whether the layer's tensor has the samples of a run, each once, on its first axis.</summary>
    /// <param name="layout">The layer's axes.</param>
    /// <param name="batch">The batch under which they were traced.</param>
    public static bool Fit(NodeLayout layout, int batch) => layout.BatchAxis == 0 && layout.Axes[0].Size == batch;

    /// <summary>The sum over the axes that a layout reduces.</summary>
    /// <param name="x">float32, with the samples of the run on its first axis.</param>
    /// <param name="layout">The axes of <paramref name="x"/>.</param>
    /// <param name="isOutside">Whether groups may be added up outside.</param>
    /// <param name="isHalf">
    /// Whether <paramref name="x"/> was float16: the sum is not finite where a value passes its range, even if the runtime
    /// computes float16 in float32 and would hand on a finite one. From half that range on it may not be finite either.
    /// </param>
    /// <returns>The sum, double; or where the groups are to be added up outside, rows of float32 and their factor.</returns>
    public (string Tensor, double? RowFactor) Sum(string x, NodeLayout layout, bool isOutside, bool isHalf = false)
    {
        // Nodes are as many as were traced, or what reads the counters says so; tokens are as many as the run has.
        var length = layout.Axes.Any(axis => axis.Role == AxisRole.Sample)
            ? nodes.Reduce("ReduceProd", Inner(x, layout), [0], keepDims: true)
            : nodes.Longs([layout.Axes.Skip(1).Aggregate(1L, (product, axis) => product * axis.Size)]);
        var groups = nodes.Apply("Reshape", x, nodes.Concat(nodes.Longs([-1]), size, length));
        var rows = nodes.Apply("MatMul", isHalf ? Tall : Ones, groups);
        // What else is reduced, tokens say, stands in front of the nodes: rows of its own.
        if (isOutside && layout.CountsRows)
            return (rows, isHalf ? 1 / Height : 1);
        var sums = nodes.Cast(rows, DataType.Double);
        if (isHalf)
            sums = nodes.Apply("Mul", sums, nodes.Vector(1 / Height, 1));
        // The other axes come back for the rest of the sum.
        return (layout.Reduced.Length == 1
            ? nodes.Reduce("ReduceSum", sums, [0, 1])
            : nodes.Reduce("ReduceSum",
                nodes.Apply("Reshape", sums, nodes.Concat(nodes.Longs([-1]), Inner(x, layout))), layout.Reduced), null);
    }

    /// <summary>The sizes behind the first axis, in the run.</summary>
    private string Inner(string x, NodeLayout layout) => nodes.Slice(nodes.Apply("Shape", x), 0, 1, layout.Axes.Length);

    // A power of two changes no digit of a sum; of this one, the product with 32768 is infinite.
    private const double Height = (double)(1UL << 63) * (1UL << 50);

    private string Tall => tall ??= nodes.Apply("Mul", Ones, nodes.Scalar((float)Height));

    private static TensorShapeProto.Types.Dimension Free(string name) => new() { DimParam = name };
}
