using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Emergence.Measuring.Inference;

/// <summary>Feeds one model input, run after run, from one pinned buffer.</summary>
internal sealed class InputFeed : IDisposable
{
    private readonly ModelInput input;
    private readonly ProbeInput probe;
    private readonly byte[] buffer;
    private readonly int sampleBytes;
    private readonly int outer;
    private OrtValue? value;
    private int valueRows;

    /// <summary>Prepares a buffer.</summary>
    /// <param name="input">The model input.</param>
    /// <param name="probe">The samples that feed it.</param>
    /// <param name="samples">How many samples there are.</param>
    /// <param name="rows">Most samples in one run, padding included.</param>
    /// <exception cref="UserException">The input takes strings, or a run of this many samples exceeds 2 GB.</exception>
    public InputFeed(ModelInput input, ProbeInput probe, int samples, int rows)
    {
        if (input.ElementType == (int)TensorElementType.String)
            throw new UserException(
                $"input '{input.Name}': takes strings, which no probe has; export the model without its tokenizer");
        this.input = input;
        this.probe = probe;
        sampleBytes = probe.Data.Length / samples;
        outer = input.BatchAxis < 0 ? 1 : probe.SampleShape.Take(input.BatchAxis).Aggregate(1, (product, size) => product * size);
        if ((long)sampleBytes * rows > Array.MaxLength)
            throw new UserException(
                $"input '{input.Name}': {rows:N0} samples of {sampleBytes:N0} bytes do not fit into one run; choose a smaller "
                + "--batch");
        buffer = GC.AllocateUninitializedArray<byte>(sampleBytes * rows, pinned: true);
    }

    /// <summary>The input's name.</summary>
    public string Name => input.Name;

    /// <summary>
    /// The tensor with samples [<paramref name="start"/>, <paramref name="start"/> + <paramref name="count"/>), padded with
    /// copies of the last one to <paramref name="rows"/>. It is valid until the next call.
    /// </summary>
    public OrtValue Fill(int start, int count, int rows)
    {
        // The batch axis need not be the first: [time, batch, features] takes a slice of each sample per time step.
        var inner = sampleBytes / outer;
        for (var row = 0; row < rows; row++)
        {
            var sample = probe.Data.Span.Slice((start + Math.Min(row, count - 1)) * sampleBytes, sampleBytes);
            for (var step = 0; step < outer; step++)
                sample.Slice(step * inner, inner).CopyTo(buffer.AsSpan((step * rows + row) * inner));
        }
        return ValueOf(rows);
    }

    /// <inheritdoc/>
    public void Dispose() => value?.Dispose();

    private OrtValue ValueOf(int rows)
    {
        if (value is not null && valueRows == rows)
            return value;
        value?.Dispose();
        var shape = probe.SampleShape.Select(size => (long)size).ToList();
        if (input.BatchAxis >= 0)
            shape.Insert(input.BatchAxis, rows);
        valueRows = rows;
        return value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, (TensorElementType)input.ElementType,
            [.. shape], AddressOfBuffer(), (long)sampleBytes * rows);
    }

    private nint AddressOfBuffer() => System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(buffer, 0);
}
