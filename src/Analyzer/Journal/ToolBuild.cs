using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Emergence.Analyzer.Metrics;
using Emergence.Checkpoints;
using Emergence.Datasets;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;

namespace Emergence.Analyzer.Journal;

/// <summary>The program that measures: results of two builds are never taken for each other.</summary>
internal static class ToolBuild
{
    /// <summary>What tells this build from all others: a build is another program where any of its parts is.</summary>
    public static string Id { get; } = Convert.ToHexStringLower(SHA256.HashData(
    [
        .. new[]
        {
            typeof(ToolBuild), typeof(Probe), typeof(LayerGraph), typeof(NodeMask), typeof(Checkpoint), typeof(SampleSet),
        }.SelectMany(type => type.Module.ModuleVersionId.ToByteArray()),
        .. System.Text.Encoding.UTF8.GetBytes(SessionFactory.RuntimeVersion),
        (byte)RuntimeInformation.ProcessArchitecture,
    ]));

    /// <summary>The version that users know.</summary>
    public static string Version { get; } = typeof(ToolBuild).Assembly.GetName().Version!.ToString(fieldCount: 3);
}
