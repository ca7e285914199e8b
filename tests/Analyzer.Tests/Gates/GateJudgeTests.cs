using System.Numerics;
using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Reports;
using Emergence.Analyzer.Series;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Gates;

public class GateJudgeTests
{
    // Past the range of a double, and apart by less than one could tell.
    private static readonly BigInteger Huge = BigInteger.Pow(10, 400);

    private static GateResult Judge(string gate, AnalysisOutcome outcome, GateBaseline? baseline = null) =>
        Assert.Single(new GateJudge(outcome.Series, baseline).Judge([GateParser.Parse(gate)]));

    [Theory]
    [InlineData("emergence == 0", true)]
    [InlineData("emergence > 0", false)]
    [InlineData("emergence.change == -20", true)]
    [InlineData("alive == 202", true)]
    [InlineData("dead != 0", false)]
    [InlineData("alive_share >= 100%", true)]
    [InlineData("accuracy < 0.9761", false)]
    [InlineData("accuracy <= 0.9761", true)]
    [InlineData("accuracy.change > 3.4", true)]
    [InlineData("accuracy.change >= 3.47", false)]
    [InlineData("relative_emergence == 0", true)]
    [InlineData("weight_change <= 1/10000000", true)]
    [InlineData("woke == 38", true)]
    [InlineData("epoch == 10", true)]
    [InlineData("dead_layers > 0", false)]
    [InlineData("zero_cause == all_alive", true)]
    [InlineData("verdict == cannot_tell", true)]
    [InlineData("verdict != cannot_tell", false)]
    [InlineData("layer(/fc2*).nodes == 64", true)]
    [InlineData("layer(*).alive < 11", true)]
    [InlineData("layer(*).alive_share < 1", false)]
    [InlineData("layer(/fc1/Gemm).alive.change == 32", true)]
    public void The_last_checkpoint_decides(string gate, bool isTripped)
    {
        var result = Judge(gate, SampleOutcome.Plain);
        Assert.Null(result.Problem);
        Assert.Equal(isTripped, result.IsTripped);
    }

    [Fact]
    public void Emergence_is_compared_exactly()
    {
        var outcome = SampleOutcome.Of(new AnalysisSettings(), SampleOutcome.Checkpoint(
            "a.onnx", 0, null, SampleOutcome.Chain(0.05f, new(Huge + 1), new(1, 3), 1, 1, 1)));
        Assert.True(Judge("emergence > 1e400", outcome).IsTripped);
        Assert.False(Judge($"emergence > {Huge + 1}", outcome).IsTripped);
        Assert.True(Judge("emergence_active == 1/3", outcome).IsTripped);
        Assert.True(Judge("emergence_active != 0.3333333333333333333333333333", outcome).IsTripped);
    }

    [Fact]
    public void A_measured_share_is_the_fraction_that_it_was()
    {
        // 0.95 as a double is a little less.
        var outcome = SampleOutcome.Of(new AnalysisSettings(), SampleOutcome.Checkpoint(
            "a.onnx", 0, 1000.0 / 1024, SampleOutcome.Chain(0.05f, new(0), new(0), 1, 1, 1)));
        Assert.True(Judge("accuracy == 1000/1024", outcome).IsTripped);
        Assert.Equal("19/20", Exact.OfShare(0.95, 3)!.Value.ToString());
        Assert.Equal("19/20", Exact.OfShare(0.95, 1000)!.Value.ToString());
    }

    [Theory]
    [InlineData("emergence_wired > 0", "emergence_wired of models/digits-mlp/ckpt_010.onnx is not known: it was not computed; "
        + "add --measures wired")]
    [InlineData("train_loss > 0", "train_loss of models/digits-mlp/ckpt_010.onnx is not known: the checkpoint does not record "
        + "it; write it into metadata_props when exporting")]
    [InlineData("layer(nowhere).alive < 0", "no layer matches 'nowhere'; expected one of /fc1/Gemm, /fc2/Gemm, /fc3/Gemm")]
    [InlineData("layer(/fc1/Gem).alive < 0", "no layer matches '/fc1/Gem'; did you mean '/fc1/Gemm'?")]
    public void What_is_not_known_is_never_green(string gate, string problem)
    {
        var result = Judge(gate, SampleOutcome.Plain);
        Assert.Equal(problem, result.Problem);
        Assert.Equal(gate.Contains("layer", StringComparison.Ordinal), result.MatchesNothing);
    }

