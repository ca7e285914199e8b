using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Emergence.Analyzer.Metrics;
using Emergence.CommandLine;
using Emergence.Measuring.Statistics;

namespace Emergence.Analyzer.Reports;

/// <summary>
/// The last checkpoint as gauges in Prometheus' text format, for a textfile collector or a push gateway. Labels do not name the
/// checkpoint, so that each gauge is one series over the run; <c>emergence_checkpoint_info</c> names it.
/// </summary>
internal static class PrometheusReport
{
    public static void Write(AnalysisOutcome outcome, Stream stream)
    {
        var text = new StringBuilder();
        if (outcome.Series.Checkpoints is [.., var last])
            AppendCheckpoint(text, last, outcome);
        Append(text, "emergence_checkpoints", "Checkpoints that were analyzed.", [("", outcome.Series.Checkpoints.Length)]);
        Append(text, "emergence_failures", "Checkpoints that could not be analyzed.", [("", outcome.Failures.Length)]);
        stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void AppendCheckpoint(StringBuilder text, CheckpointResult last, AnalysisOutcome outcome)
    {
        Append(text, "emergence_checkpoint_info", "The checkpoint that the other gauges are of.",
            [(Labels(("file", last.File), ("sha256", last.Sha256)), 1)]);
        Append(text, "emergence_epoch", "Its epoch.", [("", last.Epoch)]);
        Append(text, "emergence_accuracy", "Accuracy measured on the samples, from 0 to 1.", [("", last.Accuracy)]);
        Append(text, "emergence_parameters", "Parameters of the traced layers.", [("", last.Parameters)]);
        Append(text, "emergence_parameters_nonzero", "Those that are not zero.", [("", last.ParametersNonzero)]);
        Each("emergence_value", "E, as the nearest float.", measurement => Float(measurement.Emergence));
        Each("emergence_log10", "log10 of E; absent for E = 0.", measurement => measurement.Emergence.Log10);
        Each("emergence_active", "E_H, as the nearest float.", measurement => Float(measurement.EmergenceActive));
        Each("emergence_relative", "E over the non-zero parameters.", measurement => measurement.RelativeEmergence);
        Each("emergence_relative_all", "E over all parameters.", measurement => measurement.RelativeEmergenceAll);
        Each("emergence_nodes", "Nodes of all layers.", measurement => measurement.Nodes);
        Each("emergence_alive_nodes", "Alive nodes of all layers.", measurement => measurement.Alive);
        Each("emergence_not_finite_nodes", "Nodes with an activation that is NaN or infinite.",
            measurement => measurement.NodesNan + measurement.NodesInf);
        Append(text, "emergence_layer_alive_share", "Alive nodes of a layer over its nodes.",
            last.Measurements.SelectMany(measurement => measurement.Layers, (measurement, layer) =>
                (Labels(("threshold", NumberText.Exact(measurement.Threshold)), ("layer", layer.Name)),
                    (double?)layer.Alive / layer.Nodes)));
        Append(text, "emergence_verdict", "1 for the verdict that the series has.", outcome.Verdicts.Index().Select(verdict =>
            (Labels(("threshold", NumberText.Exact(outcome.Series.Settings.Thresholds[verdict.Index])),
                ("verdict", Spelling.Of(verdict.Item.Kind))), (double?)1)));
        Append(text, "emergence_gate_tripped", "1 where a condition of --fail-on is met, NaN where it cannot be judged.",
            outcome.Gates.DistinctBy(gate => (gate.Expression, gate.Threshold)).Select(gate =>
                (Labels(("threshold", NumberText.Exact(gate.Threshold)), ("gate", gate.Expression)),
                    (double?)(gate.Problem is not null ? double.NaN : gate.IsTripped ? 1 : 0))));

        void Each(string name, string help, Func<Measurement, double?> of) => Append(text, name, help, last.Measurements.Select(
            measurement => (Labels(("threshold", NumberText.Exact(measurement.Threshold))), of(measurement))));
    }

    // Past the range of a double the format has a word.
    private static double Float(EmergenceValue value) => value.ToDouble() ?? double.PositiveInfinity;

    /// <summary>A gauge; a value that is not known is left out, and a gauge without values too.</summary>
    private static void Append(StringBuilder text, string name, string help, IEnumerable<(string Labels, double? Value)> values)
    {
        var known = values.Where(pair => pair.Value is not null).ToImmutableArray();
        if (known.IsEmpty)
            return;
        text.Append($"# HELP {name} {help}\n# TYPE {name} gauge\n");
        foreach (var (labels, value) in known)
            text.Append($"{name}{labels} {Number(value!.Value)}\n");
    }

    private static string Number(double value) =>
        double.IsNaN(value) ? "NaN"
        : double.IsPositiveInfinity(value) ? "+Inf"
        : double.IsNegativeInfinity(value) ? "-Inf"
        : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Labels(params (string Name, string Value)[] labels) =>
        $"{{{string.Join(',', labels.Select(label => $"{label.Name}=\"{Escaped(label.Value)}\""))}}}";

    private static string Escaped(string value) => Printable.Of(value)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
