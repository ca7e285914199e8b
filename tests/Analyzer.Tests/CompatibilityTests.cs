using System.Globalization;
using System.Text;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Values;

namespace Emergence.Analyzer.Tests;

/// <summary>
/// Models that other programs exported, from file to emergence. <c>EMERGENCE_RENEW_GOLDENS=1</c> writes
/// docs/compatibility.md again; otherwise it must say what is measured.
/// </summary>
public class CompatibilityTests
{
    [Fact]
    public async Task Every_model_analyses_and_docs_compatibility_says_so()
    {
        var text = new StringBuilder("""
            # Models from other exporters

            Every file is analyzed on eight random samples; a test fails where one does not, or where this table is not what it
            measures. Made by `EMERGENCE_RENEW_GOLDENS=1 dotnet test` with the foreign models beside the repository. "Traced" and
            "in no layer" count the stored elements of weighted operators, tied ones once.

            | model | exporter | opset | layers | nodes | edges | identity | parameters traced | in no layer | warnings |
            | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |

            """);
        var models = SharedModels.Analysable();
        Assert.Equal(32, models.Length);
        foreach (var name in models)
        {
            var row = await Row(SharedFiles.Require(["models", .. name.Split('/')]));
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {row.Producer} | {row.Opset} | {row.Numbers} |\n");
        }
        text.Append("""

            Small models made after kinds of faults that were met on files from elsewhere:

            | model | layers | nodes | edges | identity | parameters traced | in no layer | warnings |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |

            """);
        var made = SharedFiles.Under("cases/foreign", "*.onnx").Concat(SharedFiles.Under("cases/foreign3", "*.onnx")).ToArray();
        Assert.Equal(45, made.Length);
        foreach (var name in made)
            text.Append(CultureInfo.InvariantCulture,
                $"| {name["cases/".Length..]} | {(await Row(SharedFiles.Require(name.Split('/')))).Numbers} |\n");
        text.Append("\nThese are no neural networks that can be run; each ends in one line:\n\n");
        foreach (var name in SharedModels.Odd())
        {
            var path = SharedFiles.Require(["models", .. name.Split('/')]);
            var error = Assert.ThrowsAny<UserException>(() => LayerInspection.Of(path, new TraceOptions()));
            Assert.DoesNotContain('\n', error.Message);
            var message = error.Message.Replace(path, Path.GetFileName(path), StringComparison.Ordinal)
                .Replace(Path.GetDirectoryName(path) + "/", "", StringComparison.Ordinal);
            text.Append($"- `{name}`: {message}\n");
        }
        var document = Path.Combine(SharedFiles.Repository, "docs", "compatibility.md");
        if (Environment.GetEnvironmentVariable("EMERGENCE_RENEW_GOLDENS") == "1")
            File.WriteAllText(document, text.ToString());
        Assert.Equal(File.ReadAllText(document), text.ToString());
    }

    /// <summary>Analyzes and inspects a model; the numbers as cells of a table.</summary>
    private static async Task<(string Producer, string Opset, string Numbers)> Row(string path)
    {
        var request = new AnalysisRequest([path], new AnalysisSettings { Device = Device.Cpu },
            new ProbeOptions { Samples = 8, Data = ForeignCases.DataOf(path) });
        var outcome = await Analysis.RunAsync(request, null, TestContext.Current.CancellationToken);
        Assert.True(outcome.Failures.IsEmpty, outcome.Failures.FirstOrDefault()?.Message);
        var inspection = LayerInspection.Of(path, new TraceOptions());
        var graph = inspection.Graph;
        Assert.NotEmpty(graph.Layers);
        // Every weight is traced, or counted and named as in no layer.
        var traced = graph.Parameters.Select(parameter => parameter.Tensor).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(Weights(path).Where(weight => !traced.Contains(weight.Key)).Sum(weight => weight.Value),
            graph.UntracedParameters);
        var nodes = graph.Layers.Sum(layer => (long)layer.Channels * layer.Positions);
        Assert.Equal(nodes, outcome.Series.Checkpoints[0].Measurements[0].Nodes);
        var identity = graph.Edges.Count(edge => edge.Kind == EdgeKind.Identity);
        var warnings = graph.Diagnostics.Count(diagnostic => diagnostic.Severity == Severity.Warning);
        return (inspection.Producer, inspection.Opsets[0].Split(':')[1], string.Create(CultureInfo.InvariantCulture,
            $"{graph.Layers.Length} | {nodes} | {graph.Edges.Length - identity} | {identity} | {inspection.ParametersTraced} "
            + $"| {graph.UntracedParameters} | {warnings}"));
    }

    /// <summary>The stored numbers that the operators of layers read, and how many, by a way of its own: no trace.</summary>
    private static Dictionary<string, long> Weights(string path)
    {
        var checkpoint = Checkpoint.Open(path);
        var stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        var producers = checkpoint.Model.Graph.Node.SelectMany(node => node.Output, (node, output) => (node, output))
            .Where(pair => pair.output.Length > 0).ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);
        var weights = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var node in checkpoint.Model.Graph.Node.Where(node =>
            OpRules.Find(node.Domain, node.OpType)?.Kind == OpKind.Layer))
        {
            foreach (var (i, input) in node.Input.Index()
                .Where(input => input.Item.Length > 0 && !Quantizations.IsScale(node, input.Index)))
            {
                // An initial state of zeros is what is taken where none is given.
                if (node.OpType is "LSTM" or "GRU" or "RNN" && i is 5 or 6 && stored.Contains(input)
                    && stored.Doubles(input).All(value => value == 0))
                    continue;
                // Weights stand behind reshapes, casts and the like, whose further inputs are shapes and scales.
                var name = input;
                while (!stored.Contains(name) && producers.TryGetValue(name, out var producer)
                    && producer.OpType is "Reshape" or "Cast" or "Transpose" or "Identity" or "DequantizeLinear")
                    name = producer.Input[0];
                if (!stored.Contains(name) || !ParameterCounts.IsNumber(stored.ElementType(name)))
                    continue;
                var count = stored.Dims(name).Aggregate(1L, (product, size) => product * size);
                if (count > 1)
                    weights[name] = count;
            }
        }
        return weights;
    }
}
