using System.Collections.Immutable;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>
/// Gemm and MatMul in all their forms. With one stored operand it is a dense layer whose nodes are that operand's free
/// axis; with none it is a product of activations (attention), which what follows is fed by.
/// </summary>
internal sealed class DenseRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops =>
    [
        "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul",
        "com.microsoft::FusedMatMul", "com.microsoft::FusedGemm", "com.microsoft::TransposeMatMul",
        "com.microsoft::DynamicQuantizeMatMul", "com.microsoft::MatMulIntegerToFloat", "com.microsoft::QGemm",
        "com.microsoft::FusedMatMulActivation", "com.microsoft::MatMulInteger16",
    ];

    public override void Apply(NodeContext node)
    {
        var (left, right) = (node.Shaped(0), node.Shaped(RightOf(node.Op)));
        var (a, b) = (left.Axes, right.Axes);
        // The batch axes first: transposed with them, the first axis comes to stand before the last.
        if (node.Attributes.Int("transBatchA", 0) == 1)
            a = FirstBeforeLast(a);
        if (node.Attributes.Int("transBatchB", 0) == 1)
            b = FirstBeforeLast(b);
        if (node.Attributes.Int("transA", 0) == 1)
            a = SwapLast(a);
        if (node.Attributes.Int("transB", 0) == 1)
            b = SwapLast(b);
        if (a.Length == 0 || b.Length == 0)
            throw new TraceException("a matrix product needs tensors of rank 1 or more");
        Axis aInner = a[^1], bInner = b.Length > 1 ? b[^2] : b[0];
        if (aInner.Size != bInner.Size)
            throw new TraceException($"inner dimensions {aInner.Size} and {bInner.Size} differ");

        var layer = left.IsConstant != right.IsConstant;
        var batch = Broadcast(a.Length > 2 ? a[..^2] : [], b.Length > 2 ? b[..^2] : [], layer, left.IsConstant);
        var axes = ImmutableArray.CreateBuilder<Axis>();
        axes.AddRange(batch);
        if (a.Length > 1)
            axes.Add(Free(a[^2], layer, left.IsConstant));
        if (b.Length > 1)
            axes.Add(Free(b[^1], layer, right.IsConstant));
        var type = node.Op switch
        {
            "MatMulInteger" or "MatMulInteger16" => (int)Onnx.TensorProto.Types.DataType.Int32,
            "DynamicQuantizeMatMul" or "MatMulIntegerToFloat" => (int)Onnx.TensorProto.Types.DataType.Float,
            _ => left.ElementType,
        };
        var output = node.NewTensor(axes.ToImmutable(), type);
        if (!layer)
        {
            if (!left.IsConstant)
                output = output with { Carries = Trace.Mix([left, right]) };
            node.Output(output);
            return;
        }
        var (data, weight) = left.IsConstant ? (right, left) : (left, right);
        (left.IsConstant ? bInner : aInner).Contract();
        output = node.Trace.Open(node, output, [data], [weight.Name]);
        output = QuantizedOutput.Of(node, Bias(node, output));
        output = FusedActivation.Apply(node, output);
        node.Output(output);
    }

    /// <summary>Gemm's C and its kin: a bias where it is stored, a residual connection where it is computed.</summary>
    private static TracedTensor Bias(NodeContext node, TracedTensor output)
    {
        if (SummandOf(node.Op) is not { } index || node.Optional(index) is not { } bias)
            return output;
        if (!bias.IsConstant)
            return node.Trace.Combine(output, bias, output);
        foreach (var carry in output.Carries)
            node.Trace.AddParameters(carry.Layer, bias.Name, ParameterRole.Bias);
        return output;
    }

    public override LayerWeights? Weights(OperatorCall call)
    {
        var right = RightOf(call.Op);
        var isLeft = call.IsConstant(0);
        var (data, weight) = isLeft ? (right, 0) : (0, right);
        var dims = call.Shape(weight);
        var weights = new LayerWeights(data, weight)
        {
            Summands = [.. SummandOf(call.Op) is { } summand ? [summand] : Array.Empty<int>()],
            ZeroPoint = ZeroPointOf(call.Op, isLeft),
            ZeroPointAxis = Math.Max(0, call.Attributes.Int("transB", 0) == 1 || isLeft ? dims.Length - 2 : dims.Length - 1),
        };
        // A stack of several matrices has no one axis of features, nor has one that is turned among its batch axes.
        if (dims.Length < 2 || Shapes.Count(dims.AsSpan(..^2)) != 1
            || call.Attributes.Int("transBatchA", 0) + call.Attributes.Int("transBatchB", 0) > 0)
            return weights;
        // […, M, K] on the left, […, K, N] on the right: the contracted axis is the inner one.
        var isTransposed = call.Attributes.Int(isLeft ? "transA" : "transB", 0) == 1;
        var dataTransposed = call.Attributes.Int(isLeft ? "transB" : "transA", 0) == 1;
        var (last, rank) = (dims.Length - 1, call.Shape(data).Length);
        var (inputs, outputs) = isLeft != isTransposed ? (last, last - 1) : (last - 1, last);
        return weights with
        {
            InputAxis = inputs,
            OutputAxis = outputs,
            DataAxis = rank == 1 || isLeft == dataTransposed ? rank - 1 : rank - 2,
        };
    }

    /// <summary>The input that is the right operand.</summary>
    public static int RightOf(string op) => op is "QLinearMatMul" or "QGemm" ? 3 : 1;

    private static int? SummandOf(string op) => op switch
    {
        "Gemm" or "FusedGemm" => 2,
        "DynamicQuantizeMatMul" => 4,
        "MatMulIntegerToFloat" or "QGemm" => 6,
        _ => null,
    };

    private static int ZeroPointOf(string op, bool isLeft) => op switch
    {
        "QGemm" or "QLinearMatMul" => isLeft ? 2 : 5,
        "DynamicQuantizeMatMul" => 3,
        "MatMulInteger" => isLeft ? 2 : 3,
        "MatMulIntegerToFloat" => isLeft ? 4 : 5,
        _ => -1,
    };

    /// <summary>A free axis of a stored operand counts nodes; one of the data stays batch or becomes a sample axis.</summary>
    private static Axis Free(Axis axis, bool layer, bool stored) =>
        !layer ? axis : axis.As(stored ? AxisRole.Channel : AxisRole.Sample);

    private static ImmutableArray<Axis> Broadcast(ImmutableArray<Axis> a, ImmutableArray<Axis> b, bool layer, bool leftStored)
    {
        var rank = Math.Max(a.Length, b.Length);
        var axes = new Axis[rank];
        for (var i = 1; i <= rank; i++)
        {
            Axis? x = i <= a.Length ? a[^i] : null, y = i <= b.Length ? b[^i] : null;
            if (x is { Size: > 1 } && y is { Size: > 1 } && x.Value.Size != y.Value.Size)
                throw new TraceException($"batch dimensions {x.Value.Size} and {y.Value.Size} differ");
            var (data, weight) = leftStored ? (y, x) : (x, y);
            // A stack of weights: each matrix has nodes of its own.
            axes[^i] = layer && weight is { Size: > 1 } ? weight.Value.As(AxisRole.Channel)
                : layer && data is not null ? data.Value.As(AxisRole.Sample)
                : x is null || y is { Size: > 1 } && x.Value.Size == 1 ? y!.Value : x.Value;
        }
        return [.. axes];
    }

    private static ImmutableArray<Axis> FirstBeforeLast(ImmutableArray<Axis> axes) =>
        axes.Length < 3 ? axes : [.. axes[1..^1], axes[0], axes[^1]];

    private static ImmutableArray<Axis> SwapLast(ImmutableArray<Axis> axes) =>
        axes.Length < 2 ? axes : [.. axes[..^2], axes[^1], axes[^2]];
}
