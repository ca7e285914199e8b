using System.Globalization;

namespace Emergence.CommandLine;

/// <summary>One of several parts of a series, counted from 1, as <c>--shard 3/8</c> names it.</summary>
/// <param name="Index">Which.</param>
/// <param name="Count">Of how many.</param>
public sealed record Shard(int Index, int Count)
{
    /// <summary>Which, from 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such part.</exception>
    public int Index { get; } = Index >= 1 && Index <= Count
        ? Index
        : throw new ArgumentOutOfRangeException(nameof(Index), Index, "expected 1 to the number of shards");

    /// <summary>Reads <c>i/N</c>.</summary>
    /// <exception cref="FormatException">It is none, or i is not from 1 to N.</exception>
    public static Shard Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('/') is [var index, var count] && TryCount(index, out var i) && TryCount(count, out var n)
            ? i <= n ? new Shard(i, n) : throw new FormatException($"'{text}': there is no shard {i} of {n}; count from 1 to {n}")
            : throw new FormatException($"'{text}' is not i/N with i from 1 to N, as in 3/8, nor auto or auto/N");
    }

    /// <summary>Reads a number of shards.</summary>
    public static bool TryCount(string text, out int count) =>
        WrittenNumber.TryWhole(text, out count) && count >= 1;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");
}
