using Emergence.Checkpoints;
using Onnx;
using static Emergence.Analyzer.Tests.Graphs.Ops.OperatorExamples;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Operators that move, pool or resize, in every mode they have: what
/// <see cref="OperatorExamples"/> shows once each.</summary>
internal static class SourceExamples
{
    public static IReadOnlyList<OperatorExample> All { get; } =
    [
        .. Pads(), .. Resizes(), .. Grids(), .. Pools(),
        .. Of("f2,3,4", "Transpose", 21, 1, Ints("perm", 2, 0, 1)), .. Of("f2,3,4", "Transpose", 21, 1, Ints("perm", 1, 0, 2)),
        .. Of("f2,3,4 i=2,-1", "Reshape"), .. Of("f2,3,4 i=0,0,2,2", "Reshape"),
        .. Of("f2,3,4", "Flatten", 21, 1, Int("axis", 2)), .. Of("f2,1,4,1", "Squeeze"),
        .. Of("f2,8,2,3", "DepthToSpace", 21, 1, Int("blocksize", 2), Text("mode", "CRD")),
        .. Of("f1,2,4,6", "SpaceToDepth", 21, 1, Int("blocksize", 2)),
        .. Of("f5,6 i=4,5 i=-9,0 i=0,-1 i=-2,-3", "Slice"), .. Of("f5,6 i=-3 i=100 i=1", "Slice"),
        .. Of("f5,6", "Slice", 9, 1, Ints("starts", 1, 2), Ints("ends", 4, -1), Ints("axes", 0, 1)),
        .. Of("f5,6 i=1,4", "Split", 21, 2, Int("axis", 0)), .. Of("f5,7", "Split", 18, 3, Int("axis", 1), Int("num_outputs", 3)),
        .. Of("f3,4 i=-1,0,0", "Gather", 21, 1, Int("axis", 1)), .. Of("f3,4 i:2", "Gather"),
        .. Of("f3,4,2 i=1,0", "Gather", 21, 1, Int("axis", 1)),
        .. Of("f3,4 i2,2=0,2,-1,1", "GatherElements", 13, 1, Int("axis", 1)), .. Of("f2,3,2 i2,2=1,2,0,-1", "GatherND", 13),
        .. Of("f2,3,2 i2,1,1=2,0", "GatherND", 13, 1, Int("batch_dims", 1)),
        .. Of("f2,3 f2,1 f2,4", "Concat", 21, 1, Int("axis", -1)), .. Of("f1,3 f2,3", "Concat", 21, 1, Int("axis", 0)),
        .. Of("f3,1 i=2,1,4", "Expand"), .. Of("f3,4 i=1,4", "Expand"), .. Of("f2,3 i=2,3", "Tile"),
        .. Of("f5,7 i=3,10", "CenterCropPad", 18), .. Of("f6,4,5 i=3,8", "CenterCropPad", 18, 1, Ints("axes", 0, 2)),
        .. Of("f3,5 i:1", "CumSum", 14, 1, Int("exclusive", 1)), .. Of("f3,5 i:-1", "CumSum", 14, 1, Int("reverse", 1)),
        .. Of("f3,5 i:0", "CumSum", 14, 1, Int("exclusive", 1), Int("reverse", 1)),
        .. Of("f3,4 i:1", "Trilu", 21, 1, Int("upper", 0)), .. Of("f2,4,3 i:-1", "Trilu"), .. Of("f3,3", "Trilu"),
        .. Of("f2,4,3 i=3,1", "ReverseSequence", 10, 1, Int("time_axis", 1), Int("batch_axis", 0)),
        .. Of("f3,4 i2,2 f2,2", "ScatterElements", 18, 1, Int("axis", 1), Text("reduction", "add")),
        .. Of("f3,4,2 i2,1 f2,4,2", "ScatterND", 18, 1, Text("reduction", "add")), .. Of("f3,4 i2,2 f2", "ScatterND", 18),
        .. Of("f2,3,4", "ReduceMean", 13, 1, Ints("axes", 0, 2)),
        .. Of("f2,3,4", "ReduceMax", 13, 1, Ints("axes", 1), Int("keepdims", 0)), .. Of("f2,3,3", "ReduceSum", 13),
        .. Of("f2,3", "ReduceSum", 13, 1, Int("noop_with_empty_axes", 1)),
        .. Of("f2,3 f3", "Add Mul Sub Div"), .. Of("f2,1,3 f4,1", "Add Max Min"), .. Of("b3 f2,3 f1", "Where"),
        .. Of("f2,3,2 f3,1", "PRelu"),
        .. Of("u2,3 f:0.5 u: u2,3 f:0.5 u: f:0.5 u:", "com.microsoft::QLinearAdd com.microsoft::QLinearMul", 13),
        .. Of("u1,2,4,4 f:0.5 u: f:0.5 u:", "com.microsoft::QLinearAveragePool", 13, 1, Ints("kernel_shape", 2, 2)),
        .. Of("f:0.5 u: u2,3 f:0.5 u: u2,2 f:0.5 u:", "com.microsoft::QLinearConcat", 13, 1, Int("axis", 1)),
        .. Of("f2,3,4 f2,3,4 f4 f4 f4", "com.microsoft::SkipLayerNormalization", 13, 4),
    ];

