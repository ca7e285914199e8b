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

/// <summary>Runs whose sums are added up by themselves.</summary>
/// <param name="Segment">The runs.</param>
/// <param name="Unit">What is never split among shares: the same for all stretches of a block.</param>
internal sealed record ProbeStretch(ProbeSegment Segment, int Unit);

/// <summary>How the samples of a probe are divided into runs.</summary>
/// <param name="FixedBatch">The batch size built into the model, to which runs are padded; null where it is free.</param>
/// <param name="Segments">Stretches of the probe, in order.</param>
/// <param name="Diagnostics">For instance that a batch size asked for cannot be had.</param>
internal sealed record BatchPlan(int? FixedBatch, ImmutableArray<ProbeSegment> Segments, ImmutableArray<Diagnostic> Diagnostics)
{
    // A float32 sum of 16 values of one sign is wrong by at most 1e-6 of itself, and a sum in double over a sixteenth of the
    // values costs next to nothing.
    private const int LargestGroup = 16;
    private const long GroupBudget = 32 << 20;

    // Each takes 8 bytes for each node and sum where they are counted apart.
    private const int MostStretches = 64;

    /// <summary>
    /// Samples that sums in float32 may take together: every run has whole groups of them, or the rest behind the last one
    /// alone. It depends on the model, never on how many samples were asked for in one run.
    /// </summary>
    public int Group { get; private init; } = 1;

    /// <summary>
    /// The segments cut into at most some dozens of stretches of whole runs, in the order of the runs: sums are added up over
    /// each, and the stretches in this order, so that each can be counted elsewhere. They depend on the plan alone.
    /// </summary>
    public ImmutableArray<ProbeStretch> Stretches()
    {
        var isInBlocks = Segments.Any(segment => segment.Block > 0);
        var samples = Segments.Sum(segment => (long)segment.End - segment.Start);
        var stretches = ImmutableArray.CreateBuilder<ProbeStretch>();
        foreach (var segment in Segments.GroupBy(segment => segment.Rows).SelectMany(segments => segments))
        {
            // A block of a bootstrap is added up as one.
            var runs = (samples + (MostStretches * (long)segment.RunSize) - 1) / (MostStretches * (long)segment.RunSize);
            var size = isInBlocks ? segment.End - segment.Start : (int)Math.Min(int.MaxValue, runs * segment.RunSize);
            for (long start = segment.Start; start < segment.End; start += size)
            {
                stretches.Add(new ProbeStretch(
                    segment with { Start = (int)start, End = (int)Math.Min(segment.End, start + size) },
                    isInBlocks ? segment.Block : stretches.Count));
            }
        }
        return stretches.ToImmutable();
    }

    /// <summary>Whether every run feeds one sample.</summary>
    public bool IsOneByOne => FixedBatch is 1 || (FixedBatch is null && Segments.All(segment => segment.RunSize == 1));

    /// <summary>The samples of each run of a segment.</summary>
    public IEnumerable<(int Start, int Count)> RunsOf(ProbeSegment segment)
    {
        for (var start = segment.Start; start < segment.End;)
        {
            var count = Math.Min(segment.RunSize, segment.End - start);
            if (count > Group)
                count -= count % Group;
            yield return (start, count);
            start += count;
        }
    }

    /// <summary>The same runs in whole groups: a free batch is rounded up to them.</summary>
    /// <param name="graph">The model that the plan was made for.</param>
    public BatchPlan InGroups(LayerGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        var group = FixedBatch is { } batch
            ? Enumerable.Range(1, Math.Min(batch, 2 * LargestGroup)).Last(size => batch % size == 0)
            : Segments[0].RunSize == 1 && graph.Mixer is not null || graph.Inputs.Any(input => input.BatchAxis < 0)
                ? 1
                : GroupSize(graph);
        return FixedBatch is not null
            ? this with { Group = group }
            : this with
            {
                Group = group,
                Segments = [.. Segments.Select(segment => segment with
                {
                    RunSize = (int)Math.Min((segment.RunSize + (group - 1L)) / group, int.MaxValue / group) * group,
                })],
            };
    }

    private static int PowerOfTwoUpTo(int size) => 1 << System.Numerics.BitOperations.Log2((uint)size);

    /// <summary>Plans the runs of a probe.</summary>
    /// <param name="graph">The model's inputs and layers.</param>
    /// <param name="samples">Number of samples, at least 1.</param>
    /// <param name="requested">Samples per run, or 0: as many as <paramref name="budget"/> allows.</param>
    /// <param name="blocks">
    /// Into how many blocks the samples fall, at most one sample apart in size; no run holds samples of two.
    /// </param>
    /// <param name="budget">How large a run may be; null: as on the processor.</param>
    /// <exception cref="UserException">Two inputs have different fixed batch sizes, or there are too few samples for a run that
    /// must be full.</exception>
    public static BatchPlan Create(LayerGraph graph, int samples, int requested, int blocks = 1, RunBudget? budget = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, blocks);
        var fixedBatch = FixedBatchOf(graph.Inputs);
        var oneByOne = graph.Inputs.Any(input => input.BatchAxis < 0) || (fixedBatch is null && graph.Mixer is not null);
        var size = oneByOne ? 1 : fixedBatch ?? (requested > 0 ? requested : DefaultSize(graph, budget ?? RunBudget.Processor));
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

    private static int DefaultSize(LayerGraph graph, RunBudget budget) => (int)Math.Clamp(
        Math.Min(budget.Activation / LargestActivation(graph) / sizeof(float), budget.Widest / Widest(graph)), 1, budget.Samples);

    private static int GroupSize(LayerGraph graph) => PowerOfTwoUpTo((int)Math.Clamp(
        Math.Min(GroupBudget / LargestActivation(graph) / sizeof(float), RunBudget.Processor.Widest / Widest(graph)),
        1, LargestGroup));

    private static long Widest(LayerGraph graph) => Math.Max(1, graph.Widest?.Elements ?? 1) * sizeof(float);

    private static long LargestActivation(LayerGraph graph) => graph.Layers.Select(layer => layer.Reading.Axes)
        .Select(axes => axes.Where(axis => axis.Role != AxisRole.Batch).Aggregate(1L, (product, axis) => product * axis.Size))
        .Concat(graph.Inputs.Select(input =>
            input.Shape.Where((_, axis) => axis != input.BatchAxis).Aggregate(1L, (product, size) => product * (size ?? 1))))
        .DefaultIfEmpty(1L).Max();
}
