using Emergence.Tracing.Operators;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

public class OperatorListTests
{
    /// <summary>Every operator that the standard (domain ai.onnx) has had in opset 7 to 26, deprecated ones included.</summary>
    private const string Standard = """
        Abs Acos Acosh Add AffineGrid And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
        BatchNormalization Bernoulli BitCast BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow
        Cast CastLike Ceil Celu CenterCropPad Clip Col2Im Compress Concat ConcatFromSequence Constant ConstantOfShape
        Conv ConvInteger ConvTranspose Cos Cosh CumProd CumSum
        DFT DeformConv DepthToSpace DequantizeLinear Det Div Dropout DynamicQuantizeLinear
        Einsum Elu Equal Erf Exp Expand EyeLike
        Flatten Floor
        GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual
        GridSample GroupNormalization
        HammingWindow HannWindow HardSigmoid HardSwish Hardmax
        Identity If ImageDecoder InstanceNormalization IsInf IsNaN
        LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax Loop LpNormalization LpPool
        MatMul MatMulInteger Max MaxPool MaxRoiPool MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod
        Mul Multinomial
        Neg NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not
        OneHot Optional OptionalGetElement OptionalHasElement Or
        PRelu Pad Pow
        QLinearConv QLinearMatMul QuantizeLinear
        RMSNormalization RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike Range Reciprocal
        ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
        RegexFullMatch Relu Reshape Resize ReverseSequence RoiAlign RotaryEmbedding Round
        STFT Scan Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase
        SequenceInsert SequenceLength SequenceMap Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax
        SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat
        StringNormalizer StringSplit Sub Sum Swish
        Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu
        Unique Unsqueeze Upsample
        Where
        Xor
        """;

    /// <summary>The same as a list.</summary>
    public static string[] All => Standard.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What each kind must contain: one operator that nobody could take for another kind.</summary>
    [Theory]
    [InlineData("Conv", "Layer")]
    [InlineData("Tanh", "Activation")]
    [InlineData("BatchNormalization", "Normalization")]
    [InlineData("MaxPool", "Transparent")]
    [InlineData("Add", "Merge")]
    [InlineData("Shape", "NotALayer")]
    public void kinds_mean_what_they_say(string op, string kind) => Assert.Equal(kind, $"{OpRules.Find("", op)!.Kind}");

    [Fact]
    public void every_operator_of_the_standard_is_classified()
    {
        var unclassified = All.Where(op => OpRules.Find("", op) is null);
        Assert.Empty(unclassified);
    }

    [Fact]
    public void no_operator_has_two_rules()
    {
        var ops = OpRules.All.SelectMany(rule => rule.Ops).ToList();
        Assert.Equal(ops.Distinct(), ops);
    }
}
