using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using static Emergence.Analyzer.Tests.Probes.ProbedModel;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Analyzer.Tests.Probes;

public sealed class RandomProbeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void where_nothing_is_known_samples_are_random_and_a_warning_says_so()
    {
        var probe = new ProbedModel(folder).Input("x", [null, 3, 4]).Resolve();
        Assert.Equal(1024, probe.Samples);
        Assert.Equal(("random", 1024, (int?)0), (probe.Provenance.Name, probe.Provenance.Samples, probe.Provenance.Seed));
        Assert.Equal(Severity.Warning, Assert.Single(probe.Diagnostics).Severity);
        var values = Floats(probe.Inputs[0]);
        Assert.Equal(1024 * 12, values.Length);
        Assert.All(values, value => Assert.InRange(value, 0f, 0.99999994f));
        // Twelve standard deviations of the mean of so many uniform numbers.
        Assert.InRange(values.Average(), 0.469f, 0.531f);
    }

    [Fact]
    public void the_first_samples_are_the_same_however_many_are_drawn()
    {
        var model = new ProbedModel(folder).Input("x", [null, 3]).Input("z", [null, 2]);
        var many = model.Resolve(new ProbeOptions { Samples = 50, Seed = 7 });
        var few = model.Resolve(new ProbeOptions { Samples = 5, Seed = 7 });
        Assert.Equal(Floats(many.Inputs[1])[..10], Floats(few.Inputs[1]));
        Assert.NotEqual(Floats(few.Inputs[0])[..10], Floats(few.Inputs[1])[..10]);
        Assert.NotEqual(few.Provenance.Sha256, model.Resolve(new ProbeOptions { Samples = 5, Seed = 8 }).Provenance.Sha256);
        Assert.Equal(few.Provenance.Sha256, model.Resolve(new ProbeOptions { Samples = 5, Seed = 7 }).Provenance.Sha256);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void a_seed_may_be_negative(int seed)
    {
        var model = new ProbedModel(folder).Input("x", [null, 3]);
        Assert.NotEqual(
            model.Resolve(new ProbeOptions { Samples = 5, Seed = seed }).Provenance.Sha256,
            model.Resolve(new ProbeOptions { Samples = 5, Seed = 0 }).Provenance.Sha256);
    }

    [Fact]
    public void tokens_stay_within_the_vocabulary_and_masks_are_open()
    {
        var probe = new ProbedModel(folder)
            .Input("tokens", [null, 8], DataType.Int64, vocabulary: 99).Input("types", [null, 8], DataType.Int32)
            .Input("input_mask", [null, 8], DataType.Int64).Input("visible", [null, 8], DataType.Bool)
            .Resolve(new ProbeOptions { Samples = 100 });
        var tokens = Values<long>(probe.Inputs[0]);
        Assert.Equal((0, 98), (tokens.Min(), tokens.Max()));
        Assert.Equal([0, 1], Values<int>(probe.Inputs[1]).Distinct().Order());
        Assert.All(Values<long>(probe.Inputs[2]), value => Assert.Equal(1, value));
        Assert.All(Values<byte>(probe.Inputs[3]), value => Assert.Equal(1, value));
    }

    [Fact]
    public void other_floats_are_the_same_numbers_rounded()
    {
        var half = new ProbedModel(folder).Input("x", [null, 3], DataType.Float16).Resolve();
        var full = new ProbedModel(folder).Input("x", [null, 3]).Resolve();
        Assert.Equal(Floats(full.Inputs[0]).Select(value => (Half)value), Values<Half>(half.Inputs[0]));
    }

    [Fact]
    public void recorded_preprocessing_is_for_recorded_data_but_what_the_user_says_holds()
    {
        var model = new ProbedModel(folder) { Metadata = new() { Scale = 1f / 255 } };
        model.Input("x", [null, 3]);
        Assert.True(Floats(model.Resolve().Inputs[0]).Max() > 0.9f);
        Assert.True(Floats(model.Resolve(new ProbeOptions { Scale = 2, Mean = [1] }).Inputs[0]).Min() < -0.9f);
    }

    [Fact]
    public void what_cannot_be_drawn_is_named()
    {
        Assert.Contains(
            "takes string there, which no probe can feed",
            Assert.Throws<UserException>(() => new ProbedModel(folder).Input("x", [null, 1], DataType.String).Resolve()).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "take fewer (--samples)",
            Assert.Throws<UserException>(() => new ProbedModel(folder).Input("x", [null, 3, 4096, 4096]).Resolve()).Message,
            StringComparison.Ordinal);
        Assert.Throws<UsageException>(() =>
            new ProbedModel(folder).Input("x", [null, 1]).Resolve(new ProbeOptions { Labels = "y.csv" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProbeOptions { Samples = 0 });
    }
}
