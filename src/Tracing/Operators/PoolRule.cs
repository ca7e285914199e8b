using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>Pooling, windowed and global.</summary>
internal sealed class PoolRule : OpRule
{
    public override OpKind Kind => OpKind.Transparent;

    public override ImmutableArray<string> Ops =>
        ["MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool", "MaxRoiPool", "RoiAlign"];

    public override void Apply(NodeContext node)
    {
        var input = node.Shaped(0);
        if (input.Rank < 3)
            throw new TraceException($"pools a tensor of rank {input.Rank}; at least 3 is needed");
        var spatial = input.Shape.AsSpan(2);
        ReadOnlySpan<int> sizes;
        if (node.Op.StartsWith("Global", StringComparison.Ordinal))
            sizes = Enumerable.Repeat(1, spatial.Length).ToArray();
        else if (node.Op == "MaxRoiPool")
            sizes = (node.Attributes.Ints("pooled_shape") ?? throw new TraceException("the pooled shape is missing"))
                .Select(size => (int)size)
                .ToArray();
        else if (node.Op == "RoiAlign")
            sizes = new[] { node.Attributes.Int("output_height", 1), node.Attributes.Int("output_width", 1) };
        else
            sizes = Window.Of(node.Attributes, spatial, []).Output;
        var isRegion = node.Op is "MaxRoiPool" or "RoiAlign";
        var axes = ImmutableArray.CreateBuilder<Axis>();
        // Each region of interest is a sample of its own.
        axes.Add(isRegion ? node.Shaped(1).Axes[0].As(AxisRole.Sample) : input.Axes[0]);
        axes.Add(input.Axes[1]);
        for (var i = 0; i < sizes.Length; i++)
            axes.Add(input.Axes[i + 2].Resized(sizes[i]));
        var output = node.NewTensor(axes.ToImmutable(), input.ElementType) with { Name = node.OutputName(0) };
        node.Output(node.Trace.Pass(input, output, range => range.Axis == 1 ? range : null));
        if (node.OutputName(1).Length > 0)
            node.Output(1,
                output with
                {
                    Name = node.OutputName(1),
                    ElementType = (int)Onnx.TensorProto.Types.DataType.Int64,
                    Carries = Trace.Mix([input])
                });
    }

    public override ValueFlow? Flow(OperatorCall call) =>
        call.Op is "MaxPool" or "GlobalMaxPool" or "MaxRoiPool" ? ValueFlow.Largest : ValueFlow.Average;

    public override int? SampleAxis(OperatorCall call, int input) =>
        input == 0 && call.Op is not ("MaxRoiPool" or "RoiAlign") ? 0 : null;

    public override IEnumerable<int> Mixes(OperatorCall call) => From(2, call.Shape(0));

    /// <summary>A region of interest is not followed; of a window, every element it covers.</summary>
    public override ElementMap? Sources(OperatorCall call, int input, int output)
    {
        if (input > 0 || output > 0 || call.Op is "MaxRoiPool" or "RoiAlign")
            return null;
        var dims = call.Shape(0);
        if (call.Op.StartsWith("Global", StringComparison.Ordinal))
            return ElementMaps.Reduced(dims, [.. dims.Take(2), .. Enumerable.Repeat(1, dims.Length - 2)]);
        var window = Window.Of(call.Attributes, dims.AsSpan(2), []);
        return ElementMap.Windows(dims[0] * dims[1], new SlidingWindow(
            dims.AsSpan(2), window.Kernel, window.Strides, [.. window.PadBegin, .. window.PadEnd], window.Dilations,
            window.Output));
    }
}
