using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Pruning;

/// <summary>What couples channels, counts them, adds them up or divides by them: gates, norms by
/// arithmetic, shapes, groups, heads.</summary>
internal sealed partial class RandomNetwork
{
    private void Couple((string Name, int[] Shape) any)
    {
        var (x, shape) = any;
        var (n, c, h, w) = (shape[0], shape[1], shape[2], shape[3]);
        switch (random.Next(22))
        {
            case 0:
                var value = graph.Node("Conv", [x, Values(5, c, 1, 1), Values(5)]);
                var gate = graph.Node(Pick("Sigmoid", "HardSigmoid", "Tanh", "Cos"),
                    [graph.Node("Conv", [x, Values(5, c, 1, 1), Values(5)])]);
                Keep(graph.Node(Pick("Mul", "Add"), [value, gate]), n, 5, h, w);
                break;
            case 1:
                var squeezed = graph.Node("Relu",
                    [graph.Node("Gemm",
                    [graph.Node("ReduceMean", [x], Ints("axes", 2, 3), Int("keepdims", 0)), Values(c, 4), Values(4)])]);
                var excited = graph.Node("Sigmoid", [graph.Node("Gemm", [squeezed, Values(4, c), Pick(Values(c), Values(1))])]);
                Keep(graph.Node("Mul", [x, graph.Node("Reshape", [excited, Longs(-1, c, 1, 1)])]), shape);
                break;
            case 2 or 3:
                Keep(Standardised(x, Pick<long[]>([2, 3], [3], [1])), shape);
                break;
            case 4:
                var below = graph.Node("Abs", [graph.Node("Conv", [x, Values(c, c, 1, 1), Values(c)])]);
                Keep(graph.Node("Div",
                    [x, Pick(graph.Node("Add", [below, Ones(c, 1, 1)]), graph.Node("Add", [below, Ones(1)]),
                    graph.Node("Sqrt", [graph.Node("Add", [below, Ones(1)])]))]), shape);
                break;
            case 5:
                var positive = graph.Node(Pick("Relu", "Softplus", "Exp"), [graph.Node("Tanh", [x])]);
                Keep(graph.Node("Div",
                    [positive, graph.Node("Add",
                    [graph.Node("ReduceSum", [positive, Longs(2, 3)]), Pick(Ones(1), Stored([1], () => 0))])]), shape);
                break;
            case 6:
                Keep(graph.Node(Pick("Log", "Reciprocal", "Sqrt"),
                    [graph.Node("Add", [graph.Node("Abs", [x]), Pick(Ones(c, 1, 1), Ones(1))])]), shape);
                break;
            case 7:
                Keep(graph.Node(Pick("Div", "Mul", "Add"), [x, graph.Node("Cast", [SizeOf(any),], Int("to", 1))]), shape);
                break;
            case 8:
                var like = graph.Node("ConstantOfShape", [graph.Node("Shape", [x])]);
                if (Pick(true, false))
                    Keep(graph.Node("Concat", [x, like], Int("axis", 1)), n, 2 * c, h, w);
                else
                    Keep(graph.Node("Sub", [x, like]), shape);
                break;
            case 9:
                var other = Like(any) ?? x;
                Keep(graph.Node("Reshape", [graph.Node("Reshape", [x, Longs(0, -1)]), graph.Node("Shape", [other])]), shape);
                break;
            case 10:
                var sized = graph.Node("Concat",
                    [graph.Node("Slice", [graph.Node("Shape", [x]), Longs(0), Longs(1)]),
                    graph.Node("Unsqueeze", [SizeOf(any), Longs(0)]), Longs(h * w)], Int("axis", 0));
                Keep(graph.Node("Reshape", [graph.Node("Reshape", [x, sized]), Longs(0, 0, h, w)]), shape);
                break;
            case 11:
                Keep(graph.Node("CumSum",
                    [x, graph.Initializer($"axis{graph.Graph.Initializer.Count}", [], [(long)Pick(1, 2, 3, -3)])]), shape);
                break;
            case 12 or 13:
                Group(any);
                break;
            case 14 or 15:
                Attend(any);
                break;
            case 16:
                if (c >= 3)
                {
                    var (left, right) = (graph.FreshName("left"), graph.FreshName("right"));
                    var first = random.Next(1, c - 1);
                    graph.Graph.Node.Add(
                        new NodeProto
                        {
                            Name = left,
                            OpType = "Split",
                            Input = { x, Longs(first, c - first) },
                            Output = { left, right },
                            Attribute = { Int("axis", 1) }
                        });
                    Keep(graph.Node("Concat", [right, left], Int("axis", 1)), shape);
                }
                break;
            case 17:
                if (c >= 3)
                    Keep(graph.Node("Slice", [x, Longs(Pick(1, 1 - c)), Longs(Pick(c - 1, -1)), Longs(1)]), n, c - 2, h, w);
                break;
            case 18:
                if (c % 4 == 0)
                    Keep(graph.Node("DepthToSpace", [x], Int("blocksize", 2), AttributeProto.Of("mode", Pick("DCR", "CRD"))), n,
                        c / 4, 2 * h, 2 * w);
                else if (h % 2 == 0 && w % 2 == 0)
                    Keep(graph.Node("SpaceToDepth", [x], Int("blocksize", 2)), n, 4 * c, h / 2, w / 2);
                break;
            case 19:
                Recur(any);
                break;
            case 20:
                var half = graph.Node("Unsqueeze",
                    [graph.Node("Div",
                    [SizeOf(tensors[random.Next(1, tensors.Count)]),
                    graph.Initializer($"two{graph.Graph.Initializer.Count}", [], [2L])]), Longs(0)]);
                var target = tensors[random.Next(1, tensors.Count)];
                // Once more behind a full slice, so that the size known here is what it is.
                Keep(graph.Node("Mul",
                    [x, graph.Node("ReduceSum",
                    [graph.Node("Slice", [target.Name, Longs(0), half, Longs(1)]), Longs(1, 2, 3)])]), shape);
                break;
            default:
                var condition = graph.Node("Greater", [x, Values(1)]);
                Keep(graph.Node("Where", [condition, x, graph.Node("Mul", [x, Pick(Values(1), Values(c, 1, 1))])]), shape);
                break;
        }
    }

