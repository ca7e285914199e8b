using System.Collections.Immutable;

namespace Emergence.Analyzer.Tests;

/// <summary>The made models under ../shared/cases whose numbers their README gives for samples that lie beside them.</summary>
internal static class ForeignCases
{
    // The beginning of a model's name, and the file of its samples.
    private static readonly (string Start, string Data)[] Fixed =
    [
        ("foreign/relu_", "x.npy"), ("foreign/hardswish_", "x6.npy"), ("foreign/gelu_", "x6.npy"),
        ("foreign3/declared_", "declared.npy"), ("foreign3/qdq_", "qdq.npy"),
            ("foreign3/batchless_vector", "batchless_vector.npy"),
    ];

    /// <summary>What <c>--data</c> names for a model; empty: random samples.</summary>
    public static ImmutableArray<string> DataOf(string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        var name = $"{Path.GetFileName(folder)}/{Path.GetFileName(path)}";
        return [.. Fixed.Where(known => name.StartsWith(known.Start, StringComparison.Ordinal))
            .Select(known => Path.Combine(folder, known.Data))];
    }
}
