using Emergence.Checkpoints;
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

    /// <summary>The sum over the axes that a layout reduces, in double.</summary>
    /// <param name="x">float32, with the samples of the run on its first axis.</param>
    /// <param name="layout">The axes of <paramref name="x"/>.</param>
    /// <param name="isHalf">
    /// Whether <paramref name="x"/> was float16: the sum is not finite where a value passes its range, even if the runtime
    /// computes float16 in float32 and would hand on a finite one. From half that range on it may not be finite either.
    /// </param>
    public string Sum(string x, NodeLayout layout, bool isHalf = false)
    {
        // The shape is that of the run, which need not be the one that was traced: what reads the counters says so.
        var inner = nodes.Slice(nodes.Apply("Shape", x), 0, 1, layout.Axes.Length);
        var length = layout.Axes.Length == 2 ? inner : nodes.Reduce("ReduceProd", inner, [0], keepDims: true);
        var groups = nodes.Apply("Reshape", x, nodes.Concat(nodes.Longs([-1]), size, length));
        var sums = isHalf
            ? nodes.Apply("Mul", nodes.Cast(nodes.Apply("MatMul", Tall, groups), DataType.Double), nodes.Vector(1 / Height, 1))
            : nodes.Cast(nodes.Apply("MatMul", Ones, groups), DataType.Double);
        if (layout.Reduced.Length == 1)
            return nodes.Reduce("ReduceSum", sums, [0, 1]);
        // The other axes come back for the rest of the sum.
        return nodes.Reduce(
            "ReduceSum", nodes.Apply("Reshape", sums, nodes.Concat(nodes.Longs([-1]), inner)), layout.Reduced);
    }

    // A power of two changes no digit of a sum; of this one, the product with 32768 is infinite.
    private const double Height = (double)(1UL << 63) * (1UL << 50);

    private string Tall => tall ??= nodes.Apply("Mul", Ones, nodes.Scalar((float)Height));

    private static TensorShapeProto.Types.Dimension Free(string name) => new() { DimParam = name };
}
