using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Rewriting;

/// <summary>The networks that are spelled in two ways, and the parts they are put together of.</summary>
internal static class PairNetworks
{
    internal static readonly AttributeProto Kernel = AttributeProto.Of("kernel_shape", [2L, 2L]);
    internal static readonly AttributeProto First = AttributeProto.Of("axis", 0);
    internal static readonly AttributeProto One = AttributeProto.Of("value", TensorValues.FromLongs("", [1], [1]));
    internal static readonly AttributeProto Last = AttributeProto.Of("axis", 1);
    internal static readonly AttributeProto NoAxis = AttributeProto.Of("keepdims", 0);
    internal static readonly AttributeProto Hidden = AttributeProto.Of("hidden_size", 4);
    internal static readonly double[] Head = [0, 0.5, -1, 0.25, 0, 0.5, 1, -0.5, 0, 0, 0, 1];

    /// <summary>Two nodes of the first layer are dead, and one of them feeds no alive node.</summary>
    internal static TinyModel Rows(TinyModel model, params long?[] shape) =>
        Weights(model.Input("x", shape is [] ? [null, 4] : shape));

    internal static TinyModel Weights(TinyModel model) => model
        .Initializer("w", [4, 4], [0, 0, 1, 0.5, 0, 0, -1, 1, 0, 0, 0.5, -1, 0, 0, -0.25, -0.5])
        .Initializer("v", [4, 3], Head);

    internal static TinyModel Tokens(TinyModel model) => Tokens(model, "Expand", "w v");

    /// <summary>Two tokens a sample, their products with two matrices and a bias, each repeated for each sample or as it is
    /// stored.</summary>
    internal static TinyModel Tokens(TinyModel model, string op, string matrices, string bias = "c")
    {
        Repeats(Weights(model.Input("x", [null, 2, 4])).Initializer("c", [4], [0.25, -0.5, 0, 0.25]), op, 4, 4);
        if (bias == "ce")
            model.Longs("along", 2, 4).Node("Concat", "n along", "biases", First)
                .Node("Expand", "c biases", "ce");
        if (matrices.Contains("wt", StringComparison.Ordinal))
            model.Node("Transpose", "w", "w1").Node("Expand", "w1 sizes", "w2")
                .Node("Transpose", "w2", "wt", AttributeProto.Of("perm", 0, 2, 1));
        if (matrices.EndsWith("ve", StringComparison.Ordinal))
            model.Node("Unsqueeze", "v zero", "v1").Node("Tile", "v1 times", "ve");
        var names = matrices.Split(' ');
        return model.Node("MatMul", $"x {names[0]}", "h0").Node("Add", $"h0 {bias}", "h").Node("Relu", "h", "a")
            .Node("MatMul", $"a {names[1]}", "y");
    }

    /// <summary>Two tokens a sample, to each of which a row of a table is added: by stored places or by those that follow from
    /// the shape.</summary>
    internal static TinyModel Placed(TinyModel model, string stored, Func<TinyModel, TinyModel>? places = null)
    {
        Weights(model.Input("x", [null, 2, 4])).Weight("table", 3, 4).Longs("one", 1).Longs("zero", 0).Longs("two", 2)
            .Longs("places", [.. stored.Split(' ').Select(long.Parse)])
            .Node("Shape", "x", "shape").Node("Slice", "shape zero two", "both");
        return (places?.Invoke(model) ?? model.Node("Identity", "places", "at")).Node("Gather", "table at", "p")
            .Node("MatMul", "x w", "h0").Node("Add", "h0 p", "h").Node("Relu", "h", "a").Node("MatMul", "a v", "y");
    }

    /// <summary>A layer of which two parts, l and r, go into products of their own.</summary>
    internal static TinyModel Parts(TinyModel model, int left, int right, Func<TinyModel, TinyModel>? parts = null)
    {
        Rows(model).Weight("u", left, 4).Weight("t", right, 4).Longs("sizes", left, right)
            .Initializer("first", [], [0], DataType.Int64).Initializer("second", [], [1], DataType.Int64)
            .Initializer("last", [], [-1], DataType.Int64).Node("MatMul", "x w", "h").Node("Relu", "h", "a");
        return (parts?.Invoke(model) ?? model.Node("Split", "a sizes", "l r", Last)).Node("MatMul", "l u", "m")
            .Node("MatMul", "r t", "k").Node("Add", "m k", "z").Node("MatMul", "z v", "y");
    }

    internal static TinyModel Halves(TinyModel model) => model.Node("Split", "a sizes", "l0 r0", Last);

    internal static TinyModel Columns(TinyModel model) => Weights(model.Input("x", [null, 4, 2])).Weight("u", 3, 4);

    /// <summary>w for each sample, as [samples, rows, columns].</summary>
    internal static TinyModel Repeats(TinyModel model, string op, long rows, long columns)
    {
        model.Longs("zero", 0).Longs("ones", 1, 1).Longs("matrix", rows, columns).Node("Shape", "x", "shape")
            .Node("Gather", "shape zero", "n").Node("Concat", "n matrix", "sizes", First)
            .Node("Concat", "n ones", "times", First).Node("Unsqueeze", "w zero", "w0");
        return model.Node(op, op == "Tile" ? "w0 times" : "w0 sizes", "we");
    }

    internal static TinyModel Product(TinyModel model) => model.Input("x", [null, 2, 4, 4]).Weight("w", 2, 3).Weight("v", 3, 2)
        .Initializer("c", [3], [2, 0.5, 4]).Initializer("v0", [3], [0.5, -0.25, 1])
        .Node("Transpose", "x", "xt", AttributeProto.Of("perm", [0L, 2, 3, 1])).Node("MatMul", "xt w", "ht")
        .Node("Transpose", "ht", "h", AttributeProto.Of("perm", [0L, 3, 1, 2]));

