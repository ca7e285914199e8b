using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;
using Onnx;

namespace Emergence.Pruning;

/// <summary>Removes output units from a copy of a model: first zeroed with all that belongs to them, then,
/// if asked for, cut out.</summary>
internal sealed class NodePruner
{
    private readonly Checkpoint checkpoint;
    private readonly TracedModel traced;
    private readonly PruneOptions options;
    private readonly StoredTensors stored;
    private readonly Quantizations quantizations;
    private readonly ChannelFlow flow;
    private readonly ModelProto model;
    private readonly Dictionary<NodeProto, NodeProto> copies;
    private readonly Dictionary<string, WeightTensor> tensors = new(StringComparer.Ordinal);
    private readonly List<Diagnostic> diagnostics;
    private readonly TensorSpool? spool;

    private NodePruner(Checkpoint checkpoint, TracedModel traced, PruneOptions options, TensorSpool? spool)
    {
        (this.checkpoint, this.traced, this.options, this.spool) = (checkpoint, traced, options, spool);
        stored = new StoredTensors(checkpoint.Model, checkpoint.Directory);
        quantizations = new Quantizations(stored, traced.Nodes);
        model = checkpoint.Model.Clone();
        copies = CopiesOf(traced, model.Graph);
        flow = ChannelFlow.Of(traced, stored, checkpoint.Model.Graph,
            copies.Keys.ToHashSet<NodeProto>(ReferenceEqualityComparer.Instance));
        diagnostics = [.. traced.Graph.Diagnostics];
    }

    public static PrunedModel Prune(Checkpoint checkpoint, TracedModel traced, PruneOptions options, TensorSpool? spool) =>
        new NodePruner(checkpoint, traced, options, spool).Prune();

    /// <summary>
    /// The node of the copy behind each traced node that stands in the file's main graph. The trace may have rewritten
    /// the graph, but what it kept still writes the same tensors.
    /// </summary>
    internal static Dictionary<NodeProto, NodeProto> CopiesOf(TracedModel traced, GraphProto graph)
    {
        var writers =
            graph.Node.SelectMany(node => node.Output.Where(output => output.Length > 0), (node, output) => (node, output))
            .ToDictionary(pair => pair.output, pair => pair.node, StringComparer.Ordinal);
        var copies = new Dictionary<NodeProto, NodeProto>(ReferenceEqualityComparer.Instance);
        foreach (var node in traced.Nodes)
        {
            var copy = node.Output.Select(output => writers.GetValueOrDefault(output))
                .FirstOrDefault(writer => writer is not null);
            if (copy is not null && copy.OpType == node.OpType && copy.Domain == node.Domain
                && copy.Input.SequenceEqual(node.Input))
                copies[node] = copy;
        }
        return copies;
    }

    private PrunedModel Prune()
    {
        var layers = SelectLayers();
        var ranked = Rank(layers);
        var removed = Choose(layers, ranked);
        // Only now: whether nodes are cut out or zeroed does not change which they are.
        foreach (var layer in traced.Graph.Layers.Where(layer => options.Uncut.ContainsKey(layer.Name)))
        {
            foreach (var unit in flow.Units.GetValueOrDefault(layer.Index, []))
                flow.Signals.Pin(unit, options.Uncut[layer.Name]);
        }
        flow.Signals.Remove(removed);

        Clear();
        var rows = traced.Graph.Layers.Select(layer => LayerOf(layer, layers)).ToImmutableArray();
        var weights = layers.SelectMany(layer => layer.Parameters).Where(parameter => parameter.Role == ParameterRole.Weight)
            .Select(parameter => parameter.Tensor).Distinct(StringComparer.Ordinal).Select(Tensor).ToArray();
        SayWhatStays(layers);
        if (options.Shrink)
            new ChannelCutter(model, checkpoint.Directory, flow, copies).Cut();

        var record = RecordOf(ranked.Sum(layer => layer.Units.Length), removed.Count);
        record.AppendTo(model);
        if (removed.Count > 0)
            CheckpointMetadata.RemoveScores(model);
        return new PrunedModel
        {
            Model = model,
            Layers = rows,
            Record = record,
            Weights = weights.Sum(tensor => tensor.Count),
            Zeros = weights.Sum(tensor => tensor.Zeros),
            Diagnostics = [.. diagnostics],
        };
    }

