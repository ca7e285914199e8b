using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.LayerReadings;
using Emergence.Tracing.Model;
using Emergence.Tracing.Operators;
using Emergence.Tracing.Rewriting;
using Emergence.Tracing.Samples;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Tracing;

/// <summary>What the user may say of a trace.</summary>
public sealed record TraceOptions
{
    /// <summary>Sizes of free dimensions by name, 1 or more.</summary>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ImmutableDictionary<string, int> Dimensions
    {
        get;
        init => field = value is not null && value.Values.All(size => size >= 1)
            ? value
            : throw new ArgumentException("expected sizes of 1 or more", nameof(Dimensions));
    } = ImmutableDictionary<string, int>.Empty;

    /// <summary>The batch axis of inputs by name, where it is known from elsewhere; -1 for an input without one.</summary>
    public ImmutableDictionary<string, int> BatchAxes { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Whether the network's floating-point inputs count as layers.</summary>
    public bool IncludeInput { get; init; }

    /// <summary>
    /// Measures the shapes that do not follow from the file; null: what the file claims of them is taken, with a warning.
    /// </summary>
    public ShapeMeasurement? MeasureShapes { get; init; }
}

/// <summary>Follows an ONNX graph from its inputs and finds its layers and how they feed each other. Runs nothing.</summary>
public static class LayerTracer
{
    // A batch that no other axis is likely to have: where a reshape mixes the axes up, the factors still tell them apart.
    private const int Batch = 3;

    private const string ReachesNone = "is no layer: it reaches no output of the model";

    /// <summary>
    /// Traces a checkpoint as <see cref="ModelPreparation"/> leaves it. To run what was traced, prepare the checkpoint
    /// first and run that: tensors may be read that the file itself has no name for.
    /// </summary>
    /// <exception cref="UserException">The graph is damaged, or has no layer that could be traced.</exception>
    public static LayerGraph Trace(Checkpoint checkpoint, TraceOptions options)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(options);
        return TraceFully(checkpoint, options).Graph;
    }

    /// <summary>Traces a checkpoint and keeps what is known of every tensor.</summary>
    internal static TracedModel TraceFully(Checkpoint checkpoint, TraceOptions options)
    {
        checkpoint = ModelPreparation.Prepare(checkpoint);
        return Named(checkpoint, () =>
        {
            var traced = Run(checkpoint, options, Measured.Nothing(null));
            if (traced.Unmeasured.Count > 0)
                traced = Run(checkpoint, options, Measure(checkpoint, traced, options));
            if (traced.Graph.Layers.IsEmpty)
                throw new UserException($"{checkpoint.FileName}: no layer found: {WhyNone(checkpoint.Model, traced)}");
            return traced;
        });
    }

    /// <summary>The inputs of a checkpoint as far as they are known without a trace.</summary>
    /// <exception cref="UserException">They are damaged.</exception>
    internal static ImmutableArray<ModelInput> InputsOf(Checkpoint checkpoint, TraceOptions options) => Named(checkpoint,
        () => InputBinding.Of(checkpoint.Model, options.Dimensions, options.BatchAxes, Batch).Inputs);

    /// <summary>Says in one line for the user what is wrong with a damaged file.</summary>
    private static T Named<T>(Checkpoint checkpoint, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (TraceException e)
        {
            var remedy = e.Message.Contains(';', StringComparison.Ordinal) ? "" : "; check the file with onnx.checker";
            throw new UserException($"{checkpoint.FileName}: {e.Message}{remedy}", e);
        }
        catch (OverflowException e)
        {
            // Sizes are checked integers: a tensor of 2³¹ elements is damage, or more than any runtime takes.
            throw new UserException(
                $"{checkpoint.FileName}: its tensors have more than {int.MaxValue} elements; check the file with onnx.checker",
                e);
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            throw new UserException(
                $"{checkpoint.FileName}: cannot be traced: {TraceException.Finding(e)}; check the file with onnx.checker", e);
        }
    }

    private static TracedModel Run(Checkpoint checkpoint, TraceOptions options, Measured measured)
    {
        var traced = Run(checkpoint, options, measured, Batch);
        // Some exporters write the batch of their example, 1, into a reshape though the input says it is free.
        return traced.Failures > 0 && Run(checkpoint, options, measured, batch: 1) is var single
            && single.Failures < traced.Failures ? single : traced;
    }

    /// <summary>Asks for the shapes that a trace has missed, or why they cannot be had.</summary>
    private static Measured Measure(Checkpoint checkpoint, TracedModel traced, TraceOptions options)
    {
        if (options.MeasureShapes is not { } measure)
            return Measured.Nothing("it follows only from a run of the model");
        try
        {
            return new Measured(measure(checkpoint, traced.Graph, traced.Unmeasured), "a run of the model does not show it");
        }
        catch (UserException e)
        {
            return Measured.Nothing(e.Message);
        }
    }

