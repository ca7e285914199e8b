namespace Emergence.Analyzer.Metrics;

/// <summary>A matrix of connections: rows are inputs, columns outputs.</summary>
internal sealed class DenseWiring(PatternBits bits) : Wiring(bits.Rows, bits.Columns)
{
    private readonly PatternMatrix _pattern = new(bits, width: 1);

    /// <inheritdoc/>
    internal override int Terms => Outputs;

    /// <inheritdoc/>
    internal override WideCounts PullBack(WideCounts outputs) => outputs.Apply(Inputs, PullBack);

    private void PullBack(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        var product = new ulong[_pattern.Distinct];
        _pattern.Multiply(from, 1, 1, product, new ulong[_pattern.TableSize(1)]);
        for (var input = 0; input < to.Length; input++)
        {
            var row = _pattern.DistinctOf(input);
            to[input] = row < 0 ? 0 : product[row];
        }
    }
}

/// <summary>A wiring and what its outputs become.</summary>
internal sealed class MappedWiring(Wiring wiring, ElementMap map) : Wiring(wiring.Inputs, map.To)
{
    /// <inheritdoc/>
    internal override int Terms => Math.Max(wiring.Terms, map.FanOut);

    /// <inheritdoc/>
    internal override WideCounts PullBack(WideCounts outputs) => wiring.PullBack(map.PullBack(outputs));
}