    /// <summary>The number of channels, looked up.</summary>
    private string SizeOf((string Name, int[] Shape) tensor) =>
        graph.Node("Gather",
            [graph.Node("Shape", [tensor.Name]), graph.Initializer($"one{graph.Graph.Initializer.Count}", [], [1L])],
            Int("axis", 0));

    private string Standardised(string x, long[] axes)
    {
        var centered = graph.Node("Sub", [x, graph.Node("ReduceMean", [x], Ints("axes", axes))]);
        // Over channels, all may be zero at a place by chance.
        var variance = graph.Node("ReduceMean", [graph.Node("Mul", [centered, centered])], Ints("axes", axes));
        return graph.Node("Div",
            [centered, graph.Node("Sqrt",
            [axes is [1] || random.Next(2) == 0 ? graph.Node("Add", [variance, Ones(1)]) : variance])]);
    }

    private void Group((string Name, int[] Shape) any)
    {
        var (n, c, h, w) = (any.Shape[0], any.Shape[1], any.Shape[2], any.Shape[3]);
        var groups = Pick(2, 4);
        var wide = graph.Node("Relu", [graph.Node("Conv", [any.Name, Values(8, c, 1, 1), Values(8)])]);
        var grouped =
            graph.Node("Relu", [graph.Node("Conv", [wide, Values(8, 8 / groups, 1, 1), Values(8)], Int("group", groups))]);
        if (random.Next(3) == 0)
            Keep(graph.Node("Conv", [grouped, Values(4, 4, 1, 1), Values(4)], Int("group", 2)), n, 4, h, w);
        else
            Keep(random.Next(2) == 0 ? grouped : graph.Node("Add", [grouped, wide]), n, 8, h, w);
    }

    private void Attend((string Name, int[] Shape) any)
    {
        var (n, c, h, w) = (any.Shape[0], any.Shape[1], any.Shape[2], any.Shape[3]);
        var heads = Pick(2, 4);
        var tokens = graph.Node("Reshape", [graph.Node("Transpose", [any.Name], Ints("perm", 0, 2, 3, 1)), Longs(n, h * w, c)]);
        string Heads(params long[] perm)
        {
            var projected = graph.Node("Add", [graph.Node("MatMul", [tokens, Values(c, 8)]), Values(8)]);
            return graph.Node("Transpose",
                [graph.Node("Reshape", [projected, Pick(Longs(0, 0, heads, 8 / heads), Longs(n, h * w, -1, 8 / heads))])],
                Ints("perm", perm));
        }
        var scores = graph.Node("Softmax",
            [graph.Node("Mul", [graph.Node("MatMul", [Heads(0, 2, 1, 3), Heads(0, 2, 3, 1)]), Values(1)])], Int("axis", -1));
        var joined = graph.Node("Transpose", [graph.Node("MatMul", [scores, Heads(0, 2, 1, 3)])], Ints("perm", 0, 2, 1, 3));
        var result = graph.Node("MatMul", [graph.Node("Reshape", [joined, Pick(Longs(0, 0, 8), Longs(0, 0, -1))]), Values(8, c)]);
        Keep(graph.Node("Transpose", [graph.Node("Reshape", [graph.Node("Add", [result, tokens]), Longs(n, h, w, c)])],
            Ints("perm", 0, 3, 1, 2)), n, c, h, w);
    }

    private void Recur((string Name, int[] Shape) any)
    {
        const int Hidden = 5;
        var (n, c, h, w) = (any.Shape[0], any.Shape[1], any.Shape[2], any.Shape[3]);
        var (op, gates) = Pick(("LSTM", 4), ("GRU", 3), ("RNN", 1));
        var sequence = graph.Node("Reshape", [graph.Node("Transpose", [any.Name], Ints("perm", 2, 3, 0, 1)), Longs(h * w, n, c)]);
        var start = Pick("", Values(1, n, Hidden));
        var all = graph.Node(op,
            [sequence, Values(1, gates * Hidden, c), Values(1, gates * Hidden, Hidden), Values(1, 2 * gates * Hidden), "",
            start], Int("hidden_size", Hidden));
        var turned = graph.Node("Transpose", [graph.Node("Squeeze", [all, Longs(1)])], Ints("perm", 1, 2, 0));
        Keep(graph.Node("Reshape", [turned, Pick(Longs(0, Hidden, h, w), Longs(n, -1, h, w))]), n, Hidden, h, w);
    }
}
