using System.Globalization;
using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>One input of an example: its type, and its shape or its values.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Dims">Shape.</param>
/// <param name="Values">What it holds; null for anything between -1 and 1.</param>
/// <param name="IsSequence">A sequence of one tensor.</param>
internal sealed record ExampleInput(DataType Type, long[] Dims, double[]? Values, bool IsSequence = false)
{
    /// <summary>
    /// Reads <c>f2,3</c> (floats of shape [2,3]), <c>f1,2=3,4</c> (with these values), <c>i=4,5</c> (the
    /// int64 vector 4, 5), <c>i:4</c> (the
    /// scalar 4, <c>i:</c> any scalar); a leading <c>q</c> makes it a sequence; <c>-</c> leaves the input out.
    /// </summary>
    public static ExampleInput? Parse(string text)
    {
        if (text == "-")
            return null;
        var isSequence = text[0] == 'q';
        text = isSequence ? text[1..] : text;
        var type = text[0] switch
        {
            'f' => DataType.Float,
            'i' => DataType.Int64,
            'j' => DataType.Int32,
            'b' => DataType.Bool,
            'u' => DataType.Uint8,
            's' => DataType.Int8,
            't' => DataType.String,
            _ => throw new ArgumentException(text),
        };
        double[] Numbers(string list) =>
            [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        if (text.Length > 1 && text[1] is '=' or ':')
        {
            var values = Numbers(text[2..]);
            return new ExampleInput(type, text[1] == '=' ? [values.Length] : [], values.Length == 0 ? null : values, isSequence);
        }
        var parts = text[1..].Split('=');
        return new ExampleInput(type, [.. Numbers(parts[0]).Select(size => (long)size)],
            parts.Length > 1 ? Numbers(parts[1]) : null, isSequence);
    }

    /// <summary>Values as one stores them.</summary>
    public IEnumerable<double> Fill()
    {
        var count = (int)Dims.Aggregate(1L, (product, size) => product * size);
        return Values ?? Enumerable.Range(0, count).Select(i => Type is DataType.Float ? (i * 7 % 9 - 4) / 4.0 : i * 3 % 2);
    }
}

/// <summary>A node that shows one operator with all its inputs.</summary>
internal sealed record OperatorExample(string Op, int Opset, ExampleInput?[] Inputs, int Outputs, AttributeProto[] Attributes)
{
    /// <summary>ONNX Runtime's CPU provider has no kernel for it.</summary>
    public bool HasNoKernel { get; init; }
}

/// <summary>
/// Every operator that the standard has had in opset 7 to 26, each with all its inputs, but for those that hold bodies
/// (If, Loop, Scan, SequenceMap).
/// </summary>
internal static class OperatorExamples
{
    public static IReadOnlyList<OperatorExample> All { get; } =
    [
        .. Of("f2,3",
            "Abs Acos Asin Atan Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu LogSoftmax Mish Neg "
            + "Reciprocal "
            + "Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Tan Tanh ThresholdedRelu Hardmax "
            + "Identity IsInf IsNaN "
            + "Acosh Asinh Atanh Log Shape Size Transpose Flatten LpNormalization NonZero"), .. Of("f3,3", "Det"),
        .. Of("f2,3 f2,3", "Add Sub Mul Div Greater Less GreaterOrEqual LessOrEqual Equal PRelu Pow"),
        .. Of("f2,3 f2,3 f3", "Max Min Mean Sum"),
        .. Of("i2,3=7,8,9,10,11,13 i=3,4,5", "Mod"),
        .. Of("b2,3 b2,3", "And Or Xor"),
        .. Of("i2,3 i2,3", "BitwiseAnd BitwiseOr BitwiseXor", 18),
        .. Of("b2,3", "Not"), .. Of("i2,3", "BitwiseNot", 18), .. Of("u2,3 u2,3", "BitShift", 21, 1, Text("direction", "LEFT")),
        .. Of("f2,3,4,4", "GlobalAveragePool GlobalMaxPool GlobalLpPool MeanVarianceNormalization"),
        .. Of("f2,3,4,4", "AveragePool MaxPool LpPool", 21, 1, Ints("kernel_shape", 2, 2)),
        .. Of("f2,3,4,4 f0,5", "MaxRoiPool", 21, 1, Ints("pooled_shape", 1, 1)),
        .. Of("f2,3,4,4 f0,4 i0", "RoiAlign"),
        .. Of("f2,3,4,4", "LRN", 21, 1, Int("size", 3)),
        .. Of("f2,4,4,4", "SpaceToDepth DepthToSpace", 21, 1, Int("blocksize", 2)),
        .. Of("f2,3 f3,4", "MatMul"), .. Of("f2,3 f3,4 f4", "Gemm"),
        .. Of("f2,3 f3,4", "Einsum", 21, 1, Text("equation", "ab,bc->ac")),
        .. Of("u2,3 u3,4 u: u:", "MatMulInteger"), .. Of("u2,3 f:0.5 u: u3,4 f:0.5 u: f:0.5 u:", "QLinearMatMul"),
        .. Of("f2,3,5,5 f4,3,3,3 f4", "Conv"), .. Of("f2,3,5,5 f3,4,3,3 f4", "ConvTranspose"),
        .. Of("u2,3,5,5 u4,3,3,3 u: u:", "ConvInteger"),
        .. Of("u2,3,5,5 f:0.5 u: u4,3,3,3 f:0.5 u: f:0.5 u: j4", "QLinearConv"),
        .. Of("f2,3,5,5 f4,3,2,2 f2,8,4,4 f4 f2,4,4,4", "DeformConv", 22),
        .. Of("f5,2,3 f1,4,3 f1,4,4 f1,8 j=5,5 f1,2,4", "RNN", 21, 2, Int("hidden_size", 4)),
        .. Of("f5,2,3 f1,12,3 f1,12,4 f1,24 j=5,5 f1,2,4", "GRU", 21, 2, Int("hidden_size", 4)),
        .. Of("f5,2,3 f1,16,3 f1,16,4 f1,32 j=5,5 f1,2,4 f1,2,4 f1,12", "LSTM", 21, 3, Int("hidden_size", 4)),
        .. Of("f2,3,4,4 f3 f3 f3 f=1,1,1", "BatchNormalization"), .. Of("f2,3,4,4 f3 f3", "InstanceNormalization"),
        .. Of("f2,3,4 f4 f4", "LayerNormalization", 21, 1, Int("axis", -1)),
        .. Of("f2,4,4,4 f4 f4", "GroupNormalization", 21, 1, Int("num_groups", 2)),
        .. Of("f2,3,4 f4", "RMSNormalization", 23, 1, Int("axis", -1)),
        .. Of("f2,3 f:-0.5 f:0.8", "Clip"), .. Of("b2,3 f2,3 f2,3", "Where"), .. Of("f2,3 f2,3", "Concat", 21, 1, Int("axis", 1)),
        .. Of("f2,3", "Cast", 21, 1, Int("to", 11)), .. Of("f2,3 i2", "CastLike"), .. Of("f2,3", "BitCast", 26, 1, Int("to", 6)),
        .. Of("f2,3 f:0.5 b:0", "Dropout", 21, 2), .. Of("f2,3 f:0.5 u:", "QuantizeLinear"),
        .. Of("u2,3 f:0.5 u:", "DequantizeLinear"),
        .. Of("f2,3", "DynamicQuantizeLinear", 21, 3),
        .. Of("f2,3 i:1", "CumSum"), .. Of("f2,3 i:1", "CumProd", 26), .. Of("f3,3 i:0", "Trilu"),
        .. Of("f4,2,3 i=4,3", "ReverseSequence"),
        .. Of("f2,3 i2,3 f2,3", "ScatterElements"), .. Of("f2,3 i2,3 f2,3", "Scatter", 10), .. Of("f4,3 i2,1 f2,3", "ScatterND"),
        .. Of("f2,3,4,5 f2,3,2,5 i=0,1", "TensorScatter", 24),
        .. Of("f2,3,4,8 f5,4 f5,4 i2,4", "RotaryEmbedding", 23),
        .. Of("f2,6 i=3,4", "Reshape"), .. Of("f2,1,3 i=1", "Squeeze"), .. Of("f2,3 i=1", "Unsqueeze"),
        .. Of("f2,3 i=2,2,3", "Expand"), .. Of("f2,3 i=1,2", "Tile"), .. Of("f2,3 i=0,1,0,1 f:0 i=0,1", "Pad"),
        .. Of("f2,3,4,4 - f=1,1,2,2", "Resize"),
        .. Of("f2,3,4,4 f8 - i=2,3,8,8", "Resize", 21, 1, Text("coordinate_transformation_mode", "tf_crop_and_resize")),
        .. Of("f2,3,4,4 f=1,1,2,2", "Upsample", 9), .. Of("f2,3,4,4 i=2,2", "CenterCropPad", 18, 1, Ints("axes", 2, 3)),
        .. Of("f2,3,4,4 f2,5,5,2", "GridSample", 20), .. Of("f2,12,4 i=3,3 i=2,2", "Col2Im", 18),
        .. Of("f2,2,3 i=2,3,4,4", "AffineGrid", 20),
        .. Of("f1,1,2,2 i1,1,2,2 i=1,1,4,4", "MaxUnpool", 21, 1, Ints("kernel_shape", 2, 2), Ints("strides", 2, 2)),
        .. Of("f4,6 i=0,1 i=2,3 i=0,1 i=1,1", "Slice"), .. Of("f4,6 i=2,2", "Split", 21, 2, Int("axis", 0)),
        .. Of("f4,6 i=2,0", "Gather"), .. Of("f2,3 i2,3", "GatherElements"), .. Of("f4,3 i2,1", "GatherND"),
        .. Of("f2,6 i=3", "TopK", 21, 2), .. Of("i2,3 i:4 f=0,1", "OneHot"), .. Of("f2,3 b3", "Compress", 21, 1, Int("axis", 1)),
        .. Of("f2,3,4 i=1",
            "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare"),
        .. Of("f2,3", "ArgMax ArgMin", 21, 1, Int("axis", 1)),
        .. Of("", "Constant", 21, 1,
            new AttributeProto { Name = "value_float", Type = AttributeProto.Types.AttributeType.Float, F = 1 }),
        .. Of("i=2,3", "ConstantOfShape"), .. Of("f:0 f:4 f:1", "Range"),
        .. Of("f2,3", "EyeLike RandomNormalLike RandomUniformLike Bernoulli"),
        .. Of("", "RandomNormal RandomUniform", 21, 1, Ints("shape", 2, 3)),
        .. Of("f2,3", "Multinomial", 21, 1, Int("sample_size", 4)),
        .. Of("f2,3,4 f2,3,4 f2,3,4", "Attention", 23, 1, Int("q_num_heads", 2), Int("kv_num_heads", 2)),
        .. Of("f1,2,3,4 f1,2,3,4 f1,2,3,4 f3,6 f1,2,3,4 f1,2,3,4", "Attention", 23, 3),
        .. Of("f1,6,4 f1,2,6 i:2 f:0.5 f:0.1", "NonMaxSuppression"), .. Of("f6", "Unique", 21, 4),
        .. Of("i:8", "BlackmanWindow HannWindow HammingWindow"), .. Of("f1,8,1 i:8 i:1", "DFT", 20),
        .. Of("f1,16,1 i:4 f8 i:8", "STFT", 17),
        .. Of("i:8 i:16 i:8000 f:0 f:4000", "MelWeightMatrix", 17),
        .. Of("f2,3 i=0,1", "NegativeLogLikelihoodLoss", 13, 1), .. Of("f2,3 i=0,1 f3", "SoftmaxCrossEntropyLoss", 13, 2),
        .. Of("f2,3", "Swish", 24),
        .. Of("t2", "StringNormalizer", 10), .. Of("t2 t2", "StringConcat", 20), .. Of("t2", "StringSplit", 20, 2),
        .. Of("t2", "RegexFullMatch", 20, 1, Text("pattern", "a")),
        .. Of("i5", "TfIdfVectorizer", 9, 1, Text("mode", "TF"), Int("max_gram_length", 1), Int("min_gram_length", 1),
            Int("max_skip_count", 0),
            Ints("ngram_counts", 0), Ints("ngram_indexes", 0, 1), Ints("pool_int64s", 0, 1)),
        .. Of("u10", "ImageDecoder", 20),
        .. Of("qf2,3 i:0", "SequenceAt SequenceErase"), .. Of("f2,3 f2,3", "SequenceConstruct"), .. Of("", "SequenceEmpty"),
        .. Of("qf2,3 f2,3 i:0", "SequenceInsert"),
        .. Of("qf2,3", "SequenceLength"), .. Of("f4,3 i=2,2", "SplitToSequence"),
        .. Of("qf2,3", "ConcatFromSequence", 21, 1, Int("axis", 0)),
        .. Of("f2,3", "Optional OptionalGetElement OptionalHasElement", 18),
    ];

    internal static IEnumerable<OperatorExample> Of(string inputs, string ops, int opset = 21, int outputs = 1,
        params AttributeProto[] attributes)
    {
        ExampleInput?[] parsed = [.. inputs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ExampleInput.Parse)];
        return ops.Split(' ').Select(op => new OperatorExample(op, op is "Gelu" ? 20 : opset, parsed, outputs, attributes)
        {
            HasNoKernel = op is "ImageDecoder",
        });
    }

    private static AttributeProto Int(string name, long value) => AttributeProto.Of(name, value);

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);

    private static AttributeProto Text(string name, string value) => AttributeProto.Of(name, value);
}