    internal static TinyModel Pooled(TinyModel model) =>
        model.Node("GlobalAveragePool", "p", "g").Node("Flatten", "g", "f").Node("MatMul", "f v", "y");

    /// <summary>Sequences of 5 steps of 3 features, and the weights of a recurrent layer of 4 units.</summary>
    internal static TinyModel Recurrent(TinyModel model, int gates, int directions) => model
        .Input("x", [5, null, 3], batchAxis: 1)
        .Weight("w", directions, 4 * gates, 3).Weight("r", directions, 4 * gates, 4).Weight("b", directions, 8 * gates)
        .Initializer("first", [], [0], DataType.Int64).Initializer("last", [], [-1], DataType.Int64)
        .Longs("zero", 0).Longs("one", 1).Longs("two", 2).Initializer("v", [4, 3], Head);

    internal static TinyModel Dense(TinyModel model) => model.Node("Squeeze", "h zero", "s").Node("MatMul", "s v", "y");

    internal static TinyModel DenseOfBoth(TinyModel model) => model.Node("Slice", "h zero one zero", "h1")
        .Node("Slice", "h one two zero", "h2").Node("Concat", "h1 h2", "hs", AttributeProto.Of("axis", 2))
        .Node("Squeeze", "hs zero", "s").Initializer("u", [8, 3], [.. Head, .. Head.Reverse()]).Node("MatMul", "s u", "y");

    internal static TinyModel Summed(TinyModel model) => model.Weight("u", 3, 4).Node("Gather", "x first", "x0")
        .Node("MatMul", "x0 u", "p").Node("Squeeze", "h zero", "hs").Node("Add", "hs p", "s").Node("MatMul", "s v", "y");

    internal static GraphProto Body(string op, string x) => new()
    {
        Name = op,
        Node = { new NodeProto { OpType = op, Input = { x }, Output = { $"of_{op}" } } },
        Output =
        {
            new ValueInfoProto
            {
                Name = $"of_{op}",
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
            },
        },
    };

    /// <summary>Sequences of 5 tokens, and steps that are computed from them, all of them the last.</summary>
    internal static TinyModel Steps(TinyModel model) => Rows(model, [null, 5, 4]).Initializer("last", [], [4], DataType.Int64)
        .Initializer("none", [], [0], DataType.Int64).Node("MatMul", "x w", "h").Node("ArgMax", "x", "a", Last)
        .Node("Mul", "a none", "b").Node("Add", "b last", "steps");

    internal static TinyModel Picked(TinyModel model) => model.Node("Relu", "p", "r").Node("MatMul", "r v", "y");

    /// <summary>Three filters, and what two products of their means make for each.</summary>
    internal static TinyModel Filters(TinyModel model) => model.Input("x", [null, 2, 4, 4]).Weight("w", 3, 2, 2, 2)
        .Weight("k1", 4, 3, 1, 1).Weight("k2", 3, 4, 1, 1).Initializer("v", [3, 3], Head[..9])
        .Node("Conv", "x w", "h0").Node("Relu", "h0", "h").Node("GlobalAveragePool", "h", "p");

    internal static TinyModel AsConvolution(TinyModel model) => Filters(model).Node("Conv", "p k1", "a0").Node("Relu", "a0", "a")
        .Node("Conv", "a k2", "g0").Node("Sigmoid", "g0", "g");

    internal static TinyModel AsProduct(TinyModel model) => Filters(model).Longs("behind", 2, 3)
        .Node("Flatten", "k1", "f1").Node("Transpose", "f1", "t1").Node("Flatten", "k2", "f2").Node("Transpose", "f2", "t2")
        .Node("Flatten", "p", "pf").Node("MatMul", "pf t1", "a0").Node("Relu", "a0", "a").Node("MatMul", "a t2", "g0")
        .Node("Sigmoid", "g0", "g1").Node("Unsqueeze", "g1 behind", "g");

    internal static TinyModel Gated(TinyModel model, string op) => model.Node(op, "h g", "o").Node("GlobalAveragePool", "o", "m")
        .Node("Flatten", "m", "f").Node("MatMul", "f v", "y");

    internal static AttributeProto Direction(string direction) => AttributeProto.Of("direction", direction);

    /// <summary>A file of a version in which every stored tensor is an input too; that of the condition is left out, as some
    /// write it.</summary>
    internal static TinyModel Old(TinyModel model)
    {
        model.Proto.IrVersion = 3;
        foreach (var tensor in model.Proto.Graph.Initializer.Where(tensor => tensor.Name != "yes"))
        {
            var shape = new TensorShapeProto();
            shape.Dim.AddRange(tensor.Dims.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
            model.Proto.Graph.Input.Add(new ValueInfoProto
            {
                Name = tensor.Name,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = tensor.DataType, Shape = shape } },
            });
        }
        return model;
    }

    /// <summary>The layers numbered in their order, so that those of two spellings are known to be the same layer.</summary>
    internal static ModelProto Layered(ModelProto model)
    {
        var layers = 0;
        foreach (var node in model.Graph.Node)
        {
            node.Name = node.OpType is "MatMul" or "Einsum" or "Conv" or "GRU" or "RNN"
                ? $"{node.OpType}@{layers++}" : $"other {node.Output[0]}";
        }
        return model;
    }
}
