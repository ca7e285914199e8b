using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Inference;

/// <summary>A stretch of the probe whose runs all use the same model.</summary>
/// <param name="Start">First sample.</param>
/// <param name="End">One past the last sample.</param>
/// <param name="RunSize">Samples per run; the last run may have fewer.</param>
/// <param name="Rows">Where runs are padded: the samples of each run that count. Null: all of them do.</param>
/// <param name="Block">The block of samples that it lies in, from 0.</param>
internal sealed record ProbeSegment(int Start, int End, int RunSize, int? Rows, int Block = 0);

/// <summary>How the samples of a probe are divided into runs.</summary>
/// <param name="FixedBatch">The batch size built into the model, to which runs are padded; null where it is free.</param>
/// <param name="Segments">Stretches of the probe, in order.</param>
/// <param name="Diagnostics">For instance that a batch size asked for cannot be had.</param>
internal sealed record BatchPlan(int? FixedBatch, ImmutableArray<ProbeSegment> Segments, ImmutableArray<Diagnostic> Diagnostics)
{
    private const int LargestDefault = 256;
    private const long ActivationBudget = 32 << 20;

    // What stands between the layers is larger in few models, but in some by far.
    private const long WidestBudget = 256 << 20;

    /// <summary>Plans the runs of a probe.</summary>
    /// <param name="graph">The model's inputs and layers.</param>
    /// <param name="samples">Number of samples, at least 1.</param>
    /// <param name="requested">Samples per run, or 0: as many as keep the largest activation or input, in
    /// double, near 32 MB.</param>
    /// <param name="blocks">
    /// Into how many blocks the samples fall, at most one sample apart in size; no run holds samples of two.
    /// </param>
    /// <exception cref="UserException">Two inputs have different fixed batch sizes, or there are too few samples for a run that
    /// must be full.</exception>
    public static BatchPlan Create(LayerGraph graph, int samples, int requested, int blocks = 1)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, blocks);
        var fixedBatch = FixedBatchOf(graph.Inputs);
        var oneByOne = graph.Inputs.Any(input => input.BatchAxis < 0) || (fixedBatch is null && graph.Mixer is not null);
        var size = oneByOne ? 1 : fixedBatch ?? (requested > 0 ? requested : DefaultSize(graph));
        var diagnostics = RemarksOn(graph, fixedBatch).ToList();
        if (requested > 0 && requested != size)
            diagnostics.Add(Diagnostic.Note("--batch", $"the model runs {size} at a time, whatever is asked for"));
        var segments = ImmutableArray.CreateBuilder<ProbeSegment>();
        // What fills a run up would change the numbers of the samples in it, or could not be told from them.
        var cannotPad = fixedBatch > 1
            && (graph.Mixer is not null
            || graph.Layers.Any(layer => layer.Reading.Axes.All(axis => axis.Role != AxisRole.Batch)));
        for (var block = 0; block < blocks; block++)
        {
            var (start, end) = ((int)((long)samples * block / blocks), (int)((long)samples * (block + 1) / blocks));
            if (fixedBatch is not { } batch || size < batch)
            {
                segments.Add(new ProbeSegment(start, end, size, fixedBatch is null ? null : size, block));
                continue;
            }
            var whole = start + ((end - start) / batch * batch);
            if (whole > start)
                segments.Add(new ProbeSegment(start, whole, batch, null, block));
            if (whole < end && !cannotPad)
                segments.Add(new ProbeSegment(whole, end, batch, end - whole, block));
        }
        if (cannotPad && segments.Sum(segment => segment.End - segment.Start) is var counted && counted < samples)
        {
            if (counted == 0)
                throw new UserException(
                    $"--samples {samples}: the model mixes the samples of its fixed batch of {fixedBatch}, so that a run "
                    + "cannot be filled up; " +
                    $"give --samples {fixedBatch} or more");
            diagnostics.Add(Diagnostic.Warning(
                "probe", $"{counted} of {samples} samples are counted: the model mixes the samples of its fixed batch of "
                + $"{fixedBatch}, so that the last run cannot be filled up"));
        }
        return new BatchPlan(fixedBatch, segments.ToImmutable(), [.. diagnostics]);
    }

    /// <summary>Why samples run one at a time though the user's batch is larger, or should but cannot.</summary>
    private static IEnumerable<Diagnostic> RemarksOn(LayerGraph graph, int? fixedBatch)
    {
        if (fixedBatch is null or > 1 && graph.Inputs.FirstOrDefault(input => input.BatchAxis < 0) is { } without)
            yield return Diagnostic.Note($"input '{without.Name}'", "has no batch axis: samples run one at a time");
        else if (fixedBatch is null && graph.Mixer is { } mixer)
            yield return Diagnostic.Note(mixer.Node, $"this {mixer.Op} {mixer.How}: samples run one at a time");
        if (fixedBatch is > 1 && graph.Mixer is { } mixing)
            yield return Diagnostic.Warning(
                mixing.Node,
                $"this {mixing.Op} {mixing.How}: as the batch is fixed at {fixedBatch}, every number depends on which samples "
                + "share " +
                "a run; export the model with batch 1");
    }

    private static int? FixedBatchOf(ImmutableArray<ModelInput> inputs)
    {
        ModelInput? first = null;
        foreach (var input in inputs.Where(input => input.BatchAxis >= 0 && input.Shape[input.BatchAxis] is not null))
        {
            first ??= input;
            if (BatchOf(input) != BatchOf(first))
                throw new UserException(
                    $"inputs '{first.Name}' and '{input.Name}': have different fixed batch sizes ({BatchOf(first)} and " +
                    $"{BatchOf(input)}), so samples cannot be paired; export the model with one free batch dimension");
        }
        return first is null ? null : checked((int)BatchOf(first));
    }

    private static long BatchOf(ModelInput input) => input.Shape[input.BatchAxis]!.Value;

    private static int DefaultSize(LayerGraph graph)
    {
        var largest = graph.Layers.Select(layer => layer.Reading.Axes)
            .Select(axes => axes.Where(axis => axis.Role != AxisRole.Batch).Aggregate(1L, (product, axis) => product * axis.Size))
            .Concat(graph.Inputs.Select(input =>
                input.Shape.Where((_, axis) => axis != input.BatchAxis).Aggregate(1L, (product, size) => product * (size ?? 1))))
            .DefaultIfEmpty(1L).Max();
        var between = WidestBudget / Math.Max(1, graph.Widest?.Elements ?? 1) / sizeof(float);
        return (int)Math.Clamp(Math.Min(ActivationBudget / (largest * sizeof(double)), between), 1, LargestDefault);
    }
}
