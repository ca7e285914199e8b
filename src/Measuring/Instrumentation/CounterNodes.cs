using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Measuring.Instrumentation;

/// <summary>
/// Appends nodes to a graph, each in the form the graph's opset knows. Constants are Constant nodes, which every IR
/// version takes (an initializer must also be an input before IR 4), and are shared.
/// </summary>
internal sealed class CounterNodes(GraphProto graph, int opset, FreshNames names)
{
    /// <summary>Oldest opset whose comparisons broadcast and whose Cast takes a number: also the oldest
    /// that ONNX Runtime runs.</summary>
    public const int OldestOpset = 7;

    private const string Start = "emergence";

    private readonly Dictionary<string, string> constants = new(StringComparer.Ordinal);

    /// <summary>What the names of new nodes start with.</summary>
    public string Scope { get; set; } = Start;

    /// <summary>Whether a node counts, and is no node of the model.</summary>
    public static bool IsCounter(string name) => name.StartsWith($"{Start}/", StringComparison.Ordinal);

    public string Cast(string x, DataType type) => Node("Cast", [x], AttributeProto.Of("to", (int)type));

    /// <summary>
    /// A float16 tensor as float32, infinite where it passes the range of float16: a runtime that computes float16 in float32 and
    /// leaves out the rounding between two operators would hand on a finite value.
    /// </summary>
    public string FromHalf(string x)
    {
        // Infinite from 65520 on, which rounds to infinity; then down to zero whatever is finite. Operators of any opset.
        var single = Cast(x, DataType.Float);
        var excess = Apply("Mul", single, Scalar(HalfToInfinity));
        for (var i = 0; i < 3; i++)
            excess = Apply("Mul", excess, Scalar(SmallestNormal));
        return Apply("Add", single, excess);
    }

    // The smallest float whose product with 65520 is infinite.
    private const float HalfToInfinity = 5.193565e+33f;

    private const float SmallestNormal = 1.17549435e-38f;

    public string Apply(string op, params string[] inputs) => Node(op, inputs);

    /// <summary>Applies what stands behind a pooling in the model to a tensor in front of it.</summary>
    public string Apply(AppliedStep step, string x)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal) { [step.Input] = x };
        foreach (var node in step.Nodes)
        {
            var copy = node.Clone();
            copy.Name = names.Next($"{Scope}/{node.OpType}");
            for (var i = 0; i < copy.Input.Count; i++)
                copy.Input[i] = known.GetValueOrDefault(copy.Input[i], copy.Input[i]);
            for (var i = 0; i < copy.Output.Count; i++)
                known[node.Output[i]] = copy.Output[i] = copy.Output[i].Length > 0 ? names.Next($"{Scope}/{node.OpType}") : "";
            graph.Node.Add(copy);
        }
        return known[step.Output];
    }

    public string Reshape(string x, ImmutableArray<long> shape) => Node("Reshape", [x, Longs([.. shape])]);

    /// <summary>The axes in another order; left out where it is the same.</summary>
    public string Transpose(string x, ReadOnlySpan<int> order)
    {
        var permutation = new long[order.Length];
        var isSorted = true;
        for (var i = 0; i < order.Length; i++)
        {
            permutation[i] = order[i];
            isSorted &= order[i] == i;
        }
        return isSorted ? x : Node("Transpose", [x], AttributeProto.Of("perm", permutation));
    }

    /// <summary>Reduces <paramref name="axes"/>; none at all leaves <paramref name="x"/> as it is.</summary>
    public string Reduce(string op, string x, IReadOnlyList<int> axes, bool keepDims = false)
    {
        // No axes would mean all of them.
        if (axes.Count == 0)
            return x;
        var axesAreInput = opset >= (op == "ReduceSum" ? 13 : 18);
        long[] longs = [.. axes];
        return axesAreInput
            ? Node(op, [x, Longs(longs)], AttributeProto.Of("keepdims", keepDims ? 1 : 0))
            : Node(op, [x], AttributeProto.Of("axes", longs), AttributeProto.Of("keepdims", keepDims ? 1 : 0));
    }

    /// <summary>Elements [<paramref name="start"/>, <paramref name="end"/>) of one axis.</summary>
    public string Slice(string x, int axis, int start, int end) => opset >= 10
        ? Node("Slice", [x, Longs([start]), Longs([end]), Longs([axis])])
        : Node("Slice", [x], AttributeProto.Of("axes", [axis]), AttributeProto.Of("starts", [start]),
            AttributeProto.Of("ends", [end]));

    /// <summary>A float32 scalar.</summary>
    public string Scalar(float value) => Constant(
        $"float {BitConverter.SingleToInt32Bits(value)}",
        () => TensorValues.FromFloats("", [], [value]));

    /// <summary>A vector of doubles, all of one value.</summary>
    public string Vector(double value, int length) => Constant(
        $"double {BitConverter.DoubleToInt64Bits(value)} {length}",
        () => new TensorProto
        {
            DataType = (int)DataType.Double,
            Dims = { length },
            DoubleData = { Enumerable.Repeat(value, length) },
        });

    /// <summary>How many elements some axes of a tensor have together: int64, one element.</summary>
    public string Length(string x, IReadOnlyList<int> axes) => axes.Count == 0
        ? Longs([1])
        : Reduce("ReduceProd", Apply("Gather", Apply("Shape", x), Longs([.. axes])), [0], keepDims: true);

    /// <summary>Zeros as doubles, as many along the first axis as <paramref name="length"/> (int64, one element) tells.</summary>
    public string Zeros(string length, int channels, int positions) => Node("Tile",
        [
            Reshape(Vector(0, checked(channels * positions)), [1, channels, positions]),
            Concat(length, Longs([1, 1])),
        ]);

    /// <summary>Tensors of rank 1, one behind the other.</summary>
    public string Concat(params string[] parts) => Node("Concat", parts, AttributeProto.Of("axis", 0));

    /// <summary>Makes a tensor an output and returns its name.</summary>
    public string Expose(string tensor, DataType type)
    {
        graph.Output.Add(new ValueInfoProto
        {
            Name = tensor,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } },
        });
        return tensor;
    }

    /// <summary>As <see cref="Expose"/>; a tensor that is an input or an output already, under another name.</summary>
    public string ExposeOnce(string tensor, DataType type) => Expose(
        graph.Output.Concat(graph.Input).Any(other => other.Name == tensor) ? Node("Identity", [tensor]) : tensor, type);

    /// <summary>An int64 tensor of rank 1.</summary>
    public string Longs(long[] values) =>
        Constant($"int64 {string.Join(' ', values)}", () => TensorValues.FromLongs("", [values.Length], values));

    private string Constant(string key, Func<TensorProto> value)
    {
        if (!constants.TryGetValue(key, out var name))
        {
            constants.Add(key, name = Node("Constant", [], AttributeProto.Of("value", value())));
        }
        return name;
    }

    private string Node(string op, IEnumerable<string> inputs, params IEnumerable<AttributeProto> attributes)
    {
        var name = names.Next($"{Scope}/{op}");
        graph.Node.Add(
            new NodeProto { Name = name, OpType = op, Input = { inputs }, Output = { name }, Attribute = { attributes } });
        return name;
    }
}
