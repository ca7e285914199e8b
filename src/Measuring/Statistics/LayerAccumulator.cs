using System.Collections.Immutable;
using System.Numerics.Tensors;
using Emergence.Checkpoints;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Instrumentation;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;

namespace Emergence.Measuring.Statistics;

/// <summary>Carries one layer's counters from run to run, in the order of the graph.</summary>
/// <param name="layer">The layer.</param>
/// <param name="layout">Its nodes.</param>
/// <param name="counters">What is counted.</param>
/// <param name="assumed">The batch under which the sizes of batch axes were traced.</param>
/// <param name="blocks">Keeps blocks of samples apart too; null where that is not asked for.</param>
/// <param name="keeps">Whether the sums of each stretch are kept, as others come before them.</param>
internal sealed class LayerAccumulator(TracedLayer layer, NodeLayout layout, ImmutableArray<Counter> counters, int assumed,
    BlockAccumulator? blocks, bool keeps = false)
{
    private readonly double[][] totals = [.. counters.Select(counter => Start(counter, layout.Nodes))];
    // Sums are added up over each stretch, and the stretches in their order, wherever each was counted. Made where a stretch has
    // several runs or is kept: of one run, its values are the sums.
    private double[][] sums = [];
    private readonly List<StretchSums> kept = [];
    // What is counted on whole activations of one run.
    private double[][] onHost = [];
    private int? stretch;

    /// <summary>Samples of each node so far; tokens, time steps and iterations count.</summary>
    public long Samples { get; private set; }

    /// <summary>Takes in one run.</summary>
    /// <param name="counted">The layer's outputs.</param>
    /// <param name="outputs">Their values come next: extent, then counters in order.</param>
    /// <param name="fed">Samples fed, padding included.</param>
    /// <param name="segment">The segment of the probe it belongs to.</param>
    /// <param name="within">The stretch it belongs to; those of a stretch come one after the other.</param>
    /// <param name="isWhole">Whether it is all of that stretch.</param>
    /// <exception cref="UserException">The layer ran in another shape than was traced, or does not keep
    /// samples apart where it must.</exception>
    public void Add(
        LayerCounters counted, IEnumerator<OrtValue> outputs, int fed, ProbeSegment segment, int within, bool isWhole)
    {
        if (stretch != within)
            EndStretch();
        var isDirect = isWhole && !keeps;
        if (!isDirect)
            Begin(within);
        var extent = Next(outputs);
        var count = counted.IsInBody
            ? (long)extent.GetTensorDataAsSpan<double>()[0]
            : SamplesIn(extent.GetTensorDataAsSpan<long>(), fed, segment.Rows);
        Samples += count;
        blocks?.AddSamples(segment.Block, count);
        var (outside, taken) = (counted.Activations is null ? [] : OnHost(Next(outputs)), 0);
        for (var (i, sum) = (0, 0); i < counters.Length; i++)
        {
            if (counted.Counters[i].RowFactor is { } factor)
            {
                var isSum = counters[i].IsSum && !isDirect;
                Add(Next(outputs).GetTensorDataAsSpan<float>(), factor, i, isSum ? sums[sum++] : null);
                continue;
            }
            var values = counted.Activations is not null && counters[i].IsOrderless
                ? outside[taken++] : Next(outputs).GetTensorDataAsSpan<double>();
            if (values.Length != totals[i].Length)
                throw Misfit(i, values.Length);
            if (counters[i].IsSum && !isDirect)
            {
                TensorPrimitives.Add(sums[sum], values, sums[sum]);
                sum++;
            }
            else
            {
                Join(i, values);
            }
            blocks?.Add(segment.Block, counters[i], values);
        }
    }

    /// <summary>Takes in what was counted elsewhere.</summary>
    /// <param name="shares">Of all the samples, each once.</param>
    public void Add(IReadOnlyCollection<LayerCounts> shares)
    {
        foreach (var share in shares)
        {
            Samples += share.Samples;
            var other = 0;
            for (var i = 0; i < counters.Length; i++)
            {
                if (!counters[i].IsSum)
                    Join(i, share.Others[other++]);
            }
            blocks?.Add(share.Blocks);
        }
        foreach (var part in shares.SelectMany(share => share.Sums).OrderBy(part => part.Stretch))
        {
            Begin(part.Stretch);
            foreach (var (sum, values) in sums.Zip(part.Sums))
                values.CopyTo(sum, 0);
            EndStretch();
        }
    }

    /// <summary>What was counted; nothing can be added afterwards.</summary>
    public LayerCounts ToCounts()
    {
        EndStretch();
        return new LayerCounts(Samples, [.. kept], [.. totals.Where((_, i) => !counters[i].IsSum)], blocks?.ToCounts() ?? []);
    }

    /// <summary>What was counted, node by node in channel-major order; nothing can be added afterwards.</summary>
    public LayerProfile ToProfile()
    {
        EndStretch();
        return new(
            layer, layout.Channels, layout.Positions, Samples, layout.ActivationsPerSample,
            counters.Select((counter, i) => KeyValuePair.Create(counter, layout.ToChannelMajor(totals[i])))
                .ToImmutableDictionary())
        {
            Blocks = blocks?.ToBlocks(layout),
        };
    }

    /// <summary>
    /// Adds up rows, one for each group of samples, to the sum of a stretch; where they are all of it, to the total.
    /// </summary>
    private void Add(ReadOnlySpan<float> rows, double factor, int counter, double[]? sum)
    {
        if (rows.Length == 0 || rows.Length % layout.Nodes != 0)
            throw Misfit(counter, rows.Length);
        // One row after the other, however many come at a time.
        HostCounts.AddRows(rows, factor, sum ?? totals[counter], isWhole: sum is null);
    }

    private InvalidOperationException Misfit(int counter, int values) =>
        new($"layer '{layer.Name}': {values} values of {counters[counter].Kind} for {layout.Nodes} nodes");

    private double[][] OnHost(OrtValue activations)
    {
        ReadOnlySpan<Counter> orderless = [.. counters.Where(counter => counter.IsOrderless)];
        if (onHost.Length == 0)
        {
            onHost = new double[orderless.Length][];
            for (var i = 0; i < onHost.Length; i++)
                onHost[i] = new double[layout.Nodes];
        }
        HostCounts.Count(activations.GetTensorDataAsSpan<float>(), orderless, onHost);
        return onHost;
    }

    private void Begin(int place)
    {
        if (sums.Length == 0)
            sums = [.. counters.Where(counter => counter.IsSum).Select(_ => new double[layout.Nodes])];
        stretch = place;
    }

    private void EndStretch()
    {
        if (stretch is not { } ended)
            return;
        if (keeps)
            kept.Add(new StretchSums(ended, [.. sums.Select(sum => (double[])sum.Clone())]));
        for (var (i, sum) = (0, 0); i < counters.Length; i++)
        {
            if (counters[i].IsSum)
                TensorPrimitives.Add(totals[i], sums[sum++], totals[i]);
        }
        foreach (var sum in sums)
            Array.Clear(sum);
        stretch = null;
    }

    private void Join(int counter, ReadOnlySpan<double> values)
    {
        if (counters[counter].KeepsLargest)
            TensorPrimitives.Max(totals[counter], values, totals[counter]);
        else
            TensorPrimitives.Add(totals[counter], values, totals[counter]);
    }

    private static double[] Start(Counter counter, int nodes)
    {
        var start = new double[nodes];
        if (counter.KeepsLargest)
            Array.Fill(start, double.NegativeInfinity);
        return start;
    }

    private static OrtValue Next(IEnumerator<OrtValue> outputs) => outputs.MoveNext()
        ? outputs.Current
        : throw new InvalidOperationException("ONNX Runtime returned fewer outputs than were asked for");

    /// <summary>How many samples one node has in a run: the product of the axes that count samples.</summary>
    private long SamplesIn(ReadOnlySpan<long> shape, int fed, int? rows)
    {
        if (shape.Length != layout.Axes.Length || !Fits(shape))
            throw Unexpected(shape);
        var count = 1L;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            switch (layout.Axes[axis].Role)
            {
                case AxisRole.Batch when (rows is not null || blocks is not null) && shape[axis] != fed:
                    throw new UserException(
                        $"layer '{layer.Name}' ({layer.Op}): its batch axis has {shape[axis]} entries where {fed} samples "
                        + "were fed, so " +
                        (blocks is not null ? BlockAccumulator.NotApart
                            : "padding cannot be told from samples; choose --samples as a multiple of the model's fixed batch "
                                + "size"));
                case AxisRole.Batch when rows is { } counted:
                    count *= counted;
                    break;
                case AxisRole.Batch:
                    count *= EntriesOf(shape[axis], layout.Axes[axis].Size, fed);
                    break;
                case AxisRole.Sample:
                    count *= shape[axis];
                    break;
            }
        }
        return count;
    }

    private bool Fits(ReadOnlySpan<long> shape)
    {
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (layout.Axes[axis] is { Role: AxisRole.Channel or AxisRole.Position } node && node.Size != shape[axis])
                return false;
        }
        return true;
    }

    /// <summary>The entries of a batch axis, which must be those that the samples fed account for.</summary>
    private long EntriesOf(long entries, int traced, int fed)
    {
        // A model may use a sample several times (its mirror image, say). One that makes fewer of several samples cannot be
        // told from a wrong count, unless they were fed one at a time.
        var (expected, rest) = Math.DivRem((long)traced * fed, assumed);
        if (entries == fed || (rest == 0 ? entries == expected : fed == 1))
            return entries;
        throw new UserException(
            $"layer '{layer.Name}' ({layer.Op}): its batch axis has {entries} entries where {fed} samples were fed, so its "
            + "samples " +
            "cannot be counted; run them one at a time with --batch 1, or leave the layer out with --exclude");
    }

    private UserException Unexpected(ReadOnlySpan<long> shape)
    {
        var traced = layout.Axes.Select(axis => axis.Role is AxisRole.Batch or AxisRole.Sample ? "*" : $"{axis.Size}");
        return new($"layer '{layer.Name}' ({layer.Op}): its activations have shape [{string.Join(',', shape.ToArray())}] where "
            + $"[{string.Join(',', traced)}] was traced; give the sizes of free dimensions with --dim, or leave the layer out "
            + "with --exclude");
    }
}
