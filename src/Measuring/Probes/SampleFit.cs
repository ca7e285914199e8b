using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>How an array of stored samples becomes the samples of a model input.</summary>
/// <remarks>
/// Singleton axes come and go; the channels of an image, no more than its rows or columns, may move between front and
/// back; an image may be flattened, as stored, for an input of features. Nothing else is ever read with another shape.
/// Where sizes are equal, so that an image could be read either way, it is taken as it stands.
/// </remarks>
/// <param name="Samples">Number of samples.</param>
/// <param name="SampleShape">Shape of one sample as the input wants it.</param>
/// <param name="View">The stored array's axes, samples first unless <paramref name="Order"/> brings them there.</param>
/// <param name="Order">Which axis of <paramref name="View"/> goes where; empty: as stored.</param>
/// <param name="Note">What the user should know, or null.</param>
internal sealed record SampleFit(
    int Samples, ImmutableArray<int> SampleShape, ImmutableArray<int> View, ImmutableArray<int> Order, string? Note)
{
    /// <summary>Fits an array to an input.</summary>
    /// <param name="subject">The data, for errors.</param>
    /// <param name="stored">Shape of the array.</param>
    /// <param name="input">The model input.</param>
    /// <param name="inModelLayout">True where the array is meant as a value of the input, batch axis included.</param>
    /// <exception cref="UserException">It does not fit.</exception>
    public static SampleFit Of(string subject, ImmutableArray<int> stored, ModelInput input, bool inModelLayout)
    {
        var wanted = SampleShapeOf(input);
        return (inModelLayout ? AsInput(stored, input, wanted) : null)
            ?? AsSamples(stored, wanted)
            ?? AsInput(stored, input, wanted)
            ?? AsOneSample(stored, wanted)
            ?? throw Mismatch(subject, stored, input, wanted);
    }

    /// <summary>Shape of one sample of an input: its own without the batch axis.</summary>
    public static ImmutableArray<int> SampleShapeOf(ModelInput input) =>
        [.. input.Shape.Where((_, axis) => axis != input.BatchAxis).Select(size => checked((int)size!.Value))];

    /// <summary>Whether each entry of the stored array, along its first axis, is a sample.</summary>
    public bool IsBySample(StoredArray array) =>
        !array.Shape.IsEmpty && View[0] == array.Shape[0] && View.Length > 0 && (Order.IsEmpty || Order[0] == 0);

    /// <summary>The samples, laid out as the input wants them: [samples, sample shape].</summary>
    public NumericArray Apply(NumericArray array)
    {
        var laidOut = Order.IsEmpty ? array : (array with { Shape = View }).Transpose(Order);
        return laidOut with { Shape = [Samples, .. SampleShape] };
    }

    /// <summary>
    /// The number of neighboring elements, as laid out, that belong to one of <paramref name="channels"/> channels: those
    /// of the first axis of a stored sample if it has this size, else those of the last.
    /// </summary>
    /// <returns>0 where neither axis has this size.</returns>
    public int ChannelStride(int channels)
    {
        ImmutableArray<int> order = Order.IsEmpty ? [.. Enumerable.Range(0, View.Length)] : Order;
        int[] axes = [.. Enumerable.Range(0, View.Length).Where(axis => axis != order[0] && View[axis] > 1)];
        if (axes.Length == 0)
            return channels == 1 ? 1 : 0;
        // What moves between front and back is the axis of channels.
        if (order[0] == 0 && order.Length == 4 && !Order.IsEmpty)
            axes = [order[1] == 3 ? 3 : 1];
        var axis = View[axes[0]] == channels ? axes[0] : View[axes[^1]] == channels ? axes[^1] : -1;
        return axis < 0 ? 0 : order.Skip(order.IndexOf(axis) + 1).Aggregate(1, (product, next) => product * View[next]);
    }

    private static SampleFit? AsSamples(ImmutableArray<int> stored, ImmutableArray<int> wanted)
    {
        if (stored.IsEmpty || Match(stored[1..], wanted) is not { } match)
            return null;
        ImmutableArray<int> order = match.Order.IsEmpty ? [] : [0, .. match.Order.Select(axis => axis + 1)];
        return new SampleFit(stored[0], wanted, [stored[0], .. match.View], order, match.Note);
    }

    private static SampleFit? AsInput(ImmutableArray<int> stored, ModelInput input, ImmutableArray<int> wanted)
    {
        if (input.BatchAxis < 0)
            return stored.SequenceEqual(wanted) ? new SampleFit(1, wanted, [1, .. stored], [], null) : null;
        if (stored.Length != input.Shape.Length || !stored.RemoveAt(input.BatchAxis).SequenceEqual(wanted))
            return null;
        ImmutableArray<int> order = input.BatchAxis == 0
            ? []
            : [input.BatchAxis, .. Enumerable.Range(0, stored.Length).Where(axis => axis != input.BatchAxis)];
        return new SampleFit(stored[input.BatchAxis], wanted, stored, order, null);
    }

    private static SampleFit? AsOneSample(ImmutableArray<int> stored, ImmutableArray<int> wanted)
    {
        if (Match(stored, wanted) is not { } match)
            return null;
        ImmutableArray<int> order = match.Order.IsEmpty ? [] : [0, .. match.Order.Select(axis => axis + 1)];
        return new SampleFit(1, wanted, [1, .. match.View], order, "the whole array is taken as one sample");
    }

    private static (ImmutableArray<int> View, ImmutableArray<int> Order, string? Note)? Match(
        ImmutableArray<int> sample, ImmutableArray<int> wanted)
    {
        ImmutableArray<int> from = [.. sample.Where(size => size != 1)];
        ImmutableArray<int> to = [.. wanted.Where(size => size != 1)];
        if (from.SequenceEqual(to))
            return (sample, [], null);
        if (from.Length == 3 && from[0] <= Math.Min(from[1], from[2]) && to.SequenceEqual([from[1], from[2], from[0]]))
            return (from, [1, 2, 0], null);
        if (from.Length == 3 && from[2] <= Math.Min(from[0], from[1]) && to.SequenceEqual([from[2], from[0], from[1]]))
            return (from, [2, 0, 1], null);
        if (from.Length is 2 or 3 && to.Length == 1 && to[0] == from.Aggregate(1L, (product, size) => product * size))
        {
            var note = $"images of shape {NumericArray.Describe(from.AsSpan())} are flattened in stored order";
            return (sample, [], from.Length == 3 ? note : null);
        }
        return null;
    }

    private static UserException Mismatch(string subject, ImmutableArray<int> stored, ModelInput input,
        ImmutableArray<int> wanted)
    {
        var shape = string.Join(',', input.Shape.Select((size, axis) => axis == input.BatchAxis ? "N" : size.ToString()));
        var sample = stored.IsEmpty ? stored : stored[1..];
        int[] axes = [.. Enumerable.Range(0, input.Shape.Length).Where(axis => axis != input.BatchAxis)];
        string[] sizes = sample.Length != wanted.Length
            ? []
            : [.. axes.Select((axis, i) => (Symbol: input.Symbols[axis], Size: sample[i], Wanted: wanted[i]))
                .Where(axis => axis.Size != axis.Wanted)
                .Select(axis => axis.Symbol.Length > 0 ? $"--dim {axis.Symbol}={axis.Size}" : "")];
        var remedy = sizes.Length > 0 && !sizes.Contains("")
            ? $"free dimensions were given a size: choose {string.Join(' ', sizes.Distinct())}"
            : "give samples of that shape, or name another input with --input";
        return new UserException(
            $"{subject}: samples of shape {NumericArray.Describe(sample.AsSpan())} do not fit input '{input.Name}' "
            + $"of shape [{shape}]; {remedy}");
    }
}
