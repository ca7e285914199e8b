using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Measuring.Rivals;

/// <summary>
/// What takes the largest or the mean of several values, where squared weights are summed over paths. A path may go through any
/// value that a maximum chooses from, with weight 1, and through each that a mean is of, with weight 1/k, k their number. The
/// values are not negative, so that the L1 norm of a window is its sum.
/// </summary>
internal static class SquaredWindows
{
    // From this opset on, LpPool has the dilations and the rounding up of the other poolings.
    private const int WholeLpPool = 18;

    /// <summary>Makes a maximum (<c>MaxPool</c>, <c>GlobalMaxPool</c>, <c>Max</c>) the sum.</summary>
    /// <returns>What is in the way; null where nothing is.</returns>
    public static string? OfMaximum(NodeProto node, int opset)
    {
        if (node.OpType == "Max")
            node.OpType = "Sum";
        else if (node.Output.Count > 1)
            return "its second output is read";
        else
            return MakeSum(node, opset);
        return null;
    }

    /// <summary>Makes a mean (<c>AveragePool</c>, <c>GlobalAveragePool</c>, <c>ReduceMean</c>) one of squared weights: the mean,
    /// once more divided by how many values it is of.</summary>
    /// <returns>What is in the way; null where nothing is.</returns>
    public static string? OfMean(GraphProto graph, NodeProto node, int opset, FreshNames names)
    {
        if (opset < 9)
            return "it is of an opset before 9";
        var count = node.Clone();
        if (node.Attribute.Any(attribute => attribute is { Name: "count_include_pad", I: not 0 }) && Pads(node))
            return "padding counts in it";
        if (MakeSum(count, opset) is { } problem)
            return problem;
        var (shape, ones) = (names.Next("emergence/shape"), names.Next("emergence/ones"));
        var one = new NodeProto { OpType = "ConstantOfShape", Input = { shape }, Output = { ones } };
        one.Attribute.Add(AttributeProto.Of("value", TensorValues.FromFloats("", [1], [1])));
        count.Name = names.Next("emergence/count");
        count.Input[0] = ones;
        count.Output[0] = names.Next("emergence/counted");
        var result = node.Output[0];
        node.Output[0] = names.Next("emergence/mean");
        var at = graph.Node.IndexOf(node);
        graph.Node.Insert(at, new NodeProto { OpType = "Shape", Input = { node.Input[0] }, Output = { shape } });
        graph.Node.Insert(at + 1, one);
        graph.Node.Insert(at + 2, count);
        graph.Node.Insert(at + 4,
            new NodeProto { OpType = "Div", Input = { node.Output[0], count.Output[0] }, Output = { result } });
        return null;
    }

    private static bool Pads(NodeProto node) => node.Attribute.Any(attribute =>
        (attribute.Name == "pads" && attribute.Ints.Any(size => size != 0))
        || (attribute.Name == "auto_pad" && attribute.S.ToStringUtf8() is "SAME_UPPER" or "SAME_LOWER"));

    private static string? MakeSum(NodeProto node, int opset)
    {
        if (node.OpType == "ReduceMean")
        {
            node.OpType = "ReduceL1";
            return null;
        }
        var rest = node.Attribute.Where(attribute => attribute.Name is not ("storage_order" or "count_include_pad")).ToArray();
        if (opset < WholeLpPool)
        {
            if (rest.Any(attribute => attribute is { Name: "ceil_mode", I: not 0 }
                || (attribute.Name == "dilations" && attribute.Ints.Any(step => step != 1))))
                return $"its windows are dilated or rounded up, which are summed from opset {WholeLpPool} on";
            rest = [.. rest.Where(attribute => attribute.Name is not ("ceil_mode" or "dilations"))];
        }
        node.OpType = node.OpType is "GlobalMaxPool" or "GlobalAveragePool" ? "GlobalLpPool" : "LpPool";
        node.Attribute.Clear();
        node.Attribute.Add(rest);
        node.Attribute.Add(AttributeProto.Of("p", 1L));
        return null;
    }
}
