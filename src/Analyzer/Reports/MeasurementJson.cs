using System.Text.Json;
using Emergence.Analyzer.Metrics;
using Emergence.Measuring.Statistics;
using static Emergence.Analyzer.Reports.JsonFields;

namespace Emergence.Analyzer.Reports;

/// <summary>What <c>results.json</c> holds of a checkpoint under one threshold, layers included.</summary>
internal static class MeasurementJson
{
    public static void Write(Utf8JsonWriter json, Measurement measurement)
    {
        json.WriteNumber("threshold", measurement.Threshold);
        json.WriteNumber("nodes", measurement.Nodes);
        json.WriteNumber("alive", measurement.Alive);
        Number(json, "alive_low", measurement.Intervals?.Alive.Low);
        Number(json, "alive_high", measurement.Intervals?.Alive.High);
        json.WriteNumber("borderline", measurement.Borderline);
        json.WriteNumber("nodes_nan", measurement.NodesNan);
        json.WriteNumber("nodes_inf", measurement.NodesInf);
        Number(json, "alive_by_bias", measurement.AliveByBias);
        Flat(json, "emergence", measurement.Emergence);
        json.WriteString("emergence_low", Rounded(measurement.Intervals?.Emergence.Low));
        json.WriteString("emergence_high", Rounded(measurement.Intervals?.Emergence.High));
        json.WriteString("zero_cause", Spelling.Of(measurement.ZeroCause));
        Flat(json, "emergence_active", measurement.EmergenceActive);
        json.WriteString("emergence_active_low", Rounded(measurement.Intervals?.EmergenceActive.Low));
        json.WriteString("emergence_active_high", Rounded(measurement.Intervals?.EmergenceActive.High));
        Flat(json, "emergence_wired", measurement.EmergenceWired);
        PerSample(json, measurement.PerSample);
        Contributions(json, measurement.Contributions);
        Array(json, "nulls", measurement.Nulls, result => NullJson.Write(json, result));
        SpectrumJson.Write(json, measurement.Rivals);
        Number(json, "relative_emergence", measurement.RelativeEmergence);
        Number(json, "relative_emergence_all", measurement.RelativeEmergenceAll);
        Number(json, "activation_change", measurement.ActivationChange);
        Number(json, "never_fired", measurement.NeverFired);
        json.WriteString("emergence_change", measurement.Step?.Change.ToString());
        json.WriteString("structure_change", measurement.Step?.Structure.ToString());
        LargestNode(json, measurement.Step?.Split);
        Number(json, "woke", measurement.Woke);
        Number(json, "died", measurement.Died);
        Array(json, "layers", measurement.Layers,
            layer => Write(json, layer, measurement.Step?.Split?.Layers[layer.Index].Contribution));
    }

    private static void Write(Utf8JsonWriter json, LayerResult layer, EmergenceChange? contribution)
    {
        json.WriteNumber("index", layer.Index);
        json.WriteString("name", layer.Name);
        json.WriteString("op", layer.Op);
        json.WriteString("activation", layer.Activation);
        json.WriteNumber("nodes", layer.Nodes);
        json.WriteNumber("alive", layer.Alive);
        Number(json, "alive_low", layer.AliveInterval?.Low);
        Number(json, "alive_high", layer.AliveInterval?.High);
        json.WriteNumber("multiplicity", layer.Multiplicity);
        json.WriteNumber("alive_multiplicity", layer.AliveMultiplicity);
        json.WriteNumber("borderline", layer.Borderline);
        json.WriteNumber("nodes_nan", layer.NodesNan);
        json.WriteNumber("nodes_inf", layer.NodesInf);
        Number(json, "alive_by_bias", layer.AliveByBias);
        Number(json, "emergence_share", layer.EmergenceShare);
        Number(json, "never_fired", layer.NeverFired);
        json.WriteString("slope", layer.Slope?.ToString());
        json.WriteString("contribution", contribution?.ToString());
        Number(json, "woke", layer.Woke);
        Number(json, "died", layer.Died);
        json.WriteNumber("parameters", layer.Parameters);
        json.WriteNumber("parameters_nonzero", layer.ParametersNonzero);
        Number(json, "activation_mean", layer.ActivationMean);
        Number(json, "activation_max", layer.ActivationMax);
        SpectrumJson.Write(json, layer);
        if (layer.Mask is { } mask)
            json.WriteBase64String("alive_mask", mask.ToBytes());
        else
            json.WriteNull("alive_mask");
    }

    private static void LargestNode(Utf8JsonWriter json, EmergenceSplit? split)
    {
        if (split?.Largest is not { } node)
        {
            json.WriteNull("largest_node");
            return;
        }
        json.WriteStartObject("largest_node");
        json.WriteNumber("layer", node.Layer);
        Number(json, "node", node.Node);
        json.WriteBoolean("became_alive", node.BecameAlive);
        json.WriteString("contribution", node.Contribution.ToString());
        json.WriteNumber("share", split.LargestShare);
        json.WriteEndObject();
    }

    private static void PerSample(Utf8JsonWriter json, SampleEmergence? perSample)
    {
        if (perSample is null)
        {
            json.WriteNull("per_sample");
            return;
        }
        json.WriteStartObject("per_sample");
        json.WriteNumber("samples", perSample.Emergence.Samples);
        Distribution(json, "emergence", perSample.Emergence);
        Distribution(json, "emergence_active", perSample.EmergenceActive);
        json.WriteEndObject();
    }

    private static void Contributions(Utf8JsonWriter json, Contributions? contributions)
    {
        if (contributions is null)
        {
            json.WriteNull("contributions");
            return;
        }
        var pairs =
            from start in Enumerable.Range(0, contributions.Layers)
            from end in Enumerable.Range(0, contributions.Layers)
            let value = contributions[start, end]
            where !value.IsZero
            select (start, end, value);
        Array(json, "contributions", pairs, pair =>
        {
            json.WriteNumber("from", pair.start);
            json.WriteNumber("to", pair.end);
            json.WriteString("emergence", Rounded(pair.value));
            Number(json, "log10", pair.value.Log10);
        });
    }

    private static void Distribution(Utf8JsonWriter json, string name, SampleDistribution distribution)
    {
        json.WriteStartObject(name);
        Number(json, "mean", distribution.Mean.ToDouble());
        Number(json, "sd", distribution.StandardDeviation);
        json.WriteString("min", Rounded(distribution.Quantile(0)));
        json.WriteString("q05", Rounded(distribution.Quantile(5)));
        json.WriteString("q25", Rounded(distribution.Quantile(25)));
        json.WriteString("q50", Rounded(distribution.Quantile(50)));
        json.WriteString("q75", Rounded(distribution.Quantile(75)));
        json.WriteString("q95", Rounded(distribution.Quantile(95)));
        json.WriteString("max", Rounded(distribution.Quantile(100)));
        json.WriteEndObject();
    }
}
