using System.Collections.Immutable;
using Onnx;

namespace Emergence.Analyzer.Tests.Rewriting.Kinds;

/// <summary>What stands beside the network: further results, results nobody uses, the same operator twice.</summary>
internal static class Extras
{
    private static readonly string[] Repeatable =
    [
        "Relu", "LeakyRelu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Elu", "HardSigmoid", "HardSwish", "Gelu", "Mish",
            "Clip", "PRelu",
        "Transpose", "Reshape", "Flatten", "MaxPool", "GlobalAveragePool", "BatchNormalization", "LayerNormalization",
    ];

    public static ImmutableArray<Rewrite> All { get; } =
    [
        new("additional result", AddResult),
        new("result nobody uses", draft => Unread(draft, draft.Pick("Relu", "Sigmoid", "Abs", "Neg", "Identity"))),
        new("Shape or Size nobody uses", draft => Unread(draft, draft.Pick("Shape", "Size"))),
        new("operator repeated for some of its readers", Repeat),
        new("operator repeated as a further result", RepeatAsResult),
    ];

    private static bool AddResult(Draft draft)
    {
        if (draft.Activations().FirstOrDefault(tensor => !draft.IsOutput(tensor)) is not { } tensor)
            return false;
        AddResult(draft, tensor, draft.FormOf(tensor)!);
        return true;
    }

    private static void AddResult(Draft draft, string tensor, TensorForm form) => draft.Graph.Output.Add(new ValueInfoProto
    {
        Name = tensor,
        Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)form.Type } },
    });

    private static bool Unread(Draft draft, string op)
    {
        if (draft.Activations()
            .FirstOrDefault(tensor => draft.FormOf(tensor)!.Type == TensorProto.Types.DataType.Float) is not { } tensor)
            return false;
        draft.MoveTo(draft.Graph.Node[^1]);
        draft.Emit(op, [tensor]);
        return true;
    }

    private static bool Repeat(Draft draft)
    {
        foreach (var node in draft.Nodes(Repeatable))
        {
            if (draft.Readers(node.Output[0]).Distinct().ToArray() is not { Length: > 1 } readers
                || !draft.IsComputed(node.Output[0])
                || node.Output.Count > 1 || readers[^1].Input.IndexOf(node.Output[0]) is not (>= 0 and var at))
            {
                continue;
            }
            draft.MoveTo(node);
            readers[^1].Input[at] = Copy(draft, node);
            return true;
        }
        return false;
    }

    private static bool RepeatAsResult(Draft draft)
    {
        if (draft.Nodes(Repeatable).FirstOrDefault(node => draft.IsComputed(node.Output[0])
            && node.Output.Count == 1) is not { } node)
            return false;
        draft.MoveTo(node);
        AddResult(draft, Copy(draft, node), draft.FormOf(node.Output[0])!);
        return true;
    }

    private static string Copy(Draft draft, NodeProto node) => draft.Emit(node.OpType, node.Input, [.. node.Attribute]);
}