    private static IEnumerable<OperatorExample> Pads()
    {
        foreach (var mode in (string[])["constant", "reflect", "edge", "wrap"])
        {
            yield return One("f3,5 i=1,2,2,1", "Pad", 19, Text("mode", mode));
            yield return One("f3,5 i=1,-1,0,2", "Pad", 19, Text("mode", mode));
            yield return One("f2,3,5 i=2,3 f: i=-1", "Pad", 19, Text("mode", mode));
            if (mode != "wrap")
                yield return One("f3,5", "Pad", 2, Text("mode", mode), Ints("pads", 1, 2, 2, 1));
        }
    }

    private static IEnumerable<OperatorExample> Resizes()
    {
        string[] transformations = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"];
        foreach (var transformation in transformations)
        {
            var transform = Text("coordinate_transformation_mode", transformation);
            foreach (var scales in (string[])["f=1,1,2,3", "f=1,1,0.7,0.5", "f=1,1,1.5,1"])
            {
                foreach (var rounding in (string[])["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
                    yield return One($"f1,2,5,4 - {scales}", "Resize", 19, transform, Text("nearest_mode", rounding));
                yield return One($"f1,2,5,4 - {scales}", "Resize", 19, transform, Text("mode", "linear"));
                yield return One($"f1,2,5,4 - {scales}", "Resize", 19, transform, Text("mode", "cubic"));
            }
            yield return One("f1,2,5,4 - - i=1,2,8,3", "Resize", 13, transform, Text("mode", "linear"));
        }
        yield return One("f1,2,5,4 - - i=8,8", "Resize", 19, Ints("axes", 2, 3), Text("keep_aspect_ratio_policy", "not_larger"));
        yield return One("f1,2,5,4 - - i=3,3", "Resize", 19, Ints("axes", 2, 3), Text("keep_aspect_ratio_policy", "not_smaller"),
            Text("mode", "linear"));
        yield return One("f1,2,5,4 f=0,0,0.25,0.1,1,1,1,1.4 - i=1,2,4,6", "Resize", 13,
            Text("coordinate_transformation_mode", "tf_crop_and_resize"), Text("mode", "linear"));
        foreach (var scales in (string[])["f=1,1,2,3", "f=1,1,0.7,0.5"])
        {
            yield return One($"f1,2,5,4 {scales}", "Resize", 10);
            yield return One($"f1,2,5,4 {scales}", "Resize", 10, Text("mode", "linear"));
        }
        yield return One("f1,2,5,4 f=1,1,2,3", "Upsample", 9, Text("mode", "linear"));
    }

    private static IEnumerable<OperatorExample> Grids()
    {
        string[] grids =
        [
            // A half turn of 2×3, a mirror image, the identity shifted, and points that lie outside.
            "f1,2,3,2=0.6667,0.5,0,0.5,-0.6667,0.5,0.6667,-0.5,0,-0.5,-0.6667,-0.5",
            "f1,2,2,2=1,-1,-1,-1,1,1,-1,1",
            "f1,1,3,2=-0.3,0.2,0.45,0.9,0.1,-0.7",
            "f1,1,3,2=-1.7,0.2,1.3,1.9,0.1,-2.6",
        ];
        foreach (var (padding, aligned, mode) in from padding in (string[])["zeros", "border", "reflection"]
                                                 from aligned in (long[])[0, 1]
                                                 from mode in (string[])["linear", "nearest"]
                                                 select (padding, aligned, mode))
        {
            foreach (var grid in grids)
                yield return One($"f1,2,2,3 {grid}", "GridSample", 20, Text("mode", mode), Text("padding_mode", padding),
                    Int("align_corners", aligned));
        }
        yield return One($"f1,2,2,3 {grids[0]}", "GridSample", 16, Text("mode", "bilinear"));
    }

    private static IEnumerable<OperatorExample> Pools()
    {
        foreach (var op in (string[])["MaxPool", "AveragePool", "LpPool"])
        {
            yield return One("f1,2,5,6", op, 22, Ints("kernel_shape", 3, 2), Ints("strides", 2, 1), Ints("pads", 1, 0, 1, 1));
            yield return One("f1,2,6", op, 22, Ints("kernel_shape", 2), Ints("strides", 3), Int("ceil_mode", 1));
            yield return One("f1,1,5,5", op, 22, Ints("kernel_shape", 2, 2), Ints("strides", 2, 2),
                Text("auto_pad", "SAME_UPPER"));
            yield return One("f1,1,5,5", op, 22, Ints("kernel_shape", 2, 2), Ints("strides", 2, 2),
                Text("auto_pad", "SAME_LOWER"));
            yield return One("f1,1,7", op, 22, Ints("kernel_shape", 3), Ints("dilations", 2));
        }
    }

    private static OperatorExample One(string inputs, string op, int opset, params AttributeProto[] attributes) =>
        Of(inputs, op, opset, 1, attributes).Single();

    private static AttributeProto Int(string name, long value) => AttributeProto.Of(name, value);

    private static AttributeProto Ints(string name, params long[] values) => AttributeProto.Of(name, values);

    private static AttributeProto Text(string name, string value) => AttributeProto.Of(name, value);
}
