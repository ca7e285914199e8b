using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>Names, the order of nodes, the batch, and the version of the operators.</summary>
internal static class Declarations
{
    // Operators that mean the same in every version from 13 to 17, and those that do so from 18 to 20.
    private static readonly string[] Steady =
    [
        "Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum", "Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Relu",
            "LeakyRelu", "PRelu", "Sigmoid", "Tanh", "Elu",
        "Selu", "Celu", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Clip", "ThresholdedRelu", "Abs", "Neg", "Exp",
            "Log", "Sqrt", "Pow", "Erf", "Where",
        "Greater", "Less", "LessOrEqual", "MaxPool", "GlobalMaxPool", "GlobalAveragePool", "Concat", "Reshape", "Transpose",
            "Flatten", "Squeeze", "Unsqueeze", "Slice",
        "Gather", "Softmax", "LogSoftmax", "Identity", "Cast", "Dropout", "Expand", "Shape", "Size", "InstanceNormalization",
            "LayerNormalization", "Reciprocal",
        "LSTM", "GRU", "RNN", "QuantizeLinear", "DequantizeLinear", "Round", "Constant",
    ];

    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("opset raised", RaiseOpset) { Stage = 1 },
        new("batch fixed", draft => Batch(draft, isFree: true, size => size.DimParam.Length > 0, size =>
            size.DimValue = FixedBatch)) { Stage = 1 },
        new("batch free", draft => Batch(draft, isFree: false, size => size.DimValue == FixedBatch, size =>
            size.DimParam = "N")) { Stage = 1 },
        new("other names", Rename) { Stage = 3 },
        new("nodes in another order", Reorder) { Stage = 3 },
        new("nodes in reverse order", draft => Reorder(draft, nodes => nodes.AsEnumerable().Reverse().ToArray())) { Stage = 3 },
    ];

    /// <summary>The batch of networks that are drawn with a fixed one.</summary>
    public const int FixedBatch = 4;

    private static bool RaiseOpset(Draft draft)
    {
        var last = draft.Opset is >= 13 and < 17 ? 17 : draft.Opset is >= 18 and < 20 ? 20 : 0;
        if (last == 0 || draft.Graph.Node.Any(node => !Steady.Contains(node.OpType)
            && node.OpType is not ("BatchNormalization" or "ReduceMean" or "ReduceMax")))
            return false;
        draft.Standard.Version = draft.Random.Next(draft.Opset, last) + 1;
        return true;
    }

    private static bool Batch(
        Draft draft, bool isFree, Func<TensorShapeProto.Types.Dimension, bool> fits,
            Action<TensorShapeProto.Types.Dimension> declare)
    {
        // A state of its own, or a shape that spells the batch out, says more of it than the input.
        if (draft.Graph.Input.Count(input => draft.IsInput(input.Name)) != 1
            || draft.Graph.Input.First(input => draft.IsInput(input.Name)).Type.TensorType.Shape?.Dim is not { Count: > 0 } dims
                || !fits(dims[0])
            || !isFree && draft.Nodes("Reshape", "Expand").Any(node => draft.Stored(node.Input[1]) is { } shape
                && Emergence.Checkpoints.TensorValues.ToLongs(shape, draft.Directory)[0] == FixedBatch))
        {
            return false;
        }
        declare(dims[0]);
        foreach (var result in draft.Graph.Output)
            result.Type.TensorType.Shape = null;
        draft.Graph.ValueInfo.Clear();
        return true;
    }

    private static bool Rename(Draft draft)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal) { [""] = "" };
        string Other(string name)
        {
            if (!names.TryGetValue(name, out var other))
                names[name] = other = $"{draft.Pick("v", "tensor/", "q:", "/a/b")}{names.Count * 7 % 1000}.{names.Count}";
            return other;
        }
        Rename(draft.Graph, Other);
        return true;
    }

    private static void Rename(GraphProto graph, Func<string, string> other)
    {
        foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
            value.Name = other(value.Name);
        foreach (var tensor in graph.Initializer)
            tensor.Name = other(tensor.Name);
        foreach (var node in graph.Node)
        {
            // The number behind the @ tells which layer this is.
            node.Name = node.Name.Contains('@', StringComparison.Ordinal) ? $"renamed{node.Name[node.Name.LastIndexOf('@')..]}"
                : other($"node {node.Name}");
            Rename(node.Input, other);
            Rename(node.Output, other);
            foreach (var body in node.Attribute.Where(attribute => attribute.G is not null))
                Rename(body.G, other);
        }
    }

    private static void Rename(IList<string> names, Func<string, string> other)
    {
        for (var i = 0; i < names.Count; i++)
            names[i] = other(names[i]);
    }

    private static bool Reorder(Draft draft) => Reorder(draft, draft.Shuffled);

    /// <summary>
    /// Any order that a file may have. Where two branches merge, the later one owns the merge; then the weighted operators keep
    /// their order among each other.
    /// </summary>
    private static bool Reorder(Draft draft, Func<NodeProto[], NodeProto[]> order)
    {
        var merges = draft.Nodes("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Where")
            .Any(node => node.Input.Distinct().Count(draft.IsComputed) > 1);
        draft.Order([.. order([.. draft.Graph.Node])], inTurn: merges ? [.. draft.Graph.Node.Where(IsWeighted)] : []);
        return true;

        static bool IsWeighted(NodeProto node) =>
            node.OpType is "Conv" or "ConvTranspose" or "Gemm" or "MatMul" or "Einsum" or "LSTM" or "GRU" or "If"
            || node.Domain.Length > 0;
    }
}
