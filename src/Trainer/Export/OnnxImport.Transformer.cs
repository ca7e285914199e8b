using Emergence.Checkpoints;
using Emergence.Trainer.Networks;
using Onnx;

namespace Emergence.Trainer.Export;

/// <content>What is more than one node: dense layers over tokens, residual connections, attention, GELU.</content>
internal static partial class OnnxImport
{
    private sealed partial class Reader
    {
        // What a constant may differ by from the one that we write.
        private const float Close = 1e-6f;

        /// <summary>What a tensor that several nodes read belongs to.</summary>
        private (Layer Layer, string Next) Fork(string tensor, NodeProto[] readers)
        {
            if (readers.All(node => node.OpType == "MatMul") && readers.Length == 3)
                return Attention(readers);
            if (readers is [var one, var other] && (one.OpType, other.OpType) is ("Div", "Mul") or ("Mul", "Div"))
                return Gelu(tensor, one.OpType == "Div" ? one : other, one.OpType == "Mul" ? one : other);
            if (readers.Length == 2
                && Array.Find(readers, node => node is { OpType: "Add", Input: [_, _], Output: [_] }) is { } sum)
            {
                var end = sum.Input[sum.Input[0] == tensor ? 1 : 0];
                return (new ResidualLayer(sum.Name, Chain(tensor, end, sum)), sum.Output[0]);
            }
            throw Unreadable(tensor, readers.Length);
        }

        // MatMul and, behind it, the bias.
        private (DenseLayer Layer, string Next) Product(NodeProto node, string name)
        {
            var weight = Initializer(node, 1);
            if (weight.Dims is not [var inputs, var outputs] || node.Output is not [var next])
                throw Refuse(node, "is more than a fully connected layer");
            var bias = new float[outputs];
            if (graph.Node.Where(reader => reader.Input.Contains(next)).ToArray() is [{ OpType: "Add", Output: [var sum] } add]
                && Stored(add, next) is { Dims: [var size] } shift && size == outputs)
                (bias, next) = (TensorValues.ToFloats(shift, checkpoint.Directory), sum);
            values[name] = (Transpose(TensorValues.ToFloats(weight, checkpoint.Directory), (int)inputs, (int)outputs), bias);
            return (new DenseLayer(name, (int)inputs, (int)outputs), next);
        }

        private NormLayer Norm(NodeProto node, string name)
        {
            if (Ints(node, "axis", -1) is not [-1] || Initializer(node, 1) is not { Dims: [var width] } scale
                || Math.Abs(Float(node, "epsilon") - NormLayer.Epsilon) > Close * NormLayer.Epsilon)
                throw Refuse(node, "is no layer normalization over the last axis with an epsilon of 1e-5");
            values[name] = (TensorValues.ToFloats(scale, checkpoint.Directory), Bias(node, (int)width));
            return new NormLayer(name, (int)width);
        }

        private PositionLayer Position(NodeProto node, string name)
        {
            if ((Stored(node, node.Input[0]) ?? Stored(node, node.Input[1])) is not { Dims: [var tokens, var width] } table)
                throw Refuse(node, "adds no table of positions (tokens, width)");
            values[name] = (TensorValues.ToFloats(table, checkpoint.Directory), []);
            return new PositionLayer(name, (int)tokens, (int)width);
        }

        private (TokensLayer Layer, string Next) Tokens(NodeProto node)
        {
            var turn = Only(node, "Transpose");
            if (Longs(node, 1) is not [0, 0, -1] || Ints(turn, "perm") is not [0, 2, 1])
                throw Refuse(node, "does not make a token of each position");
            return (new TokensLayer(turn.Name), turn.Output[0]);
        }

