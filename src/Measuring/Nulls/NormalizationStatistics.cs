using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Measuring.Nulls;

/// <summary>
/// Computes the stored means and variances of batch normalizations again, as a training step does: from one run of samples,
/// through the normalizations before them.
/// </summary>
internal sealed class NormalizationStatistics
{
    private readonly ImmutableArray<string> nodes;
    private readonly ImmutableDictionary<string, int> ranks;

    /// <summary>Finds the normalizations of a model whose statistics are stored.</summary>
    /// <param name="checkpoint">The prepared checkpoint.</param>
    /// <param name="traced">Its trace.</param>
    public NormalizationStatistics(Checkpoint checkpoint, TracedModel traced)
    {
        var stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        var all = checkpoint.Model.Graph.SelfAndSubGraphs().SelectMany(graph => graph.Node).Where(IsNormalization).ToArray();
        var known = checkpoint.Model.Graph.Node.Where(node => IsNormalization(node) && stored.Contains(node.Input[3])
            && stored.Contains(node.Input[4]) && new AttributeReader(node).Int("spatial", 1) == 1
            && traced.Tensors.GetValueOrDefault(node.Input[0]) is { HasShape: true, Rank: >= 2 }).ToArray();
        nodes = [.. known.Select(node => node.Output[0])];
        ranks = known.ToImmutableDictionary(node => node.Output[0], node => traced.Tensors[node.Input[0]].Rank);
        Others = all.Length - known.Length;
    }

    /// <summary>How many there are.</summary>
    public int Count => nodes.Length;

    /// <summary>How many there are whose statistics cannot be computed again: they stay.</summary>
    public int Others { get; }

    /// <summary>How many samples of a probe one run takes; 0 where it takes too few for a variance.</summary>
    public static int SamplesOf(LayerGraph graph, Probe probe)
    {
        var plan = BatchPlan.Create(graph, probe.Samples, requested: 0);
        var samples = plan.FixedBatch ?? Math.Min(plan.Segments[0].RunSize, probe.Samples);
        return samples > 1 && samples <= probe.Samples ? samples : 0;
    }

    /// <summary>A copy of a model with the statistics that its own activations have.</summary>
    /// <param name="model">The model, in the form that runs.</param>
    /// <param name="graph">Its inputs.</param>
    /// <param name="probe">The samples; the first ones are used.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="token">Ends the run in progress.</param>
    public ModelProto Recompute(
        ModelProto model, LayerGraph graph, Probe probe, SessionFactory sessions, string path, CancellationToken token)
    {
        var samples = SamplesOf(graph, probe);
        var result = model.Clone();
        var names = new FreshNames(result.Graph);
        var outputs = new List<(NodeProto Node, string Mean, string Variance)>();
        var training = Training(model, names, outputs);
        var first = First(probe, samples);
        using var session = sessions.Open(training, path);
        using var runner = new ProbeRunner(graph.Inputs, first, BatchPlan.Create(graph, samples, requested: 0), path);
        var wanted = outputs.SelectMany(output => new[] { output.Mean, output.Variance }).ToArray();
        var values = new List<double>();
        foreach (var segment in BatchPlan.Create(graph, samples, requested: 0).Segments.Take(1))
            runner.Run(session, wanted, segment, Receive, token);
        return result;

        void Receive(RunOutputs run)
        {
            foreach (var (index, (node, mean, variance)) in outputs.Index())
            {
                var own = result.Graph.Node.Single(other => other.Output.Contains(node.Output[0]));
                Store(own, 3, mean, run, 2 * index);
                Store(own, 4, variance, run, 2 * index + 1);
            }
        }

        void Store(NodeProto node, int input, string name, RunOutputs run, int output)
        {
            OutputValues.Read(run.Outputs[output], values);
            var type = (DataType)run.Outputs[output].GetTensorTypeAndShape().ElementDataType;
            var empty = TensorValues.FromRaw(name, type, [values.Count],
                new byte[values.Count * ElementTypes.Bits((int)type) / 8]);
            StoredValues.Add(result, TensorValues.WithDoubles(empty, [.. values]));
            node.Input[input] = name;
        }
    }

    private ModelProto Training(ModelProto model, FreshNames names, List<(NodeProto, string, string)> outputs)
    {
        var result = model.Clone();
        var graph = result.Graph;
        var opset = result.OpsetImport.First(import => import.Domain is "" or "ai.onnx").Version;
        graph.Output.Clear();
        for (var i = 0; i < graph.Node.Count; i++)
        {
            var node = graph.Node[i];
            if (!IsNormalization(node) || !nodes.Contains(node.Output[0]))
                continue;
            int[] axes = [0, .. Enumerable.Range(2, ranks[node.Output[0]] - 2)];
            var kept = Mean(node.Input[0], isKept: true);
            var (deviation, square) = (names.Next("deviation"), names.Next("square"));
            graph.Node.Insert(i++, New("Sub", [node.Input[0], kept], deviation));
            graph.Node.Insert(i++, New("Mul", [deviation, deviation], square));
            var (mean, variance) = (Mean(node.Input[0], isKept: false), Mean(square, isKept: false));
            (node.Input[3], node.Input[4]) = (mean, variance);
            outputs.Add((node, mean, variance));
            graph.Output.Add([new ValueInfoProto { Name = mean }, new ValueInfoProto { Name = variance }]);

            string Mean(string x, bool isKept)
            {
                var reduced = names.Next("statistic");
                var reduce = New("ReduceMean", [x], reduced);
                reduce.Attribute.Add(AttributeProto.Of("keepdims", isKept ? 1 : 0));
                if (opset >= 18)
                {
                    var constant = names.Next("axes");
                    StoredValues.Add(result, TensorValues.FromLongs(constant, [axes.Length], [.. axes.Select(axis =>
                        (long)axis)]));
                    reduce.Input.Add(constant);
                }
                else
                {
                    reduce.Attribute.Add(AttributeProto.Of("axes", [.. axes.Select(axis => (long)axis)]));
                }
                graph.Node.Insert(i++, reduce);
                return reduced;
            }
        }
        return result;
    }

    private static NodeProto New(string op, string[] inputs, string output) =>
        new() { OpType = op, Input = { inputs }, Output = { output } };

    private static bool IsNormalization(NodeProto node) =>
        node is { OpType: "BatchNormalization", Domain: "" or "ai.onnx", Input.Count: 5 }
        && new AttributeReader(node).Int("training_mode", 0) == 0;

    private static Probe First(Probe probe, int samples) => probe with
    {
        Samples = samples,
        Labels = null,
    };
}