    private ImmutableArray<TracedLayer> SelectLayers()
    {
        var selected = Candidates.Layers(traced.Graph, options);
        foreach (var layer in selected.Where(layer => flow.LeftAlone.ContainsKey(layer.Index)))
            diagnostics.Add(Diagnostic.Warning(layer.Name, $"{flow.LeftAlone[layer.Index]}: no node of it is removed"));
        foreach (var layer in selected.Where(layer => options.Spared.ContainsKey(layer.Name)))
            diagnostics.Add(Diagnostic.Warning(layer.Name, $"{options.Spared[layer.Name]}: no node of it is removed"));
        var layers = selected.RemoveAll(layer =>
            !flow.Units.ContainsKey(layer.Index) || options.Spared.ContainsKey(layer.Name));
        return layers.IsEmpty
            ? throw new UserException(
                $"no node to prune: the selected layers have no units that can be removed{WhyNone(selected)}; select others "
                + "with --only and --exclude")
            : layers;
    }

    private RankedUnits[] Rank(ImmutableArray<TracedLayer> layers)
    {
        var makers = flow.Uses.Where(use => use.Part == ChannelPart.Makes).ToArray();
        var random = options.RandomSeed is { } seed ? new Random(seed) : null;
        return [.. layers.Select(layer => (layer, own: flow.Units[layer.Index]))
            .Select(pair => new RankedUnits(pair.own, ScoresOf(pair.layer, pair.own, makers, random)))];
    }

    private HashSet<int> Choose(ImmutableArray<TracedLayer> layers, RankedUnits[] ranked)
    {
        if (options.Dead is { } dead)
            return Dead(layers, dead);
        var (removed, floored) = NodeChoice.Choose(ranked, flow.Signals.Groups, options);
        foreach (var layer in floored)
            diagnostics.Add(
                Diagnostic.Warning(layers[layer].Name,
                $"keeps {ranked[layer].Units.Count(unit => !removed.Contains(unit))} of its {ranked[layer].Units.Length} "
                + "nodes, the least that --min-keep allows; give a smaller --min-keep to remove more"));
        return removed;
    }

    private PruningRecord RecordOf(int candidates, int pruned)
    {
        var remaining = new StoredTensors(model, checkpoint.Directory);
        var norm = options.Dead is not null
            ? "dead"
            : options.Scores?.Source ?? (options.RandomSeed is null ? PruneWords.Of(options.Norm) : "random");
        return options.RecordOf(norm, candidates, pruned, [.. tensors.Values
            .Where(tensor => tensor.IsChanged && remaining.Contains(tensor.Name))
            .Select(tensor => tensor.Name)
            .Order(StringComparer.Ordinal)]) with
        { Shrink = options.Shrink };
    }

    /// <summary>Zeroes what belongs to dead channels: what makes and adjusts them, and what reads them.</summary>
    private void Clear()
    {
        var names = new FreshNames(model.Graph);
        foreach (var use in flow.Uses.Where(use => use.Part != ChannelPart.Accompanies && use.Signals.Any(flow.Signals.IsDead)))
        {
            if (!use.Path.IsPrivate)
                continue;
            var tensor = Tensor(use.Path.Stored);
            foreach (var (element, at) in use.Elements())
            {
                if (flow.Signals.IsDead(use.Signals[at]))
                    tensor.Clear(use.Path.At(element));
            }
        }
        var writer = new TensorWriter(model, checkpoint.Directory, spool);
        foreach (var tensor in tensors.Values.Where(tensor => tensor.IsChanged))
            writer.Replace(tensor);
        foreach (var use in flow.Uses.Where(use => !use.Path.IsPrivate))
            ClearShared(use, names);
    }

    /// <summary>A constant that others read too is copied before it is changed.</summary>
    private void ClearShared(ChannelUse use, FreshNames names)
    {
        var original = stored.Get(use.Path.Stored);
        var dead = use.Elements()
            .Where(pair => flow.Signals.IsDead(use.Signals[pair.Index]))
            .Select(pair => pair.Element)
            .ToArray();
        var own = TensorSlices.Gather(original, checkpoint.Directory,
            [.. Enumerable.Range(0, use.Path.Count).Select(use.Path.At)], use.Path.Dims);
        var values = TensorValues.ToDoubles(own, null);
        var isZeroed = use.Part == ChannelPart.Adjusts && dead.Any(element => values[element] != 0);
        if (!isZeroed && !(options.Shrink && use.Signals.Any(flow.Signals.IsCut)))
            return;
        if (isZeroed)
        {
            foreach (var element in dead)
                values[element] = 0;
            own = TensorValues.WithDoubles(own, values);
        }
        own.Name = names.Next($"{use.Path.Stored}_pruned");
        TensorWriter.Add(model, own);
        copies[use.Node].Input[use.Input] = own.Name;
    }

