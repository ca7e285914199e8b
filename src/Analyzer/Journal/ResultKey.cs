using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Journal;

/// <summary>The name of a result: a hash of everything that shapes it. What is too much costs a second measurement, what
/// is missing a wrong number.</summary>
internal static class ResultKey
{
    // A build is another program where any of its parts is.
    private static readonly Guid[] Program =
    [
        .. new[] { typeof(ResultKey), typeof(Probe), typeof(LayerGraph), typeof(NodeMask), typeof(Checkpoint), typeof(SampleSet) }
            .Select(type => type.Module.ModuleVersionId),
    ];

    /// <summary>The key of a checkpoint's result.</summary>
    /// <param name="checkpoint">The checkpoint. Its name counts, as warnings say it.</param>
    /// <param name="settings">What was asked for.</param>
    /// <param name="options">What the user said of the samples.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="device">Where the model runs.</param>
    public static byte[] Of(Checkpoint checkpoint, AnalysisSettings settings, ProbeOptions options, Probe probe, Device device)
    {
        using var stream = new MemoryStream();
        using var text = new BinaryWriter(stream, Encoding.UTF8);
        foreach (var part in Program)
            text.Write(part.ToByteArray());
        text.Write(SessionFactory.RuntimeVersion);
        text.Write((int)RuntimeInformation.ProcessArchitecture);
        text.Write(device.ToString());
        text.Write(checkpoint.Path);
        text.Write(checkpoint.Sha256);
        Write(text, settings);
        Write(text, options.Dimensions);
        Write(text, probe);
        return SHA256.HashData(stream.ToArray());
    }

    private static void Write(BinaryWriter text, AnalysisSettings settings)
    {
        text.Write(settings.Thresholds.Length);
        foreach (var threshold in settings.Thresholds)
            text.Write(threshold);
        text.Write((int)settings.Statistic);
        text.Write(settings.AliveShare);
        text.Write((int)settings.ConvNodes);
        text.Write(settings.IncludeInput);
        Write(text, settings.Only);
        Write(text, settings.Exclude);
        text.Write(settings.Wired);
        text.Write(settings.Rivals);
        text.Write(settings.Contributions);
        text.Write(settings.Units);
        text.Write(settings.Maxima);
        text.Write(settings.Bootstrap?.Resamples ?? 0);
        text.Write(settings.Bootstrap?.Seed ?? 0);
        text.Write(settings.Nulls.Length);
        foreach (var model in settings.Nulls)
        {
            text.Write((int)model.Kind);
            text.Write(model.Draws);
            text.Write(model.Seed);
        }
        text.Write((int)settings.Optimization);
        text.Write(settings.Threads);
        text.Write(settings.Batch);
        text.Write(settings.Device.ToString());
        text.Write(Stamp(settings.ProviderLibrary));
    }

    /// <summary>A library of hundreds of megabytes is told from another by its place, size and time.</summary>
    private static string Stamp(string? library) => library is not null && new FileInfo(library) is { Exists: true } file
        ? $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"
        : "";

    private static void Write(BinaryWriter text, ImmutableDictionary<string, int> sizes)
    {
        text.Write(sizes.Count);
        foreach (var (name, size) in sizes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            text.Write(name);
            text.Write(size);
        }
    }

    private static void Write(BinaryWriter text, Probe probe)
    {
        text.Write(probe.Provenance.Name);
        text.Write(probe.Provenance.Sha256);
        text.Write(probe.Samples);
        foreach (var input in probe.Inputs)
        {
            text.Write(input.Name);
            text.Write(input.ElementType);
            foreach (var size in input.SampleShape)
                text.Write(size);
        }
        foreach (var label in probe.Labels ?? [])
            text.Write(label);
        if (probe.LabelOrigin is { } origin)
        {
            text.Write(origin.Subject);
            text.Write(origin.Least);
            text.Write(origin.Largest);
            text.Write(origin.IsChosen);
        }
        Write(text, [.. probe.Diagnostics.Select(diagnostic => diagnostic.ToString())]);
    }

    private static void Write(BinaryWriter text, ImmutableArray<string> words)
    {
        text.Write(words.Length);
        foreach (var word in words)
            text.Write(word);
    }
}
