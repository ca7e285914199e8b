using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Rewriting;
using Microsoft.ML.OnnxRuntime;
using Onnx;

namespace Emergence.Analyzer.Tests.Instrumentation;

/// <summary>Counters are added beside what the model computes: its own outputs stay what they were.</summary>
public class PurityTests
{
    [Theory]
    [InlineData(Optimization.None, 0.0)]
    [InlineData(Optimization.Default, 1e-5)]
    public void Instrumenting_changes_no_output_of_any_model(Optimization optimization, double tolerance)
    {
        var compared = 0;
        foreach (var name in SharedModels.Analysable())
        {
            var path = SharedFiles.Require(["models", .. name.Split('/')]);
            var checkpoint = ModelPreparation.Prepare(Checkpoint.Open(path));
            var graph = LayerTracer.Trace(checkpoint, new TraceOptions());
            var probe = SharedModels.RandomProbe(graph, samples: 1);
            var instrumented = Instrumenter.Instrument(checkpoint.Model, graph.Layers, new CountingOptions
            {
                Counters = [new Counter(CounterKind.Sum), new Counter(CounterKind.Max)],
                KeepOutputs = true,
            });
            var sessions = SessionFactory.Create(new AnalysisSettings { Device = Device.Cpu, Optimization = optimization });
            var outputs = Steady(checkpoint.Model);
            var before = Run(sessions, checkpoint.Model, path, graph, probe, outputs);
            var after = Run(sessions, instrumented.Model, path, graph, probe, outputs);
            foreach (var (output, x, y) in outputs.Zip(before, after))
            {
                Assert.Equal(x.Length, y.Length);
                // Relative to the output as a whole: a value near zero has no digits to lose.
                var scale = x.Select(Math.Abs).DefaultIfEmpty(0).Max();
                for (var i = 0; i < x.Length; i++)
                    Assert.True(x[i].Equals(y[i]) || Math.Abs(x[i] - y[i]) <= tolerance * scale,
                        $"{name}, output {output}[{i}]: {x[i]} became {y[i]}");
                compared += x.Length;
            }
        }
        Assert.True(compared > 10_000, $"only {compared} values compared");
    }

    /// <summary>The outputs of floating-point numbers that hang on no random operator.</summary>
    private static ImmutableArray<string> Steady(ModelProto model)
    {
        var random = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in model.Graph.Node.Where(node =>
            node.OpType.StartsWith("Random", StringComparison.Ordinal) || node.Input.Any(random.Contains)))
            random.UnionWith(node.Output);
        return [.. model.Graph.Output.Where(output => output.Type.TensorType?.ElemType is 1 or 10)
            .Select(output => output.Name)
            .Where(name => !random.Contains(name))];
    }

    private static double[][] Run(SessionFactory sessions, ModelProto model, string path, LayerGraph graph, Probe probe,
        ImmutableArray<string> outputs)
    {
        using var session = sessions.Open(model, path);
        using var options = new RunOptions();
        int Rows(ModelInput input) => input.BatchAxis >= 0 ? (int)(input.Shape[input.BatchAxis] ?? 1) : 1;
        var feeds = graph.Inputs.Zip(probe.Inputs, (input, values) => new InputFeed(input, values, Rows(input))).ToArray();
        try
        {
            using var results = session.Run(options, [.. feeds.Select(feed => feed.Name)],
                [.. feeds.Zip(graph.Inputs, (feed, input) => feed.Fill(0, 1, Rows(input)))], outputs);
            return [.. results.Select(Values)];
        }
        finally
        {
            Array.ForEach(feeds, feed => feed.Dispose());
        }
    }

    private static double[] Values(OrtValue value) =>
        value.GetTensorTypeAndShape().ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float16
        ? [.. MemoryMarshal.Cast<Float16, Half>(value.GetTensorDataAsSpan<Float16>()).ToArray().Select(x => (double)x)]
        : [.. value.GetTensorDataAsSpan<float>().ToArray().Select(x => (double)x)];
}