    private double[] ScoresOf(TracedLayer layer, int[] own, ChannelUse[] makers, Random? random)
    {
        if (random is not null)
            return [.. own.Select(_ => random.NextDouble())];
        if (options.Scores?.ByLayer.GetValueOrDefault(layer.Name) is { IsDefault: false } scores && scores.Length == own.Length)
            return [.. scores];
        if (options.Scores is not null)
            diagnostics.Add(
                Diagnostic.Warning(layer.Name,
                $"its nodes are not measured one by one: they are ranked by their {PruneWords.Of(options.Norm)} norm"));
        return NodeNorms.Of(own, makers.Where(use => use.Signals[0] == own[0]), Tensor, options.Norm);
    }

    /// <summary>Exactly the nodes that are named, but for one of a layer that would lose all.</summary>
    private HashSet<int> Dead(ImmutableArray<TracedLayer> layers, ImmutableDictionary<string, ImmutableArray<bool>> dead)
    {
        var removed = new HashSet<int>();
        foreach (var layer in layers)
        {
            var own = flow.Units[layer.Index];
            if (dead.GetValueOrDefault(layer.Name) is not { IsDefault: false } mask || mask.Length != own.Length)
            {
                diagnostics.Add(Diagnostic.Warning(layer.Name, "its nodes are not measured one by one: none of it is removed"));
                continue;
            }
            int[] gone = [.. own.Where((_, unit) => mask[unit])];
            if (gone.Length == own.Length)
            {
                diagnostics.Add(
                    Diagnostic.Warning(layer.Name,
                    $"all of its {own.Length} nodes are dead: the first is kept, as a layer cannot be without nodes"));
                gone = gone[1..];
            }
            removed.UnionWith(gone);
        }
        return removed;
    }

    private string WhyNone(ImmutableArray<TracedLayer> selected)
    {
        var reasons = selected.Select(layer =>
            (layer.Name, Reason: options.Spared.GetValueOrDefault(layer.Name) ?? flow.LeftAlone.GetValueOrDefault(layer.Index)))
            .Where(layer => layer.Reason is not null).Select(layer => $"'{layer.Name}': {layer.Reason}").ToArray();
        return reasons.Length == 0
            ? ""
            : $" ({string.Join(", ", reasons.Take(3))}{(reasons.Length > 3 ? $" and {reasons.Length - 3} more" : "")})";
    }

    private WeightTensor Tensor(string name)
    {
        if (!tensors.TryGetValue(name, out var tensor))
            tensors[name] = tensor = new WeightTensor(name, stored, quantizations.Of(name));
        return tensor;
    }

    private PrunedLayer LayerOf(TracedLayer layer, ImmutableArray<TracedLayer> pruned)
    {
        var weights = layer.Parameters.Where(parameter => parameter.Role == ParameterRole.Weight).ToArray();
        var own = flow.Units.GetValueOrDefault(layer.Index) ?? flow.Followers.GetValueOrDefault(layer.Index) ?? [];
        return new PrunedLayer
        {
            Index = layer.Index,
            Name = layer.Name,
            Op = layer.Op,
            IsSelected = pruned.Contains(layer),
            Weights = weights.Sum(parameter => parameter.Count),
            ZerosBefore = weights.Sum(parameter => parameter.Count - parameter.Nonzero),
            Zeros = weights.Sum(parameter =>
                tensors.GetValueOrDefault(parameter.Tensor)?.Zeros ?? parameter.Count - parameter.Nonzero),
            Units = own.Length > 0 ? own.Length : layer.Channels,
            UnitsRemoved = own.Count(flow.Signals.IsDead),
            UnitsCut = options.Shrink ? own.Count(flow.Signals.IsCut) : 0,
        };
    }

    private void SayWhatStays(ImmutableArray<TracedLayer> layers)
    {
        foreach (var layer in layers)
        {
            var dead = flow.Units[layer.Index].Where(flow.Signals.IsDead).ToArray();
            if (flow.Signals.RemnantsOf(dead) is ({ } remnant, var live))
                diagnostics.Add(
                    Diagnostic.Warning(layer.Name,
                    $"{remnant.Finding}, and {live} removed nodes are still read: {remnant.Reason}"));
            var kept = options.Shrink ? dead.Where(signal => !flow.Signals.IsCut(signal)).ToArray() : [];
            if (kept.Length == 0)
                continue;
            var finding = $"{kept.Length} of {dead.Length} removed nodes cannot be cut out ({flow.Signals.WhyNotCut(kept[0])})";
            if (options.Strict)
                throw new UserException(
                    $"'{layer.Name}': {finding}; leave the layer out with --exclude, or leave out --strict to have them zeroed");
            diagnostics.Add(Diagnostic.Warning(layer.Name, $"{finding}: they are zeroed"));
        }
    }
}
