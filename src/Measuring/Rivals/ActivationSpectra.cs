using System.Collections.Immutable;
using System.Numerics.Tensors;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Measuring.Statistics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Networks;
using Onnx;

namespace Emergence.Measuring.Rivals;

/// <summary>The ranks of the activations of each layer.</summary>
internal static class ActivationSpectra
{
    // 64 MB of sums, and as much from each run; what does not fit waits for another pass over the samples.
    private const long ProductsAtATime = 8 << 20;

    /// <summary>
    /// By layer name, the ranks; a layer is left out, with a note, where they are not known. Runs take one thread and as many
    /// samples as the model decides, so that no number depends on --threads or --batch.
    /// </summary>
    /// <param name="model">The model that runs.</param>
    /// <param name="graph">Its layers.</param>
    /// <param name="path">Its file.</param>
    /// <param name="settings">What a node is, and how the model runs.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="sessions">The device.</param>
    /// <param name="token">Ends the run in progress.</param>
    public static (ImmutableDictionary<string, ActivationSpectrum> Spectra, ImmutableArray<Diagnostic> Diagnostics) Of(
        ModelProto model, LayerGraph graph, string path, AnalysisSettings settings, Probe probe, SessionFactory sessions,
        CancellationToken token)
    {
        var plan = BatchPlan.Create(graph, probe.Samples, requested: 0);
        var made = model.Graph.Node.SelectMany(node => node.Output).Concat(model.Graph.Input.Select(input => input.Name))
            .ToHashSet(StringComparer.Ordinal);
        var spectra = ImmutableDictionary.CreateBuilder<string, ActivationSpectrum>(StringComparer.Ordinal);
        var diagnostics = ImmutableArray.CreateBuilder<Diagnostic>();
        var open = new List<TracedLayer>();
        foreach (var layer in graph.Layers)
        {
            if (WhyNot(layer) is { } reason)
                Leave(layer, reason);
            else
                open.Add(layer);
        }
        foreach (var group in Groups(open, settings.ConvNodes, ProductsAtATime))
        {
            try
            {
                foreach (var (layer, products) in group.Zip(
                    Products(model, graph, path, group, settings, probe, plan, sessions, token)))
                {
                    if (ActivationSpectrum.Of(new NodeLayout(layer, settings.ConvNodes).Nodes, products) is { } spectrum)
                        spectra.Add(layer.Name, spectrum);
                    else
                        Leave(layer, "all of its activations are zero, or one is not finite");
                }
            }
            catch (UserException e)
            {
                foreach (var layer in group)
                    Leave(layer, e.Message);
            }
        }
        return (spectra.ToImmutable(), diagnostics.ToImmutable());

        string? WhyNot(TracedLayer layer)
        {
            var layout = new NodeLayout(layer, settings.ConvNodes);
            return layout.Nodes > ActivationSpectrum.LargestWidth
                ? $"{layout.Nodes:N0} nodes are more than {ActivationSpectrum.LargestWidth:N0}"
                    + (layer.IsConvolution && layout.Positions > 1 ? "; with --conv-nodes filters it has fewer" : "")
                : !made.Contains(layer.Reading.Tensor) ? "it is inside the body of an If, Loop or Scan"
                : layout.BatchAxis < 0 && plan.Segments.Any(segment => segment.Rows is not null)
                    ? "its activations have no batch axis, so padding cannot be told from samples"
                : null;
        }

        void Leave(TracedLayer layer, string reason) =>
            diagnostics.Add(Diagnostic.Note(layer.Name, $"its activations have no rank: {reason}"));
    }

    /// <summary>Layers that share a pass: in a row, at most this many products together, and never less than one layer.</summary>
    internal static IEnumerable<ImmutableArray<TracedLayer>> Groups(
        IEnumerable<TracedLayer> layers, ConvNodes convNodes, long products)
    {
        var group = ImmutableArray.CreateBuilder<TracedLayer>();
        var size = 0L;
        foreach (var layer in layers)
        {
            var nodes = (long)new NodeLayout(layer, convNodes).Nodes;
            if (group.Count > 0 && size + nodes * nodes > products)
            {
                yield return group.DrainToImmutable();
                size = 0;
            }
            group.Add(layer);
            size += nodes * nodes;
        }
        if (group.Count > 0)
            yield return group.DrainToImmutable();
    }

    /// <summary>XᵀX of each layer, over all samples.</summary>
    private static double[][] Products(
        ModelProto model, LayerGraph graph, string path, ImmutableArray<TracedLayer> layers, AnalysisSettings settings,
        Probe probe, BatchPlan plan, SessionFactory sessions, CancellationToken token)
    {
        double[][] sums = [.. layers.Select(layer => new NodeLayout(layer, settings.ConvNodes).Nodes)
            .Select(nodes => new double[nodes * nodes])];
        using var runner = new ProbeRunner(graph.Inputs, probe, plan, path);
        foreach (var segments in plan.Segments.GroupBy(segment => segment.Rows))
        {
            var (appended, outputs) = ActivationProducts.Append(model, layers, settings.ConvNodes, segments.Key);
            using var session = sessions.WithThreads(1).Open(appended, path);
            foreach (var segment in segments)
                runner.Run(session, outputs, segment, Add, token);
        }
        return sums;

        void Add(RunOutputs run)
        {
            foreach (var (sum, output) in sums.Zip(run.Outputs))
                TensorPrimitives.Add(sum, output.GetTensorDataAsSpan<double>(), sum);
        }
    }
}
