using System.Numerics;
using System.Runtime.InteropServices;

namespace Emergence.Analyzer.Metrics;

/// <summary>
/// A matrix of zeros and ones, made to be multiplied. Equal rows are stored and multiplied once: of an unpruned layer
/// one is left. Columns are taken k at a time, and the 2^k sums of k columns looked up instead of added (the method of
/// the four Russians), so that a product costs rows · columns / k additions.
/// </summary>
internal sealed class PatternMatrix
{
    // What the lookup table may take, so that it stays in the first-level cache.
    private const int TableLanes = 2048;

    private readonly int[] _distinctOf;
    private readonly byte[] _codes;
    private readonly int _columns;
    private readonly int _group;

    /// <summary>Compiles a pattern.</summary>
    /// <param name="bits">The pattern.</param>
    /// <param name="width">Number of vectors that are usually multiplied at once.</param>
    public PatternMatrix(PatternBits bits, int width)
    {
        _columns = bits.Columns;
        (_distinctOf, var rows) = bits.DistinctRows();
        Distinct = rows.Length;
        _group = Math.Clamp(
            Math.Min(BitOperations.Log2((uint)Distinct | 1), BitOperations.Log2((uint)(TableLanes / width) | 1)), 1, 8);
        var groups = (_columns + _group - 1) / _group;
        _codes = new byte[groups * Distinct];
        for (var g = 0; g < groups; g++)
        {
            var codes = _codes.AsSpan(g * Distinct, Distinct);
            for (var row = 0; row < codes.Length; row++)
                codes[row] = bits.Extract(rows[row], g * _group, _group);
        }
    }

    /// <summary>Number of different rows that are not zero.</summary>
    public int Distinct { get; }

    /// <summary>Lanes of scratch that <see cref="Multiply"/> needs.</summary>
    public int TableSize(int width) => width << _group;

    /// <summary>The row of a product that belongs to <paramref name="row"/>; -1 where it is zero.</summary>
    public int DistinctOf(int row) => _distinctOf[row];

    /// <summary>Multiplies with <paramref name="width"/> vectors at once, adding to the product.</summary>
    /// <param name="values">The vectors, side by side: column c begins at c · <paramref name="stride"/>.</param>
    /// <param name="stride">Distance of columns.</param>
    /// <param name="width">Number of vectors.</param>
    /// <param name="product">Distinct rows × width.</param>
    /// <param name="table">Scratch of <see cref="TableSize"/> lanes.</param>
    public void Multiply(ReadOnlySpan<ulong> values, int stride, int width, Span<ulong> product, Span<ulong> table)
    {
        table[..width].Clear();
        for (var (column, code) = (0, 0); column < _columns; column += _group, code += Distinct)
        {
            var columns = Math.Min(_group, _columns - column);
            for (var k = 0; k < columns; k++)
            {
                // The sums with column k are those without it, plus column k.
                var half = width << k;
                table[..half].CopyTo(table[half..]);
                for (var at = half; at < 2 * half; at += width)
                    Lanes.Add(table.Slice(at, width), values.Slice((column + k) * stride, width));
            }

            var codes = _codes.AsSpan(code, Distinct);
            if (width == 1)
            {
                for (var row = 0; row < codes.Length; row++)
                    product[row] += table[codes[row]];
                continue;
            }
            for (var row = 0; row < codes.Length; row++)
            {
                if (codes[row] != 0)
                    Lanes.Add(product.Slice(row * width, width), table.Slice(codes[row] * width, width));
            }
        }
    }
}

/// <summary>A 0/1 matrix as it is put together: 64 columns to a word, word by word over all rows.</summary>
internal sealed class PatternBits(int rows, int columns)
{
    private readonly ulong[] _words = new ulong[rows * ((columns + 63) / 64)];

    public int Rows => rows;

    public int Columns => columns;

    public bool this[int row, int column] => ((_words[(column / 64 * rows) + row] >> (column % 64)) & 1) != 0;

    /// <summary>Sets an element where <paramref name="value"/> holds; never clears one.</summary>
    public void Or(int row, int column, bool value) =>
        _words[(column / 64 * rows) + row] |= (value ? 1UL : 0UL) << (column % 64);

    /// <summary>Up to 8 elements of a row; beyond the last column they are zero.</summary>
    public byte Extract(int row, int column, int count)
    {
        var at = (column / 64 * rows) + row;
        var found = _words[at] >> (column % 64);
        if ((column % 64) + count > 64 && at + rows < _words.Length)
            found |= _words[at + rows] << (64 - (column % 64));
        return (byte)(found & ((1UL << count) - 1));
    }

    /// <summary>One row per source of the map: its counterparts' rows or'ed together.</summary>
    public PatternBits Merge(ElementMap map)
    {
        var merged = new PatternBits(map.From, columns);
        for (var source = 0; source < map.From; source++)
        {
            foreach (var row in map[source])
            {
                for (var word = 0; word < (columns + 63) / 64; word++)
                    merged._words[(word * map.From) + source] |= _words[(word * rows) + row];
            }
        }
        return merged;
    }

    /// <summary>For each row the index of its like among the different rows (-1: a row of zeros), and one
    /// row of each kind.</summary>
    public (int[] DistinctOf, int[] Rows) DistinctRows()
    {
        var distinctOf = new int[rows];
        var kinds = new List<int>();
        var byHash = new Dictionary<int, List<int>>();
        for (var row = 0; row < rows; row++)
        {
            var hash = new HashCode();
            var any = 0UL;
            for (var at = row; at < _words.Length; at += rows)
            {
                hash.Add(_words[at]);
                any |= _words[at];
            }
            distinctOf[row] = -1;
            if (any == 0)
                continue;
            ref var candidates = ref CollectionsMarshal.GetValueRefOrAddDefault(byHash, hash.ToHashCode(), out _);
            candidates ??= [];
            foreach (var kind in candidates)
            {
                if (Equal(kinds[kind], row))
                {
                    distinctOf[row] = kind;
                    break;
                }
            }
            if (distinctOf[row] >= 0)
                continue;
            distinctOf[row] = kinds.Count;
            candidates.Add(kinds.Count);
            kinds.Add(row);
        }
        return (distinctOf, [.. kinds]);
    }

    private bool Equal(int left, int right)
    {
        for (var at = 0; at < _words.Length; at += rows)
        {
            if (_words[at + left] != _words[at + right])
                return false;
        }
        return true;
    }
}
