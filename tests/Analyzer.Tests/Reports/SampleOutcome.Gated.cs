using Emergence.Analyzer.Gates;
using Emergence.Checkpoints;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Tests.Reports;

internal static partial class SampleOutcome
{
    /// <summary>A pipeline's: gates that trip, pass and cannot be judged, a dead layer, warnings, a failure, an epoch of a
    /// name, and names that every format has to escape.</summary>
    public static AnalysisOutcome Gated { get; } = Judged(
        Of(
            new AnalysisSettings(),
            Checkpoint("runs/a <b>|&/x%20-7.onnx", 7, 0.95, Chain(0.05f, new(33260), new(26540), 80, 50, 10)) with
            {
                IsEpochOfName = true,
            },
            Checkpoint("runs/a <b>|&/x%20-8.onnx", 8, 0.925, NamedOddly(Chain(0.05f, new(33260, 7), new(26540), 80, 0, 0))) with
            {
                IsEpochOfName = true,
                Diagnostics =
                [
                    Diagnostic.Warning("node 'x' (\"Odd\")", "is not known; the layer is read without it"),
                    Diagnostic.Note("epoch", "is the step number in the file's name"),
                ],
            }) with
        {
            Failures = [new FailedCheckpoint("runs/c.onnx", "runs/c.onnx: is empty; export it again")],
        },
        "emergence < 4752", "alive_share < 10%", "accuracy.change < -1", "layer(*).alive == 0", "layer(nothing).alive == 0",
        "emergence_wired > 0");

    private static AnalysisOutcome Judged(AnalysisOutcome outcome, params string[] gates) =>
        outcome with { Gates = new GateJudge(outcome.Series, null).Judge([.. gates.Select(GateParser.Parse)]) };

    private static Measurement NamedOddly(Measurement measurement) =>
        measurement with
        {
            Layers = [measurement.Layers[0], measurement.Layers[1] with { Name = "fc2\\\"<|>\"" }, measurement.Layers[2]],
        };
}
