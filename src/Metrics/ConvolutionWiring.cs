namespace Emergence.Analyzer.Metrics;

/// <summary>
/// A convolution, or its transpose. Counts are pulled back a few rows at a time: first summed over output channels, as
/// the pattern of each (input channel, tap) tells, then added to the input's rows, shifted by the tap.
/// </summary>
internal sealed class ConvolutionWiring : Wiring
{
    private readonly PatternMatrix[] _groups;
    private readonly int _inputs, _outputs, _taps;
    private readonly bool _transposed;

    // The outputs' and the inputs' last axis, and for each tap of all other axes where an output's row goes (-1: nowhere).
    private readonly int _rows, _width, _inputRows, _inputWidth;
    private readonly int[] _inputRow;

    // Along the last axis, by tap: input = narrow · stride + shift for narrow in [First, End).
    private readonly int _stride;
    private readonly (int Shift, int First, int End)[] _columns;

    /// <summary>Creates the wiring.</summary>
    /// <param name="groups">By group: rows are (input, tap) pairs, columns outputs.</param>
    /// <param name="window">The window, over the input, or for a transposed convolution over the output.</param>
    /// <param name="transposed">Whether the convolution is transposed.</param>
    public ConvolutionWiring(PatternBits[] groups, SlidingWindow window, bool transposed)
        : base(
            groups.Length * (groups[0].Rows / window.Taps) * (transposed ? window.OutputPositions : window.InputPositions),
            groups.Length * groups[0].Columns * (transposed ? window.InputPositions : window.OutputPositions))
    {
        (_taps, _transposed) = (window.Taps, transposed);
        (_inputs, _outputs) = (groups[0].Rows / _taps, groups[0].Columns);
        var last = window.Input.Length - 1;
        var (wideRows, narrowRows) = (window.InputPositions / window.Input[last], window.OutputPositions / window.Output[last]);
        (_rows, _width, _inputRows, _inputWidth) = transposed
            ? (wideRows, window.Input[last], narrowRows, window.Output[last])
            : (narrowRows, window.Output[last], wideRows, window.Input[last]);
        _groups = [.. groups.Select(bits => new PatternMatrix(bits, RowsAtOnce * _width))];

        var under = window.InputsUnder(last);
        _inputRow = transposed ? new int[_taps / window.Kernel[last] * wideRows] : under;
        if (transposed)
        {
            Array.Fill(_inputRow, -1);
            for (var k = 0; k < under.Length; k++)
            {
                if (under[k] >= 0)
                    _inputRow[(k / narrowRows * wideRows) + under[k]] = k % narrowRows;
            }
        }

        _stride = window.Strides[last];
        _columns = new (int, int, int)[window.Kernel[last]];
        for (var tap = 0; tap < _columns.Length; tap++)
        {
            var shift = (tap * window.Dilations[last]) - window.Pads[last];
            var first = shift >= 0 ? 0 : (-shift + _stride - 1) / _stride;
            var end = shift >= window.Input[last]
                ? 0
                : Math.Min(window.Output[last], ((window.Input[last] - 1 - shift) / _stride) + 1);
            _columns[tap] = (shift, first, Math.Max(first, end));
        }
    }

    /// <inheritdoc/>
    internal override int Terms => _outputs * _taps;

    // Short rows are taken several at once, to give the vector units enough to do.
    private int RowsAtOnce => Math.Clamp(64 / _width, 1, _rows);

    /// <inheritdoc/>
    internal override WideCounts PullBack(WideCounts outputs) => outputs.Apply(Inputs, PullBack);

    private void PullBack(ReadOnlySpan<ulong> from, Span<ulong> to)
    {
        var largest = RowsAtOnce * _width;
        var sums = new ulong[_groups.Max(group => group.Distinct) * largest];
        var table = new ulong[_groups.Max(group => group.TableSize(largest))];
        for (var g = 0; g < _groups.Length; g++)
        {
            var outputs = from.Slice(g * _outputs * _rows * _width, _outputs * _rows * _width);
            var inputs = to.Slice(g * _inputs * _inputRows * _inputWidth, _inputs * _inputRows * _inputWidth);
            for (var row = 0; row < _rows; row += RowsAtOnce)
            {
                var rows = Math.Min(RowsAtOnce, _rows - row);
                var product = sums.AsSpan(0, _groups[g].Distinct * rows * _width);
                product.Clear();
                _groups[g].Multiply(outputs[(row * _width)..], _rows * _width, rows * _width, product, table);
                Scatter(_groups[g], product, row, rows, inputs);
            }
        }
    }

    // Adds the sums of output rows [row, row + rows) to the inputs under each tap.
    private void Scatter(PatternMatrix group, ReadOnlySpan<ulong> sums, int row, int rows, Span<ulong> inputs)
    {
        for (var pair = 0; pair < _inputs * _taps; pair++)
        {
            var distinct = group.DistinctOf(pair);
            if (distinct < 0)
                continue;
            var (input, tap) = Math.DivRem(pair, _taps);
            var (outerTap, lastTap) = Math.DivRem(tap, _columns.Length);
            for (var r = 0; r < rows; r++)
            {
                var inputRow = _inputRow[(outerTap * _rows) + row + r];
                if (inputRow >= 0)
                {
                    AddRow(
                        inputs.Slice(((input * _inputRows) + inputRow) * _inputWidth, _inputWidth),
                        sums.Slice(((distinct * rows) + r) * _width, _width), _columns[lastTap]);
                }
            }
        }
    }

    private void AddRow(Span<ulong> input, ReadOnlySpan<ulong> sums, (int Shift, int First, int End) column)
    {
        var (shift, first, end) = column;
        if (first == end)
            return;
        if (_stride == 1)
        {
            Lanes.Add(
                input.Slice(first + (_transposed ? 0 : shift), end - first),
                sums.Slice(first + (_transposed ? shift : 0), end - first));
            return;
        }
        for (var narrow = first; narrow < end; narrow++)
        {
            var wide = (narrow * _stride) + shift;
            input[_transposed ? narrow : wide] += sums[_transposed ? wide : narrow];
        }
    }
}
