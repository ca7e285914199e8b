using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Networks;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Activations;

public class NotFiniteTests
{
    private const double Nan = double.NaN;
    private const double Inf = double.PositiveInfinity;

    public static TheoryData<int, string, Statistic> Cases()
    {
        var data = new TheoryData<int, string, Statistic>();
        foreach (var statistic in Enum.GetValues<Statistic>().Except([Statistic.Sample]))
        {
            foreach (var opset in (int[])[7, 9, 13, 18])
            {
                foreach (var type in (string[])["Float", "Double", "Float16"])
                    data.Add(opset, type, statistic);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void nodes_with_nan_or_infinity_are_not_alive_and_counted_apart(int opset, string type, Statistic statistic)
    {
        // Columns: alive; NaN first; NaN last; infinite; minus infinite; both signs; infinite and NaN; dead.
        double[] values =
        [
            1, Nan, 1, Inf, -Inf, Inf, Inf, 0,
            1, 1, 1, 1, 1, -Inf, 1, 0,
            1, 1, Nan, 1, 1, 1, Nan, 0,
        ];
        foreach (int? batch in (int?[])[null, 1, 2, 5])
        {
            var tiny = new TinyModel(opset)
                .Input("x", [batch, 8], Enum.Parse<DataType>(type))
                .Node("Identity", "x", "y")
                .Output("y", [batch, 8], Enum.Parse<DataType>(type))
                .Layer("y", [Batch(), Channel(8)], Enum.Parse<DataType>(type));
            var settings = new AnalysisSettings { Device = Device.Cpu, Statistic = statistic, Batch = 2 };
            var layer = Record(tiny, values, 3, settings).Layers[0];
            var alive = new AliveRule(settings, 0.05f).Apply(layer);
            Assert.Equal([true, false, false, false, false, false, false, false], alive.Mask.Cast<bool>());
            Assert.Equal((1, 3, 3), (alive.Alive, alive.NodesNan, alive.NodesInf));
            Assert.Equal((null, null), (layer.ActivationMean, layer.ActivationMax));
        }
    }

    [Fact]
    public void a_filter_is_not_finite_where_any_position_is()
    {
        var tiny = new TinyModel(11)
            .Input("x", [null, 2, 2])
            .Node("Identity", "x", "y")
            .Layer("y", [Batch(), Channel(2), Position(2)], convolution: true);
        var settings = new AnalysisSettings { Device = Device.Cpu, ConvNodes = ConvNodes.Filters };
        var alive = new AliveRule(settings, 0.05f).Apply(Record(tiny, [1, Nan, 1, 1], 1, settings).Layers[0]);
        Assert.Equal((1, 1, 0), (alive.Alive, alive.NodesNan, alive.NodesInf));
        settings = settings with { ConvNodes = ConvNodes.Units };
        alive = new AliveRule(settings, 0.05f).Apply(Record(tiny, [1, Nan, 1, 1], 1, settings).Layers[0]);
        Assert.Equal((3, 2, 1), (alive.Alive, alive.AliveChannels, alive.NodesNan));
    }

    [Fact]
    public void a_finite_double_past_the_range_of_float_is_neither()
    {
        var tiny = new TinyModel(13)
            .Input("x", [null, 2], DataType.Double)
            .Node("Identity", "x", "y")
            .Layer("y", [Batch(), Channel(2)], DataType.Double);
        var settings = new AnalysisSettings { Device = Device.Cpu };
        // The second sum overflows even double, though no activation is infinite.
        var alive = new AliveRule(settings, 0.05f).Apply(Record(tiny, [1e300, 1.5e308, 1e300, 1.5e308], 2, settings).Layers[0]);
        Assert.Equal((2, 0, 0), (alive.Alive, alive.NodesNan, alive.NodesInf));
    }

    private static ActivationProfile Record(TinyModel tiny, double[] values, int samples, AnalysisSettings settings) =>
        new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings)
            .Record(tiny.Probe(samples, values), null, TestContext.Current.CancellationToken);
}