    [Fact]
    public void An_accuracy_that_is_not_known_is_a_problem()
    {
        var outcome = SampleOutcome.Of(new AnalysisSettings(), SampleOutcome.Checkpoint(
            "a.onnx", 0, null, SampleOutcome.Chain(0.05f, new(0), new(0), 1, 1, 1)));
        Assert.EndsWith("; give --labels, or --data with labels", Judge("accuracy < 0.5", outcome).Problem,
            StringComparison.Ordinal);
        Assert.EndsWith("; give two or more, or --baseline results.json", Judge("alive.change < 0", outcome).Problem,
            StringComparison.Ordinal);
        Assert.EndsWith("give a series", Judge("verdict == settled", outcome).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_change_needs_the_same_samples()
    {
        var other = SampleOutcome.Plain.Series.Checkpoints[^1];
        other = other with { File = "other.onnx", Probe = other.Probe with { Sha256 = new string('e', 64) } };
        var outcome = SampleOutcome.Of(new AnalysisSettings(), SampleOutcome.Plain.Series.Checkpoints[0], other);
        Assert.Contains("was measured on other samples", Judge("emergence.change < 0", outcome).Problem,
            StringComparison.Ordinal);
        Assert.Null(Judge("parameters.change < 0", outcome).Problem);
    }

    [Fact]
    public void A_baseline_is_compared_with_its_last_checkpoint()
    {
        var baseline = new GateBaseline("results.json", SampleOutcome.Plain.Series);
        var outcome = SampleOutcome.Of(new AnalysisSettings(), SampleOutcome.Plain.Series.Checkpoints[0]);
        Assert.Equal(("-4369/50", true), ValueOf(Judge("accuracy.change < -87", outcome, baseline)));
        Assert.Equal(("33260", false), ValueOf(Judge("emergence.change <= 0", outcome, baseline)));

        static (string, bool) ValueOf(GateResult result) => (Assert.Single(result.Findings).Value, result.IsTripped);
    }

    [Fact]
    public void Each_threshold_is_judged()
    {
        var results = new GateJudge(SampleOutcome.Odd.Series, null).Judge([GateParser.Parse("emergence == 0")]);
        Assert.Equal([(0f, false), (0.05f, true)], results.Select(result => (result.Threshold, result.IsTripped)));
    }

    [Fact]
    public void A_reason_says_the_value()
    {
        // (80 + 50 + 10) of (128 + 64 + 10).
        Assert.Equal(["alive_share is 0.693069 (70/101)"], Judge("alive_share < 0.7",
            SampleOutcome.Of(new AnalysisSettings(), SampleOutcome.Plain.Series.Checkpoints[0])).Reasons);
        Assert.Equal(["emergence is 1.00000E+400"], Judge("emergence > 0", SampleOutcome.Of(new AnalysisSettings(),
            SampleOutcome.Checkpoint("a.onnx", 0, null, SampleOutcome.Chain(0.05f, new(Huge), new(0), 1, 1, 1)))).Reasons);
    }

    [Fact]
    public void Words_are_those_of_the_reports()
    {
        Assert.Equal(Enum.GetValues<VerdictKind>().Select(Spelling.Of),
            GateWords.All.Single(word => word.Name == "verdict").Choices);
        Assert.Equal(Enum.GetValues<ZeroCause>().Select(cause => Spelling.Of(cause) ?? "none"),
            GateWords.All.Single(word => word.Name == "zero_cause").Choices);
    }

    [Fact]
    public void Names_are_unique()
    {
        Assert.Distinct(GateNumbers.OfNetwork.Select(number => number.Name).Concat(GateWords.All.Select(word => word.Name)));
        Assert.Distinct(GateNumbers.OfLayer.Select(number => number.Name));
    }
}
