using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Measuring.Probes;
using Emergence.Testing;
using Emergence.Tracing.Model;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests;

/// <summary>The models under ../shared that other programs exported.</summary>
internal static class SharedModels
{
    /// <summary>Every model that can be analyzed, by its path under the folder, in ordinal order.</summary>
    public static ImmutableArray<string> Analysable() => Listed(isOdd: false);

    /// <summary>The files that must end in one clear line.</summary>
    public static ImmutableArray<string> Odd() => Listed(isOdd: true);

    /// <summary>Seeded samples of the right shape for a model, without the resolver's help.</summary>
    public static Probe RandomProbe(LayerGraph graph, int samples)
    {
        var random = new Random(1);
        return new Probe([.. graph.Inputs.Select(Input)], samples, null, new ProbeProvenance("random", "", samples, 1), []);

        ProbeInput Input(ModelInput input)
        {
            var shape = input.Shape.Where((_, axis) => axis != input.BatchAxis)
                .Select(size => (int)size!.Value)
                .ToImmutableArray();
            var count = samples * shape.Aggregate(1, (product, size) => product * size);
            var bytes = (DataType)input.ElementType switch
            {
                DataType.Float => MemoryMarshal.AsBytes(Values(count, () => random.NextSingle()).AsSpan()).ToArray(),
                DataType.Float16 => MemoryMarshal.AsBytes(Values(count, () => (Half)random.NextSingle()).AsSpan()).ToArray(),
                DataType.Int64 =>
                    MemoryMarshal.AsBytes(Values(count, () => random.NextInt64(Math.Min(input.Vocabulary ?? 2, 2))).AsSpan())
                        .ToArray(),
                _ => throw new NotSupportedException($"input type {input.ElementType}"),
            };
            return new ProbeInput(input.Name, input.ElementType, shape, bytes);
        }
    }

    private static ImmutableArray<string> Listed(bool isOdd)
    {
        var folder = SharedFiles.Require("models");
        return [.. Directory.GetFiles(folder, "*.onnx", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path).Replace('\\', '/'))
            .Where(path =>
                isOdd == (path.StartsWith("odd/", StringComparison.Ordinal)
                    || path.StartsWith("nonnn/", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)];
    }

    private static T[] Values<T>(int count, Func<T> next) => [.. Enumerable.Range(0, count).Select(_ => next())];
}
