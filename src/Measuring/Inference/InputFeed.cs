using Emergence.Checkpoints;
using Emergence.Measuring.Probes;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Emergence.Measuring.Inference;

/// <summary>Feeds one model input, run after run, from one buffer that does not move.</summary>
internal sealed unsafe class InputFeed : IDisposable
{
    private readonly ModelInput input;
    private readonly ProbeInput probe;
    private readonly ValueReader samples;
    private readonly byte[] own;
    private (nint Address, OrtMemoryInfo Memory) buffer;
    private readonly int sampleBytes;
    private readonly int outer;
    private OrtValue? value;
    private int valueRows;

    /// <summary>Prepares a buffer.</summary>
    /// <param name="input">The model input.</param>
    /// <param name="probe">The samples that feed it.</param>
    /// <param name="rows">Most samples in one run, padding included.</param>
    /// <exception cref="UserException">The input takes strings, or a run of this many samples exceeds 2 GB.</exception>
    public InputFeed(ModelInput input, ProbeInput probe, int rows)
    {
        if (input.ElementType == (int)TensorElementType.String)
            throw new UserException(
                $"input '{input.Name}': takes strings, which no probe has; export the model without its tokenizer");
        this.input = input;
        this.probe = probe;
        sampleBytes = probe.SampleBytes;
        outer = input.BatchAxis < 0 ? 1 : probe.SampleShape.Take(input.BatchAxis).Aggregate(1, (product, size) => product * size);
        if ((long)sampleBytes * rows > Array.MaxLength)
            throw new UserException(
                $"input '{input.Name}': {rows:N0} samples of {sampleBytes:N0} bytes do not fit into one run; choose a smaller "
                + "--batch");
        own = GC.AllocateUninitializedArray<byte>(sampleBytes * rows, pinned: true);
        samples = probe.Values.Open();
        UseOwn();
    }

    /// <summary>Bytes of the buffer.</summary>
    public int Bytes => own.Length;

    /// <summary>Bytes of one sample.</summary>
    public int SampleBytes => sampleBytes;

    /// <summary>From now on fills other memory of this machine, of <see cref="Bytes"/> bytes.</summary>
    public void Use(nint address, OrtMemoryInfo memory)
    {
        value?.Dispose();
        value = null;
        buffer = (address, memory);
    }

    /// <summary>From now on fills its own memory again.</summary>
    public void UseOwn() =>
        Use(System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(own, 0), OrtMemoryInfo.DefaultInstance);

    /// <summary>The input's name.</summary>
    public string Name => input.Name;

    /// <summary>
    /// The tensor with samples [<paramref name="start"/>, <paramref name="start"/> + <paramref name="count"/>), padded with
    /// copies of the last one to <paramref name="rows"/>. It is valid until the next call.
    /// </summary>
    public OrtValue Fill(int start, int count, int rows)
    {
        var target = new Span<byte>((void*)buffer.Address, own.Length);
        if (outer == 1)
        {
            samples.Read(start, count, target);
            for (var row = count; row < rows; row++)
                target.Slice((count - 1) * sampleBytes, sampleBytes).CopyTo(target[(row * sampleBytes)..]);
            return ValueOf(rows);
        }
        // The batch axis need not be the first: [time, batch, features] takes a slice of each sample per time step.
        var inner = sampleBytes / outer;
        var sample = new byte[sampleBytes].AsSpan();
        for (var row = 0; row < rows; row++)
        {
            if (row < count)
                samples.Read(start + row, 1, sample);
            for (var step = 0; step < outer; step++)
                sample.Slice(step * inner, inner).CopyTo(target[((step * rows + row) * inner)..]);
        }
        return ValueOf(rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        value?.Dispose();
        samples.Dispose();
    }

    private OrtValue ValueOf(int rows)
    {
        if (value is not null && valueRows == rows)
            return value;
        value?.Dispose();
        var shape = probe.SampleShape.Select(size => (long)size).ToList();
        if (input.BatchAxis >= 0)
            shape.Insert(input.BatchAxis, rows);
        valueRows = rows;
        return value = OrtValue.CreateTensorValueWithData(buffer.Memory, (TensorElementType)input.ElementType,
            [.. shape], buffer.Address, (long)sampleBytes * rows);
    }
}
