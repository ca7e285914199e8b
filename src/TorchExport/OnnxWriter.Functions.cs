using Emergence.Checkpoints;
using Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Emergence.TorchExport;

/// <content>Activation functions and normalizations.</content>
public sealed partial class OnnxWriter
{
    /// <summary>An activation function; null where the module is none that is known.</summary>
    private string? Activation(string name, string input, nn.Module module) => module switch
    {
        ReLU => Elementwise(name, "Relu", input),
        ReLU6 => Clip(name, input, 0, 6),
        LeakyReLU function => Elementwise(name, "LeakyRelu", input, AttributeProto.Of("alpha", (float)function.negative_slope)),
        ELU function => Elementwise(name, "Elu", input, AttributeProto.Of("alpha", (float)function.alpha)),
        SELU => Elementwise(name, "Selu", input),
        Sigmoid => Elementwise(name, "Sigmoid", input),
        Tanh => Elementwise(name, "Tanh", input),
        Hardsigmoid => Elementwise(
            name, "HardSigmoid", input, AttributeProto.Of("alpha", 1f / 6), AttributeProto.Of("beta", 0.5f)),
        Hardswish => Elementwise(name, "HardSwish", input),
        SiLU => Gated(name, input, Elementwise(name + ".sigmoid", "Sigmoid", input)),
        Mish => Gated(name, input, Elementwise(name + ".tanh", "Tanh", Elementwise(name + ".softplus", "Softplus", input))),
        GELU { approximate: GELU.Approximate.none } => Gelu(name, input),
        Softplus { beta: 1 } => Elementwise(name, "Softplus", input),
        Softmax function => Elementwise(name, "Softmax", input, AttributeProto.Of("axis", function.dim)),
        LogSoftmax function => Elementwise(name, "LogSoftmax", input, AttributeProto.Of("axis", function.dim)),
        _ => null,
    };

    private string Clip(string name, string input, float least, float most) => Ranked(
        Node(name, "Clip", [input, Constant(name + ".min", least), Constant(name + ".max", most)]), RankOf(input));

    private string Gated(string name, string input, string gate) =>
        Ranked(Node(name, "Mul", [input, gate]), RankOf(input));

    /// <summary>x/2 · (1 + erf(x/√2)), in parts: the operator of that name came with operator set 20.</summary>
    public string Gelu(string name, string input)
    {
        var scaled = Node(name + ".div", "Div", [input, Constant(name + ".sqrt2", MathF.Sqrt(2))]);
        var raised = Node(name + ".add", "Add",
            [Node(name + ".erf", "Erf", [scaled]), Constant(name + ".one", 1f)]);
        return Gated(name, Node(name + ".half", "Mul", [input, Constant(name + ".by2", 0.5f)]), raised);
    }

    private string Normalization(string name, string input, NormBase normalization)
    {
        using var ones = torch.ones(normalization.num_features);
        using var zeros = torch.zeros(normalization.num_features);
        var scale = Store(name + ".weight", normalization.affine ? normalization.weight! : ones);
        var shift = Store(name + ".bias", normalization.affine ? normalization.bias! : zeros);
        if (normalization.track_running_stats)
        {
            return Ranked(Node(name, "BatchNormalization",
                [
                    input, scale, shift, Store(name + ".running_mean", normalization.running_mean!),
                    Store(name + ".running_var", normalization.running_var!),
                ], AttributeProto.Of("epsilon", (float)normalization.eps)), RankOf(input));
        }
        return normalization is InstanceNorm
            ? Ranked(Node(name, "InstanceNormalization", [input, scale, shift],
                AttributeProto.Of("epsilon", (float)normalization.eps)), RankOf(input))
            : throw Unsupported(name, "batch normalization without running statistics depends on the batch and is not supported");
    }

    private string Normalization(string name, string input, LayerNorm normalization)
    {
        using var ones = torch.ones(normalization.normalized_shape);
        using var zeros = torch.zeros(normalization.normalized_shape);
        var affine = normalization.elementwise_affine;
        return Ranked(Node(name, "LayerNormalization",
            [
                input, Store(name + ".weight", affine ? normalization.weight! : ones),
                Store(name + ".bias", affine && normalization.bias is { } bias ? bias : zeros),
            ],
            AttributeProto.Of("axis", -normalization.normalized_shape.Length),
            AttributeProto.Of("epsilon", (float)normalization.eps)), RankOf(input));
    }

    // As an instance normalization over groups: the operator of that name came with operator set 18, and per channel with 21.
    private string Normalization(string name, string input, GroupNorm normalization)
    {
        if (RankOf(input) == 0)
            throw Unsupported(name, "the number of axes in front of it is not known");
        var groups = checked((int)normalization.num_groups);
        using var ones = torch.ones(groups);
        using var zeros = torch.zeros(groups);
        var grouped = Reshape(name + ".group", input, 0, groups, -1);
        var normalized = Node(name + ".norm", "InstanceNormalization",
            [grouped, Store(name + ".ones", ones), Store(name + ".zeros", zeros)],
            AttributeProto.Of("epsilon", (float)normalization.eps));
        var shaped = Node(name + ".back", "Reshape", [normalized, Node(name + ".shape", "Shape", [input])]);
        if (!normalization.affine)
            return Ranked(shaped, RankOf(input));
        long[] perChannel = [-1, .. Enumerable.Repeat(1L, RankOf(input) - 2)];
        using var scale = normalization.weight!.detach().reshape(perChannel);
        using var shift = normalization.bias!.detach().reshape(perChannel);
        return Ranked(Node(name, "Add",
            [Node(name + ".scale", "Mul", [shaped, Store(name + ".weight", scale)]), Store(name + ".bias", shift)]),
            RankOf(input));
    }
}
