using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Journal;

/// <summary>The name of a result: a hash of everything that shapes it. What is too much costs a second measurement, what
/// is missing a wrong number.</summary>
internal static class ResultKey
{
    /// <summary>The key of a checkpoint's result.</summary>
    /// <param name="checkpoint">The checkpoint: its content, whatever it is called and wherever it is.</param>
    /// <param name="traced">What was found when it was traced; where that says its name, the name counts.</param>
    /// <param name="settings">What was asked for.</param>
    /// <param name="options">What the user said of the samples.</param>
    /// <param name="probe">The samples.</param>
    /// <param name="device">Where the model runs.</param>
    public static byte[] Of(
        Checkpoint checkpoint, ImmutableArray<Diagnostic> traced, AnalysisSettings settings, ProbeOptions options, Probe probe,
        Device device)
    {
        using var stream = new MemoryStream();
        using var text = new BinaryWriter(stream, Encoding.UTF8);
        text.Write(ToolBuild.Id);
        text.Write(device.ToString());
        text.Write(traced.Any(each => each.ToString().Contains(checkpoint.FileName, StringComparison.Ordinal))
            ? checkpoint.Path : "");
        text.Write(checkpoint.Sha256);
        StoredSettings.Write(text, settings);
        text.Write(Stamp(settings.ProviderLibrary));
        Write(text, options.Dimensions);
        Write(text, probe);
        return SHA256.HashData(stream.ToArray());
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
        StoredSettings.Write(text, [.. probe.Diagnostics.Select(diagnostic => diagnostic.ToString())]);
    }
}
