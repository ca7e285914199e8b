using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing.Operators;

/// <summary>
/// A matrix that a file repeats along the batch, so that each sample is multiplied with its own copy: the product is that with
/// the matrix itself, whether the copies are made when the model runs or are stored.
/// </summary>
internal static class RepeatedWeights
{
    private const int Opset = 13;

    /// <summary>The product, reading one of equal matrices in place of one for each sample; the node itself where it reads
    /// others, or is no product.</summary>
    public static NodeProto ReadingOne(NodeProto node, Trace trace)
    {
        var right = DenseRule.RightOf(node.OpType);
        if (OpRules.Find(node.Domain, node.OpType) is not DenseRule || node.Input.Count <= right
            || node.Attribute.Any(attribute => attribute.Name.StartsWith("transBatch", StringComparison.Ordinal)))
            return node;
        foreach (var (own, other) in ((int, int)[])[(0, right), (right, 0)])
        {
            if (trace.Tensor(node.Input[own]) is not { IsConstant: true, HasShape: true, Rank: > 2 } stack
                || trace.Tensor(node.Input[other]) is not { IsConstant: false, HasShape: true } data
                || OneOf(stack, data, trace) is not { } one)
                continue;
            node = node.Clone();
            node.Input[own] = one;
        }
        return node;
    }

    private static string? OneOf(TracedTensor stack, TracedTensor data, Trace trace)
    {
        var lead = stack.Rank - data.Rank;
        bool IsBatch(int axis) => axis >= lead && stack.Axes[axis].Size > 1 && data.Axes[axis - lead] is var along
            && along.Has(AxisRole.Batch) && along.Size == stack.Axes[axis].Size;
        int[] copies = [.. Enumerable.Range(0, stack.Rank - 2).Where(IsBatch)];
        // Where all weights are one number, matrices are equal by chance.
        if (copies.Length == 0 || Evaluate(stack.Name, trace) is not { Values: [var first, ..] values } all
            || Array.TrueForAll(values, value => value.Equals(first)))
            return null;
        // No tensor of a model has such a name. The largest of equals is each of them.
        var one = $"one copy of\n{stack.Name}";
        var largest = new NodeProto { OpType = "ReduceMax", Input = { stack.Name }, Output = { one } };
        largest.Attribute.Add(AttributeProto.Of("axes", [.. copies.Select(axis => (long)axis)]));
        trace.Constants.AddProducer(largest, Opset);
        if (!trace.Constants.Evaluate(one)!.BroadcastTo(all.Dims).Values.AsSpan().SequenceEqual(values))
            return null;
        var axes = stack.Axes.Select((axis, i) => copies.Contains(i) ? Axis.Unit : axis);
        trace.Define(stack with { Name = one, Axes = [.. axes] });
        return one;
    }

    private static ConstantTensor? Evaluate(string tensor, Trace trace)
    {
        try
        {
            return trace.Constants.Evaluate(tensor);
        }
        catch (Exception e) when (e is TraceException or UserException)
        {
            return null;
        }
    }
}