    /// <summary>Traces; where the operators take another axis for the samples than was assumed, again with that one.</summary>
    private static TracedModel Run(Checkpoint checkpoint, TraceOptions options, Measured measured, int batch)
    {
        var (traced, against) = Run(checkpoint, options, measured, batch, options.BatchAxes);
        // One input's axis may tell another's by its name; no model needs more rounds than it has inputs.
        for (var axes = options.BatchAxes; axes.Count < traced.Graph.Inputs.Length && against.Keys.Except(axes.Keys).Any();)
        {
            axes = axes.AddRange(against.Where(pair => !axes.ContainsKey(pair.Key)));
            var (other, next) = Run(checkpoint, options, measured, batch, axes);
            if (other.Failures > traced.Failures)
                break;
            (traced, against) = (other, next);
        }
        return traced;
    }

    /// <summary>Traces; where states of a loop are something else behind its body, again with what they become.</summary>
    private static (TracedModel Traced, ImmutableDictionary<string, int> Against) Run(
        Checkpoint checkpoint, TraceOptions options, Measured measured, int batch, ImmutableDictionary<string, int> batchAxes)
    {
        for (var states = LoopStates.Unknown; ;)
        {
            var ((traced, against), reached) = Run(checkpoint, options, measured, batch, batchAxes, states);
            if (!states.Follow(traced.Tensors, reached))
                return (traced, against);
        }
    }

    private static ((TracedModel, ImmutableDictionary<string, int>), IReadOnlyDictionary<string, TracedTensor> Reached) Run(
        Checkpoint checkpoint, TraceOptions options, Measured measured, int batch, ImmutableDictionary<string, int> batchAxes,
        LoopStates states)
    {
        var model = checkpoint.Model;
        var stored = new StoredTensors(model, checkpoint.Directory);
        var constants = new ConstantFolder(stored, OpRules.Fold);
        var binding = InputBinding.Of(model, options.Dimensions, batchAxes, batch);
        NodeProto[] nodes = [.. RepeatedLayers.Merge(FlatGraph.Of(model), stored)];
        var live = LiveNodes.Of(nodes, model.Graph.Output.Select(output => output.Name));
        var consumers = nodes.SelectMany(node => node.Input.Distinct(StringComparer.Ordinal))
            .GroupBy(name => name, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var shapes =
            new UnknownShapes(new DeclaredTypes(model.Graph, binding), measured.Shapes, binding.BatchOr(batch), consumers);
        var trace = new Trace(stored, constants, shapes, new MergeChains([.. nodes.Where(live.Contains)]))
        {
            Steady = states.Axes,
            Recurrent = [.. states.Recurrent],
        };
        trace.Diagnostics.AddRange(binding.Diagnostics);
        foreach (var input in binding.Tensors)
            trace.Define(options.IncludeInput ? trace.OpenInput(input) : input);

        var opsets = model.OpsetImport.GroupBy(import => import.Domain ?? "")
            .ToDictionary(group => group.Key, group => (int)group.Last().Version, StringComparer.Ordinal);
        var failures = 0;
        var contexts = new Dictionary<NodeProto, NodeContext>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < nodes.Length; i++)
        {
            var isLive = live.Contains(nodes[i]);
            nodes[i] = RepeatedWeights.ReadingOne(nodes[i], trace);
            var domain = nodes[i].Domain == "ai.onnx" ? "" : nodes[i].Domain;
            if (trace.IsStored(nodes[i]))
                continue;
            var node = new NodeContext(nodes[i], i, opsets.GetValueOrDefault(domain, opsets.GetValueOrDefault("ai.onnx", 1)),
                trace);
            contexts[nodes[i]] = node;
            if (nodes[i].Input.Any(trace.Recurrent.Contains))
                trace.Recurrent.UnionWith(nodes[i].Output);
            if (trace.IsConstant(nodes[i]))
                constants.AddProducer(nodes[i], node.Opset);
            if (!isLive)
                ApplyUnused(node);
            else if (!Apply(node))
                failures++;
        }
        StoredStarts.Count(trace, nodes);
        trace.Diagnostics.AddRange(shapes.Diagnostics(measured.WhyNot));
        // Where layers are read, a quantized operator is the standard's on what its integers stand for.
        NodeContext[] plain = [.. nodes.Where(contexts.ContainsKey).Select(node => PlainFormRule.ContextOf(contexts[node]))];
        var values =
            new ValueGraph([.. plain.Select(node => node.Node)], model.Graph.Output.Select(output => output.Name), trace, stored);
        var reader = new LayerReader(trace, values,
            plain.ToDictionary(node => node.Node, node => node,
            (IEqualityComparer<NodeProto>)ReferenceEqualityComparer.Instance));
        foreach (var layer in trace.Layers.Where(layer => layer.Op != Model.Trace.InputOp))
            reader.Read(layer);
        var opset = opsets.GetValueOrDefault("", opsets.GetValueOrDefault("ai.onnx", 1));
        var built = LayerGraphBuilder.Build(trace, stored, binding, nodes, contexts, opset, failures);
        var mixer = SampleMixing.Find(trace, binding, model.Graph, TopologicalOrder.Of(model.Graph), opset);
        var graph = built.Graph with { Batch = batch, Mixer = mixer, Widest = WidestOf(trace, stored, binding.BatchOr(batch)) };
        built = built with
        {
            Graph = graph,
            FunctionOf = node => contexts.TryGetValue(node, out var context) ? ScalarOperators.Of(context) : null
        };
        return ((built, BatchEvidence.Against(binding, trace, nodes.Where(contexts.ContainsKey).Select(node => contexts[node]))),
            trace.Reached);
    }

