using System.Collections.Immutable;
using Onnx;

namespace Emergence.Tracing.Model;

/// <summary>Which axis of each input counts samples, as far as names and sizes of dimensions tell: one name
/// is one size.</summary>
internal static class BatchNames
{
    // Short names that exporters give the batch. Others name graph nodes or points with them too.
    private static readonly string[] Letters = ["N", "n", "B", "b", "bs"];

    private static readonly string[] Within = ["len", "seq", "time"];

    /// <summary>True for a name that says batch, and not what is the largest length in one.</summary>
    public static bool IsBatch(string symbol) => symbol.Contains("batch", StringComparison.OrdinalIgnoreCase)
        && !Array.Exists(Within, word => symbol.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>The batch axis of each input by name; -1 for one without.</summary>
    /// <param name="inputs">The inputs that must be fed.</param>
    /// <param name="known">Inputs whose axis is known already; their names decide for the others.</param>
    public static Dictionary<string, int> AxesOf(IReadOnlyList<ValueInfoProto> inputs, IReadOnlyDictionary<string, int> known)
    {
        var shaped = inputs.Where(input => input.Type?.TensorType?.Shape is { Dim.Count: > 0 })
            .Select(input => (input.Name, Symbols: SymbolsOf(input), Sizes: SizesOf(input))).ToArray();
        var doubled = shaped.SelectMany(input => input.Symbols.Where(IsName).GroupBy(symbol => symbol))
            .Where(group => group.Count() > 1).Select(group => group.Key).ToHashSet(StringComparer.Ordinal);
        var batches = Batches();
        var axes = inputs.ToDictionary(input => input.Name, _ => -1, StringComparer.Ordinal);
        var undecided = new List<(string Name, ImmutableArray<string> Symbols, ImmutableArray<long> Sizes)>();
        foreach (var input in shaped)
        {
            var named = Enumerable.Range(0, input.Symbols.Length).FirstOrDefault(i => batches.Contains(input.Symbols[i]), -1);
            if (known.TryGetValue(input.Name, out var axis))
                axes[input.Name] = axis;
            else if (named >= 0)
                axes[input.Name] = named;
            else
                undecided.Add(input);
        }
        var others = shaped.Where(input => !undecided.Contains(input))
            .SelectMany(input => input.Symbols.Where((_, axis) => axis != axes[input.Name]))
                .Where(IsName)
                .ToHashSet(StringComparer.Ordinal);
        foreach (var input in undecided.Where(input => !doubled.Contains(input.Symbols[0]) && !others.Contains(input.Symbols[0])))
            axes[input.Name] = 0;
        foreach (var input in undecided.Where(input => axes[input.Name] == 0 && IsShared(input.Name, input.Sizes)).ToArray())
            axes[input.Name] = -1;
        return axes;

        HashSet<string> Batches()
        {
            var decided = shaped.Where(input => known.GetValueOrDefault(input.Name, -1) >= 0)
                .Select(input => input.Symbols[known[input.Name]]).Where(IsName);
            var all = shaped.SelectMany(input => input.Symbols).Where(IsName).Except(doubled).ToArray();
            var first = shaped.Select(input => input.Symbols[0]).Where(all.Contains);
            IEnumerable<string>[] choices = [decided, all.Where(IsBatch), all.Where(Letters.Contains).Take(1), first.Take(1)];
            return choices.Select(choice => choice.ToHashSet(StringComparer.Ordinal)).FirstOrDefault(choice => choice.Count > 0)
                ?? [];
        }

        // Two numbers, or one row, beside inputs of another fixed batch or of larger rank: a value for all samples.
        bool IsShared(string name, ImmutableArray<long> sizes) => sizes[0] > 0 && shaped.Any(other =>
            other.Name != name && axes[other.Name] is >= 0 and var axis && other.Sizes[axis] != sizes[0]
            && (other.Sizes.Length > sizes.Length && sizes.Length == 1 || sizes[0] == 1 && other.Sizes[axis] > 1));
    }

    private static bool IsName(string symbol) => symbol.Length > 0;

    /// <summary>The name of each free dimension; empty for a fixed one, and for one without a name.</summary>
    private static ImmutableArray<string> SymbolsOf(ValueInfoProto input) =>
        [.. input.Type.TensorType.Shape.Dim.Select(dim => dim.HasDimParam ? dim.DimParam : "")];

    /// <summary>The fixed sizes; 0 for a free dimension.</summary>
    private static ImmutableArray<long> SizesOf(ValueInfoProto input) =>
        [.. input.Type.TensorType.Shape.Dim.Select(dim => dim.HasDimValue ? Math.Max(dim.DimValue, 0) : 0)];
}
