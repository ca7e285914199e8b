using System.Collections.Immutable;
using Emergence.Checkpoints;
using Emergence.Tracing;
using Emergence.Tracing.Model;

namespace Emergence.Measuring.Probes;

/// <summary>What given data say of the inputs they feed: sizes of free dimensions, and which input has no batch axis.</summary>
internal static class DataSizes
{
    /// <summary>
    /// The options with a size for each free dimension that the data have and the user did not give. Data that fit no
    /// reading of an input say nothing of it.
    /// </summary>
    /// <param name="options">What the user gave.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="feeds">The data of each.</param>
    /// <exception cref="UserException">Two axes of one name have different sizes.</exception>
    public static TraceOptions Add(TraceOptions options, ImmutableArray<ModelInput> inputs, ImmutableArray<BoundArray> feeds)
    {
        var reads = feeds.Where(feed => !feed.Input.Symbols.IsEmpty)
            .Select(feed => Read(feed, options.Dimensions))
            .OfType<Reading>()
            .ToArray();
        var axes = options.BatchAxes.SetItems(reads.Where(read => read.BatchAxis != read.Feed.Input.BatchAxis)
            .Select(read => KeyValuePair.Create(read.Feed.Input.Name, read.BatchAxis)));
        var batches = inputs.Where(input => input.BatchAxis >= 0 && axes.GetValueOrDefault(input.Name) >= 0)
            .Select(input => input.Symbols[input.BatchAxis]).ToHashSet(StringComparer.Ordinal);
        var sizes = new Dictionary<string, (int Size, string Subject)>(StringComparer.Ordinal);
        foreach (var (feed, axis, size) in reads.SelectMany(read => read.Sizes,
            (read, each) => (read.Feed, each.Axis, each.Size)))
        {
            var symbol = feed.Input.Symbols[axis];
            if (symbol.Length == 0 || options.Dimensions.ContainsKey(symbol) || batches.Contains(symbol))
                continue;
            if (!sizes.TryAdd(symbol, (size, feed.Subject)) && sizes[symbol].Size != size)
                throw new UserException(
                    $"{feed.Subject}: dimension '{symbol}' of input '{feed.Input.Name}' is {size} there and "
                    + $"{sizes[symbol].Size} in {sizes[symbol].Subject}, but one name is one size; give data of one size");
        }
        return options with
        {
            BatchAxes = axes,
            Dimensions = options.Dimensions.AddRange(sizes.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Size))),
        };
    }

    /// <summary>How data are read as an input.</summary>
    /// <param name="Feed">The data.</param>
    /// <param name="BatchAxis">The input's batch axis, or -1.</param>
    /// <param name="Sizes">The size of each other axis.</param>
    private sealed record Reading(BoundArray Feed, int BatchAxis, (int Axis, int Size)[] Sizes);

    /// <summary>Reads the data; null where they fit no reading of the input.</summary>
    private static Reading? Read(BoundArray feed, ImmutableDictionary<string, int> given)
    {
        var (input, stored) = (feed.Input, feed.Array.Shape);
        var all = Enumerable.Range(0, input.Shape.Length).ToArray();
        int[] sample = [.. all.Where(axis => axis != input.BatchAxis)];
        var samples = stored.IsEmpty ? stored : stored[1..];
        var asInput = stored.Length != all.Length ? null
            : Match(input.BatchAxis < 0 ? stored : stored.RemoveAt(input.BatchAxis), sample);
        var read = (feed.InModelLayout ? asInput : null) ?? (stored.IsEmpty ? null : Match(samples, sample)) ?? asInput;
        if (read is not null)
            return new Reading(feed, input.BatchAxis, read);
        // More axes than the input has: each sample is a whole input.
        var isSample = !feed.InModelLayout && input.BatchAxis >= 0 && samples.Length == all.Length
            && !BatchNames.IsBatch(input.Symbols[input.BatchAxis]);
        return isSample && Match(samples, all) is { } whole ? new Reading(feed, -1, whole) : null;

        (int Axis, int Size)[]? Match(ImmutableArray<int> sizes, int[] axes)
        {
            if (sizes.Length != axes.Length)
            {
                // Axes of one come and go; an image is flattened for a row of features.
                if (axes.Length == 1 && sizes.Length is 2 or 3)
                    sizes = [sizes.Aggregate(1, (product, size) => checked(product * size))];
                sizes = [.. sizes.Where(size => size != 1)];
                axes = [.. axes.Where(axis => !IsOne(axis))];
            }
            if (sizes.Length != axes.Length)
                return null;
            IEnumerable<ImmutableArray<int>> orders = axes.Length == 3 && !feed.InModelLayout
                ? [sizes, [sizes[2], sizes[0], sizes[1]], [sizes[1], sizes[2], sizes[0]]] : [sizes];
            return orders.Select(order => axes.Zip(order).ToArray())
                .FirstOrDefault(pairs => pairs.All(pair => Fits(pair.First, pair.Second)));
        }

        bool IsFree(int axis) => input.Symbols[axis].Length > 0 && !given.ContainsKey(input.Symbols[axis]);

        bool IsOne(int axis) => !IsFree(axis) && SizeOf(axis) == 1;

        bool Fits(int axis, int size) => IsFree(axis) || SizeOf(axis) == size;

        long? SizeOf(int axis) => given.TryGetValue(input.Symbols[axis], out var size) ? size : input.Shape[axis];
    }
}
