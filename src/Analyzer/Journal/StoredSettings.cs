using System.Collections.Immutable;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Networks;

namespace Emergence.Analyzer.Journal;

/// <summary>Every setting in binary, which also makes the name of a result.</summary>
internal static class StoredSettings
{
    public static void Write(BinaryWriter to, AnalysisSettings settings)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(settings);
        to.Write(settings.Thresholds.Length);
        foreach (var threshold in settings.Thresholds)
            to.Write(threshold);
        to.Write((int)settings.Statistic);
        to.Write(settings.AliveShare);
        to.Write((int)settings.ConvNodes);
        to.Write(settings.IncludeInput);
        Write(to, settings.Only);
        Write(to, settings.Exclude);
        to.Write(settings.Wired);
        to.Write(settings.Rivals);
        to.Write(settings.Contributions);
        to.Write(settings.Units);
        to.Write(settings.Maxima);
        to.Write(settings.Bootstrap?.Resamples ?? 0);
        to.Write(settings.Bootstrap?.Seed ?? 0);
        to.Write(settings.Nulls.Length);
        foreach (var model in settings.Nulls)
        {
            to.Write((int)model.Kind);
            to.Write(model.Draws);
            to.Write(model.Seed);
        }
        to.Write((int)settings.Optimization);
        to.Write(settings.Threads);
        to.Write(settings.Batch);
        to.Write(settings.Device.ToString());
        to.Write(settings.ProviderLibrary ?? "");
    }

    public static AnalysisSettings Read(BinaryReader from)
    {
        ArgumentNullException.ThrowIfNull(from);
        // Initializers run in the order in which they stand here.
        return new AnalysisSettings
        {
            Thresholds = Many(from, from.ReadSingle),
            Statistic = (Statistic)from.ReadInt32(),
            AliveShare = from.ReadDouble(),
            ConvNodes = (ConvNodes)from.ReadInt32(),
            IncludeInput = from.ReadBoolean(),
            Only = Many(from, from.ReadString),
            Exclude = Many(from, from.ReadString),
            Wired = from.ReadBoolean(),
            Rivals = from.ReadBoolean(),
            Contributions = from.ReadBoolean(),
            Units = from.ReadBoolean(),
            Maxima = from.ReadBoolean(),
            Bootstrap = Bootstrap(from.ReadInt32(), from.ReadInt32()),
            Nulls = Many(from, () => new NullModel((NullKind)from.ReadInt32(), from.ReadInt32(), from.ReadInt32())),
            Optimization = (Optimization)from.ReadInt32(),
            Threads = from.ReadInt32(),
            Batch = from.ReadInt32(),
            Device = Device.Parse(from.ReadString()),
            ProviderLibrary = from.ReadString() is { Length: > 0 } library ? library : null,
        };
    }

    private static BootstrapSettings? Bootstrap(int resamples, int seed) =>
        resamples > 0 ? new BootstrapSettings(resamples, seed) : null;

    public static void Write(BinaryWriter to, ImmutableArray<string> words)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Write(words.Length);
        foreach (var word in words)
            to.Write(word);
    }

    private static ImmutableArray<T> Many<T>(BinaryReader from, Func<T> read)
    {
        var items = ImmutableArray.CreateBuilder<T>(from.ReadInt32());
        while (items.Count < items.Capacity)
            items.Add(read());
        return items.MoveToImmutable();
    }
}