        private (ActivationLayer Layer, string Next) Gelu(string tensor, NodeProto scaled, NodeProto half)
        {
            var raised = Only(Only(scaled, "Erf"), "Add");
            var product = Only(raised, "Mul");
            if (scaled.Input[0] != tensor || !IsNumber(scaled, MathF.Sqrt(2)) || !IsNumber(half, 0.5f) || !IsNumber(raised, 1)
                || !product.Input.Contains(half.Output[0]))
                throw Refuse(product, "is not the end of a GELU");
            return (new ActivationLayer(product.Name, Activation.Gelu), product.Output[0]);
        }

        private (AttentionLayer Layer, string Next) Attention(NodeProto[] products)
        {
            var branches = products.Select(Head).ToArray();
            var readers = branches.Select(branch => Only(branch.End, "MatMul")).ToArray();
            var scores = Array.Find(readers, reader => reader.Input.All(IsBranch));
            if (scores is null || Array.Find(readers, reader => reader != scores) is not { } mixed)
                throw Refuse(readers[0], "does not multiply two parts of a self-attention");
            var (query, key, value) = (Of(scores.Input[0]), Of(scores.Input[1]), Of(mixed.Input[1]));
            var scaled = Only(scores, "Mul");
            var shares = Only(scaled, "Softmax");
            var back = Only(mixed, "Transpose");
            var last = Only(back, "Reshape");
            if (Ints(query.End, "perm") is not [0, 2, 1, 3] || Ints(key.End, "perm") is not [0, 2, 3, 1]
                || Ints(value.End, "perm") is not [0, 2, 1, 3] || Ints(back, "perm") is not [0, 2, 1, 3]
                || Ints(shares, "axis", -1) is not ([-1] or [3])
                || mixed.Input[0] != shares.Output[0] || Longs(last, 1) is not [0, 0, _]
                || query.Heads != key.Heads || query.Heads != value.Heads || Number(scaled) is not { } scale)
                throw Refuse(last, "is not the end of a self-attention");
            return (new AttentionLayer(last.Name, query.Dense, key.Dense, value.Dense, query.Heads, scale), last.Output[0]);

            bool IsBranch(string tensor) => Array.Exists(branches, branch => branch.End.Output[0] == tensor);

            (DenseLayer Dense, int Heads, NodeProto End) Of(string tensor) =>
                IsBranch(tensor) ? Array.Find(branches, branch => branch.End.Output[0] == tensor)
                    : throw Refuse(mixed, "does not multiply the values of a self-attention");
        }

        private (DenseLayer Dense, int Heads, NodeProto End) Head(NodeProto product)
        {
            var (dense, tensor) = Product(product, product.Name);
            var split = Only(tensor, product, "Reshape");
            return Longs(split, 1) is [0, 0, > 0 and var heads, _] && dense.Outputs % heads == 0
                ? (dense, (int)heads, Only(split, "Transpose"))
                : throw Refuse(split, "does not split a width into heads");
        }

        private NodeProto Only(NodeProto node, string op) => Only(node.Output[0], node, op);

        /// <summary>The one node that reads a tensor.</summary>
        private NodeProto Only(string tensor, NodeProto maker, string op) =>
            graph.Node.Where(node => node.Input.Contains(tensor)).ToArray() is [{ Output: [_] } reader] && reader.OpType == op
                ? reader
                : throw Refuse(maker, $"is not followed by one {op}, as in the transformers that are trained here");

        /// <summary>What is stored of an operator's two inputs, beside <paramref name="tensor"/>; null for nothing.</summary>
        private TensorProto? Stored(NodeProto node, string tensor) =>
            node.Input is [var a, var b] ? initializers.GetValueOrDefault(a == tensor ? b : a) : null;

        private long[] Longs(NodeProto node, int index) => TensorValues.ToLongs(Initializer(node, index), checkpoint.Directory);

        private float? Number(NodeProto node) =>
            node.Input.Select(initializers.GetValueOrDefault).OfType<TensorProto>().FirstOrDefault() is { } stored
            && TensorValues.ToFloats(stored, checkpoint.Directory) is [var number] ? number : null;

        private bool IsNumber(NodeProto node, float expected) =>
            Number(node) is { } number && Math.Abs(number - expected) < Close;
    }
}
