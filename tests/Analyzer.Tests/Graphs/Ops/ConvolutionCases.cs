using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Convolutions: m counts filters, n filters at positions, and the shapes are those of the
/// standard's formulas.</summary>
public class ConvolutionCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["Conv, then dense"] =
            (Image().Weight("w", 3, 2, 3, 3).Weight("b", 3).Node("Conv", "x w b", "h", Pads(1, 1, 1, 1)).Node("Relu", "h", "a")
            .Node("Flatten", "a", "f").Weight("v", 90, 4).Node("Gemm", "f v", "y").Output("y"), """
            Conv Relu a [B C3 P6 P5] n=90 m=3 (w +b)
            Gemm - y [B C4] n=4 m=4 (v)
            0>1
            """),
        ["Conv of rank 1"] = (new TinyModel(13)
            .Input("x", [null, 2, 8])
            .Weight("w", 3, 2, 3)
            .Node("Conv", "x w", "h", Strides(2))
            .Node("Relu", "h", "y")
            .Output("y"), """
            Conv Relu y [B C3 P3] n=9 m=3 (w)
            """),
        ["Conv of rank 3"] = (new TinyModel(13)
            .Input("x", [null, 1, 4, 4, 3])
            .Weight("w", 2, 1, 2, 3, 2)
            .Node("Conv", "x w", "h")
            .Node("Relu", "h", "y")
            .Output("y"), """
            Conv Relu y [B C2 P3 P2 P2] n=24 m=2 (w)
            """),
        ["Conv in groups"] = (Image()
            .Weight("w", 4, 1, 3, 3)
            .Node("Conv", "x w", "h", AttributeProto.Of("group", 2))
            .Node("Relu", "h", "y")
            .Output("y"), """
            Conv Relu y [B C4 P4 P3] n=48 m=4 g=2 (w)
            """),
        ["Conv by channel, then of one pixel"] =
            (Image().Weight("w", 2, 1, 3, 3).Node("Conv", "x w", "h", AttributeProto.Of("group", 2)).Node("Relu", "h", "a")
            .Weight("v", 5, 2, 1, 1).Node("Conv", "a v", "y").Output("y"), """
            Conv Relu a [B C2 P4 P3] n=24 m=2 g=2 (w)
            Conv - y [B C5 P4 P3] n=60 m=5 (v)
            0>1
            """),
        ["Conv, dilated"] = (Image()
            .Weight("w", 3, 2, 3, 2)
            .Node("Conv", "x w", "h", AttributeProto.Of("dilations", [2L, 3L]))
            .Node("Relu", "h", "y")
            .Output("y"), """
            Conv Relu y [B C3 P2 P2] n=12 m=3 (w)
            """),
        ["Conv, SAME_UPPER"] = (Image()
            .Weight("w", 3, 2, 3, 2)
            .Node("Conv", "x w", "h", Auto("SAME_UPPER"), Strides(2, 2))
            .Node("Relu", "h", "y")
            .Output("y"), """
            Conv Relu y [B C3 P3 P3] n=27 m=3 (w)
            """),
        ["Conv, SAME_LOWER"] =
            (Image().Weight("w", 3, 2, 2, 2).Node("Conv", "x w", "h", Auto("SAME_LOWER")).Node("Relu", "h", "y").Output("y"), """
            Conv Relu y [B C3 P6 P5] n=90 m=3 (w)
            """),
        ["Conv, VALID"] = (Image()
            .Weight("w", 3, 2, 3, 3)
            .Node("Conv", "x w", "h", Auto("VALID"), Strides(2, 1))
            .Node("Relu", "h", "y")
            .Output("y"), """
            Conv Relu y [B C3 P2 P3] n=18 m=3 (w)
            """),
        ["ConvTranspose"] = (Image()
            .Weight("w", 2, 3, 3, 3)
            .Weight("b", 3)
            .Node("ConvTranspose", "x w b", "h", Strides(2, 2), Pads(1, 0, 1, 0))
            .Node("Relu", "h", "y")
            .Output("y"), """
            ConvTranspose Relu y [B C3 P11 P11] n=363 m=3 (w +b)
            """),
        ["ConvTranspose of rank 1 in groups, padded out"] = (new TinyModel(13).Input("x", [null, 4, 5]).Weight("w", 4, 3, 3)
            .Node("ConvTranspose", "x w", "h", Strides(2), AttributeProto.Of("group", 2),
                AttributeProto.Of("output_padding", [1L])).Node("Relu", "h", "y").Output("y"), """
            ConvTranspose Relu y [B C6 P12] n=72 m=6 g=2 (w)
            """),
        ["ConvTranspose of rank 3, dilated"] = (new TinyModel(13).Input("x", [null, 1, 2, 3, 2]).Weight("w", 1, 2, 2, 2, 2)
            .Node("ConvTranspose", "x w", "h", AttributeProto.Of("dilations", [1L, 2L, 3L])).Node("Relu", "h", "y").Output("y"),
            """
            ConvTranspose Relu y [B C2 P3 P5 P5] n=150 m=2 (w)
            """),
        ["ConvTranspose to a given shape"] = (Image().Weight("w", 2, 3, 3, 3)
            .Node("ConvTranspose", "x w", "h", Strides(2, 2), AttributeProto.Of("output_shape", [12L, 10L]))
                .Node("Relu", "h", "y")
                .Output("y"), """
            ConvTranspose Relu y [B C3 P12 P10] n=360 m=3 (w)
            """),
        ["ConvTranspose, SAME_UPPER"] = (Image()
            .Weight("w", 2, 3, 3, 3)
            .Node("ConvTranspose", "x w", "h", Strides(2, 2), Auto("SAME_UPPER"))
            .Node("Relu", "h", "y")
            .Output("y"), """
            ConvTranspose Relu y [B C3 P12 P10] n=360 m=3 (w)
            """),
        ["Conv in NHWC, behind Transposes"] =
            (new TinyModel(13).Input("x", [null, 6, 5, 2]).Weight("w", 3, 2, 3, 3).Weight("b", 3)
            .Node("Transpose", "x", "xc", Perm(0, 3, 1, 2))
                .Node("Conv", "xc w", "c")
                .Node("Transpose", "c", "cl", Perm(0, 2, 3, 1))
            .Node("Add", "cl b", "h")
                .Node("Relu", "h", "a")
                .Longs("s", -1, 36)
                .Node("Reshape", "a s", "f")
                .Weight("v", 36, 4)
                .Node("MatMul", "f v", "y")
                .Output("y"), """
            Conv Relu a [B P4 P3 C3] n=36 m=3 (w +b)
            MatMul - y [B C4] n=4 m=4 (v)
            0>1
            """),
        ["FusedConv"] = (Image()
            .Weight("w", 3, 2, 3, 3)
            .Weight("b", 3)
            .Node("com.microsoft::FusedConv", "x w b", "y", AttributeProto.Of("activation", "Relu"))
            .Output("y"), """
            FusedConv Relu y [B C3 P4 P3] n=36 m=3 (w +b)
            """),
        ["FusedConv with a residual connection"] = (Image()
            .Weight("u", 2, 2, 1, 1)
            .Node("Conv", "x u", "h")
            .Node("Relu", "h", "a")
            .Weight("w", 2, 2, 3, 3)
            .Weight("b", 2)
            .Node("com.microsoft::FusedConv", "a w b a", "y", AttributeProto.Of("activation", "Relu"), Pads(1, 1, 1, 1))
                .Output("y"), """
            Conv Relu a [B C2 P6 P5] n=60 m=2 (u)
            FusedConv Relu y [B C2 P6 P5] n=60 m=2 (w +b)
            0>1 0=1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static TinyModel Image() => new TinyModel(13).Input("x", [null, 2, 6, 5]);

    private static AttributeProto Pads(params long[] pads) => AttributeProto.Of("pads", pads);

    private static AttributeProto Strides(params long[] strides) => AttributeProto.Of("strides", strides);

    private static AttributeProto Perm(params long[] perm) => AttributeProto.Of("perm", perm);

    private static AttributeProto Auto(string pad) => AttributeProto.Of("auto_pad", pad);
}
