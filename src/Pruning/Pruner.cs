using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Emergence.Tracing.Rewriting;
using Emergence.Tracing.Values;

namespace Emergence.Pruning;

/// <summary>Prunes a copy of a model by magnitude. Runs nothing; the same input always gives the same model.</summary>
public static class Pruner
{
    /// <summary>Prunes a copy of the checkpoint's model and records it in the copy's metadata.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="options">How to prune it.</param>
    /// <param name="spool">Takes large tensors that are changed and are not in memory; without one they come into memory.</param>
    /// <exception cref="UsageException">A glob matches no layer, or no layer is left.</exception>
    /// <exception cref="UserException">The model cannot be traced, holds no weight to prune, or (strict) a
    /// node cannot be cut out.</exception>
    public static PrunedModel Prune(Checkpoint checkpoint, PruneOptions options, TensorSpool? spool = null)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(options);
        checkpoint = ModelPreparation.HoistBodies(checkpoint);
        var traced = LayerTracer.TraceFully(checkpoint, options.Trace);
        try
        {
            return options.Structure == PruneStructure.Weights
                ? PruneWeights(checkpoint, traced, options, spool)
                : NodePruner.Prune(checkpoint, traced, options, spool);
        }
        catch (UserException e) when (e is not UsageException)
        {
            throw new UserException($"{checkpoint.FileName}: {e.Message}", e);
        }
        catch (Exception e) when (TraceException.IsUnfit(e))
        {
            throw new UserException(
                $"{checkpoint.FileName}: cannot be pruned: {TraceException.Finding(e)}; check the file with onnx.checker", e);
        }
    }

    private static PrunedModel PruneWeights(
        Checkpoint checkpoint, TracedModel traced, PruneOptions options, TensorSpool? spool)
    {
        var graph = traced.Graph;
        var model = checkpoint.Model.Clone();
        var stored = new StoredTensors(model, checkpoint.Directory);
        var quantizations = new Quantizations(stored, traced.Nodes);
        var diagnostics = graph.Diagnostics.ToList();
        foreach (var layer in Candidates.Layers(graph, options).Where(layer => options.Spared.ContainsKey(layer.Name)))
            diagnostics.Add(Diagnostic.Warning(layer.Name, $"{options.Spared[layer.Name]}: no weight of it is pruned"));
        var selected = Candidates.Layers(graph, options).RemoveAll(layer => options.Spared.ContainsKey(layer.Name));
        var candidates = Candidates.Tensors(graph, selected, options, stored, diagnostics);
        var byName = candidates.ToDictionary(entry => entry.Tensor,
            entry => new WeightTensor(entry.Tensor, stored, quantizations.Of(entry.Tensor)), StringComparer.Ordinal);
        // Of tied weights that are stored several times, the first decides.
        var originals = candidates.DistinctBy(entry => entry.Original)
            .ToDictionary(entry => entry.Original, entry => entry.Tensor, StringComparer.Ordinal);
        ImmutableArray<(TracedLayer Layer, WeightTensor Tensor)> tensors =
            [.. candidates.Where(entry => originals[entry.Original] == entry.Tensor)
                .Select(entry => (entry.Layer, byName[entry.Tensor]))];
        TiedCopy[] copies =
        [
            .. candidates.Where(entry => originals[entry.Original] != entry.Tensor)
                .Select(entry => new TiedCopy(byName[entry.Tensor], byName[originals[entry.Original]], stored)),
        ];
        if (tensors.All(entry => entry.Tensor.Count == 0))
            throw new UserException(
                "no weight to prune: the selected layers hold no stored weight of their own; select others with --only and "
                + "--exclude");
        Warn(tensors, options, diagnostics);
        if (options.RandomSeed is { } seed)
            Rank(tensors, new Random(seed));
        if (options.InputSizes is { } inputs)
            Weigh(checkpoint, traced, tensors, inputs, diagnostics);

        var (pruned, count) = WeightPruning.Prune(tensors, options);
        Array.ForEach(copies, copy => copy.Follow());
        var writer = new TensorWriter(model, checkpoint.Directory, spool);
        foreach (var tensor in byName.Values.Where(tensor => tensor.IsChanged))
            writer.Replace(tensor);

        var record = options.RecordOf(
            options.RandomSeed is not null ? "random" : options.InputSizes is not null ? "wanda" : null, count, pruned,
            [.. candidates.Select(entry => entry.Tensor)]);
        record.AppendTo(model);
        if (byName.Values.Any(tensor => tensor.IsChanged))
            CheckpointMetadata.RemoveScores(model);
        return new PrunedModel
        {
            Model = model,
            Layers = [.. graph.Layers.Select(layer => LayerOf(layer, byName))],
            Record = record,
            Weights = count,
            Zeros = pruned,
            Diagnostics = [.. diagnostics],
        };
    }

    private static void Rank(ImmutableArray<(TracedLayer Layer, WeightTensor Tensor)> tensors, Random random)
    {
        foreach (var (_, tensor) in tensors)
            tensor.RankBy(random);
    }

    /// <summary>|w| · ‖x‖, as in Wanda (Sun et al. 2023, arXiv 2306.11695): a weight counts by what it is
    /// multiplied with.</summary>
    private static void Weigh(
        Checkpoint checkpoint, TracedModel traced, ImmutableArray<(TracedLayer Layer, WeightTensor Tensor)> tensors,
        ImmutableDictionary<string, ImmutableArray<double>> inputs, List<Diagnostic> diagnostics)
    {
        var readings = LayerInputs.Readings(checkpoint, traced);
        foreach (var (layer, tensor) in tensors)
        {
            if (readings.FirstOrDefault(reading => reading.Path.Stored == tensor.Name) is { } reading
                && inputs.GetValueOrDefault(tensor.Name) is { IsDefault: false } sizes && reading.InputOf() is var inputOf
                && inputOf.Length == tensor.Count && inputOf.Max() < sizes.Length)
                tensor.WeighBy(sizes.AsSpan(), element => inputOf[element]);
            else
                diagnostics.Add(
                    Diagnostic.Warning(layer.Name,
                    $"what '{tensor.Name}' is multiplied with is not measured: its weights are ranked by their magnitude alone"));
        }
    }

    private static PrunedLayer LayerOf(TracedLayer layer, Dictionary<string, WeightTensor> pruned)
    {
        var weights = layer.Parameters.Where(parameter =>
            parameter.Role == ParameterRole.Weight || pruned.ContainsKey(parameter.Tensor)).ToArray();
        long Zeros(LayerParameter parameter) => parameter.Count - parameter.Nonzero;
        return new PrunedLayer
        {
            Index = layer.Index,
            Name = layer.Name,
            Op = layer.Op,
            IsSelected = weights.Any(parameter => pruned.ContainsKey(parameter.Tensor)),
            Weights = weights.Sum(parameter => parameter.Count),
            ZerosBefore = weights.Sum(Zeros),
            Zeros = weights.Sum(parameter => pruned.GetValueOrDefault(parameter.Tensor)?.Zeros ?? Zeros(parameter)),
            Units = layer.Channels,
            UnitsRemoved = 0,
            UnitsCut = 0,
        };
    }

    private static void Warn(ImmutableArray<(TracedLayer Layer, WeightTensor Tensor)> tensors, PruneOptions options,
        List<Diagnostic> diagnostics)
    {
        foreach (var (layer, tensor) in tensors)
        {
            if (tensor.NotANumber > 0)
                diagnostics.Add(
                    Diagnostic.Warning(layer.Name,
                    $"{tensor.NotANumber} weights of '{tensor.Name}' are NaN: they are not pruned"));
            if (tensor.IsScaleUnknown && options.Scope == PruneScope.Global && tensors.Length > 1)
                diagnostics.Add(
                    Diagnostic.Warning(layer.Name,
                    $"the scale of the integers in '{tensor.Name}' is not known: their magnitudes do not compare with those "
                    + "of other layers; prune with --scope layer"));
        }
    }
}
