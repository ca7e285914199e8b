using System.Collections.Immutable;
using Emergence.Analyzer.Journal;
using Emergence.Measuring.Probes;

namespace Emergence.Analyzer.Sharding;

/// <summary>What the user said of the samples, and what they are, in a file.</summary>
internal static class StoredProbe
{
    public static void Write(BinaryWriter to, ProbeOptions options)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(options);
        StoredSettings.Write(to, options.Data);
        to.Write(options.DataDir ?? "");
        to.Write(options.Split is { } split ? (int)split : -1);
        to.Write(options.Samples ?? 0);
        to.Write(options.Labels ?? "");
        to.Write(options.Scale is not null);
        to.Write(options.Scale ?? 0);
        Write(to, options.Mean);
        Write(to, options.Std);
        to.Write(options.Input ?? "");
        to.Write(options.Dimensions.Count);
        foreach (var (name, size) in options.Dimensions.OrderBy(size => size.Key, StringComparer.Ordinal))
        {
            to.Write(name);
            to.Write(size);
        }
        to.Write(options.Seed);
    }

    // Initializers run in the order in which they stand here.
    public static ProbeOptions ReadOptions(BinaryReader from)
    {
        ArgumentNullException.ThrowIfNull(from);
        return new()
        {
            Data = Many(from, from.ReadString),
            DataDir = Word(from),
            Split = from.ReadInt32() is >= 0 and var split ? (DataSplit)split : null,
            Samples = from.ReadInt32() is > 0 and var samples ? samples : null,
            Labels = Word(from),
            Scale = (from.ReadBoolean(), from.ReadSingle()) is (true, var scale) ? scale : null,
            Mean = Many(from, from.ReadSingle),
            Std = Many(from, from.ReadSingle),
            Input = Word(from),
            Dimensions = Many(from, () => KeyValuePair.Create(from.ReadString(), from.ReadInt32())).ToImmutableDictionary(),
            Seed = from.ReadInt32(),
        };
    }

    public static void Write(BinaryWriter to, ProbeProvenance probe)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(probe);
        to.Write(probe.Name);
        to.Write(probe.Sha256);
        to.Write(probe.Samples);
        to.Write(probe.Seed is not null);
        to.Write(probe.Seed ?? 0);
    }

    public static ProbeProvenance ReadProvenance(BinaryReader from)
    {
        ArgumentNullException.ThrowIfNull(from);
        return new(from.ReadString(), from.ReadString(), from.ReadInt32(),
            (from.ReadBoolean(), from.ReadInt32()) is (true, var seed) ? seed : null);
    }

    private static void Write(BinaryWriter to, ImmutableArray<float> values)
    {
        to.Write(values.Length);
        foreach (var value in values)
            to.Write(value);
    }

    private static string? Word(BinaryReader from) => from.ReadString() is { Length: > 0 } word ? word : null;

    private static ImmutableArray<T> Many<T>(BinaryReader from, Func<T> read)
    {
        var items = ImmutableArray.CreateBuilder<T>(from.ReadInt32());
        while (items.Count < items.Capacity)
            items.Add(read());
        return items.MoveToImmutable();
    }
}