    /// <summary>Applies the rule of a node that reaches no output, for the shapes of its results alone: it opens no layer,
    /// changes none, and is not worth a warning.</summary>
    private static void ApplyUnused(NodeContext node)
    {
        var trace = node.Trace;
        trace.Unused.Add(node.Node);
        var (layers, hidden, diagnostics) = (trace.Layers.Count, trace.Hidden.Count, trace.Diagnostics.Count);
        var carrying = node.Inputs.Concat(node.Captured).Where(input => !input.Carries.IsEmpty).ToArray();
        Array.ForEach(carrying, input => trace.Define(input with { Carries = [] }));
        Apply(node);
        Array.ForEach(carrying, trace.Define);
        foreach (var output in node.Outputs.ToArray())
            trace.Define(output with { Carries = [] });
        trace.Hidden.RemoveRange(hidden, trace.Hidden.Count - hidden);
        trace.Diagnostics.RemoveRange(diagnostics, trace.Diagnostics.Count - diagnostics);
        if (trace.Layers.Count > layers)
            trace.Diagnostics.Add(Diagnostic.Note(node.Name, $"this {node.Op} {ReachesNone}"));
        trace.Layers.RemoveRange(layers, trace.Layers.Count - layers);
    }

    /// <summary>Applies the node's rule; if there is none, or it finds the node unfit, says so and goes on
    /// by data flow.</summary>
    private static bool Apply(NodeContext node)
    {
        var rule = OpRules.Find(node.Node.Domain, node.Op);
        try
        {
            if (rule is not null)
            {
                rule.Apply(node);
                SideInputs.Carry(node, rule);
                return true;
            }
            node.Trace.Diagnostics.Add(
                Diagnostic.Warning(node.Name,
                $"operator {Qualified(node.Node)} is not known: what follows is taken to be fed by everything it reads"));
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            node.Trace.Unfit.Add(node.Node);
            if (!node.Trace.IsConstant(node.Node))
                node.Trace.Diagnostics.Add(
                    Diagnostic.Warning(node.Name,
                    $"{Qualified(node.Node)} could not be traced ({TraceException.Finding(e)}): what follows is taken to be "
                    + "fed by everything it reads"));
        }
        var sources =
            Enumerable.Range(0, node.InputCount).Where(input => rule?.OnlyShapes(node, input) != true).Select(node.Optional);
        ByDataFlowRule.Flow(node, sources.OfType<TracedTensor>());
        return rule is null;
    }

    private static WideTensor? WidestOf(Trace trace, StoredTensors stored, int batch) => trace.Tensors.Values
        .Where(tensor => tensor.HasShape && !stored.Contains(tensor.Name))
        .Select(tensor => new WideTensor(
            tensor.Name, tensor.Count / (tensor.Axes.Any(axis => axis.Has(AxisRole.Batch)) ? batch : 1), tensor.ElementType))
        .MaxBy(tensor => tensor.Bytes);

    /// <summary>The shapes that a run has shown.</summary>
    /// <param name="Shapes">By tensor.</param>
    /// <param name="WhyNot">Why others are missing; null before there was a run.</param>
    private sealed record Measured(IReadOnlyDictionary<string, MeasuredShape> Shapes, string? WhyNot)
    {
        public static Measured Nothing(string? why) => new(ImmutableDictionary<string, MeasuredShape>.Empty, why);
    }

    private static string Qualified(NodeProto node) => node.Domain.Length == 0 ? node.OpType : $"{node.Domain}::{node.OpType}";

    private static string WhyNone(ModelProto model, TracedModel traced)
    {
        var operators = string.Join(", ",
            model.Graph.Node.Select(Qualified).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(8));
        var reasons = traced.Graph.Diagnostics.Where(diagnostic =>
            diagnostic.Severity == Severity.Warning || diagnostic.Message.EndsWith(ReachesNone, StringComparison.Ordinal));
        return reasons.FirstOrDefault() is { } reason
            ? $"{reason}"
            : $"none of its operators ({operators}) has stored weights; this is not a neural network that can be analyzed";
    }
}
