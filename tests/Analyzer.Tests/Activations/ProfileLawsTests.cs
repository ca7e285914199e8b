using System.Collections.Immutable;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.Measuring;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Tests.Instrumentation.TinyModel;

namespace Emergence.Analyzer.Tests.Activations;

public class ProfileLawsTests
{
    [Theory]
    [InlineData(CounterKind.Sum, 8.4, CounterKind.Max, 2, "node 1 has mean 2.1 above its maximum 2")]
    [InlineData(CounterKind.Sum, -7.9, CounterKind.Max, -2, "node 1 has mean -1.975 above its maximum -2")]
    [InlineData(CounterKind.AbsSum, 8.4, CounterKind.AbsMax, 2, "node 1 has absolute mean 2.1 above its absolute maximum 2")]
    [InlineData(CounterKind.AbsSum, 3, CounterKind.Sum, -4, "node 1 has a sum of -4 above that of its absolute values, 3")]
    [InlineData(CounterKind.Above, 5, CounterKind.Max, 2, "node 1 has 5 samples above the threshold of 4")]
    public void a_profile_that_cannot_be_is_an_error(CounterKind kind, double total, CounterKind bound, double value,
        string finding)
    {
        var e = Assert.Throws<UserException>(() => ProfileLaws.Require(Profile(kind, total, bound, value)));
        Assert.Equal(
            $"layer 'layer-y' (Gemm): {finding}, which cannot be, so its samples were counted wrong; try --batch 1 or "
            + "--optimization none, " +
            "leave the layer out with --exclude, and report the model as a defect", e.Message);
    }

    [Theory]
    [InlineData(CounterKind.Sum, 8, CounterKind.Max, 2)]
    [InlineData(CounterKind.Sum, 4 * 0.05, CounterKind.Max, 0.05f)]
    [InlineData(CounterKind.Sum, -8, CounterKind.Max, -2)]
    [InlineData(CounterKind.Sum, double.NaN, CounterKind.Max, 2)]
    [InlineData(CounterKind.Sum, 8, CounterKind.Max, double.NegativeInfinity)]
    [InlineData(CounterKind.Sum, 4e-50, CounterKind.Max, 0)]
    [InlineData(CounterKind.Above, 4, CounterKind.Max, 2)]
    public void one_that_can_is_the_result(CounterKind kind, double total, CounterKind bound, double value)
    {
        var profile = Profile(kind, total, bound, value);
        Assert.Same(profile, ProfileLaws.Require(profile));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(2)]
    public void a_batch_axis_that_is_not_what_was_fed_is_an_error(int rows)
    {
        // The trace took for samples what the model cuts to a size of its own.
        var tiny = new TinyModel(13).Input("x", [null, 4]).Longs("rows", rows, -1).Node("Reshape", "x rows", "y").Output("y")
            .Layer("y", [Batch(), Channel(4 * 14 / rows)]);
        var settings = new AnalysisSettings { Device = Device.Cpu, Batch = 14 };
        var recorder = new ActivationRecorder(tiny.Proto, "tiny.onnx", tiny.Graph, SessionFactory.Create(settings), settings);
        var e = Assert.Throws<UserException>(() => recorder.Record(tiny.Probe(14, Quarters(14 * 4, 1)), null, default));
        Assert.Equal(
            $"layer 'layer-y' (Gemm): its batch axis has {rows} entries where 14 samples were fed, so its samples cannot be "
            + "counted; " +
            "run them one at a time with --batch 1, or leave the layer out with --exclude", e.Message);
    }

    private static LayerProfile Profile(CounterKind kind, double total, CounterKind bound, double value)
    {
        var layer = new TinyModel(13).Layer("y", [Batch(), Channel(2)]).Graph.Layers[0];
        var totals = new Dictionary<Counter, ImmutableArray<double>>
        {
            [new(kind)] =
            [bound == CounterKind.Max && value < 0 ? -100 : 0, total],
            [new(bound)] = [0, value]
        };
        return new LayerProfile(layer, 2, 1, 4, 1, totals.ToImmutableDictionary());
    }
}
